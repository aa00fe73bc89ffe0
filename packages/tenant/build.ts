import { chmod, cp, glob, rm } from 'node:fs/promises';
import path from 'node:path';
import { rolldown, type Plugin } from 'rolldown';

/**
 * Makes the JavaScript that is published and run: the tenant and the contract in a few files, so that a start loads neither
 * hundreds of files nor a compiler. Libraries stay where npm puts them.
 */
const SOURCES = path.join(import.meta.dirname, 'src');
const TARGET = path.join(import.meta.dirname, 'dist');

/** A module that looks for files beside itself finds them beside the file that it has become a part of. */
const filesBeside: Plugin = {
  name: 'files-beside',
  transform(code, id) {
    const place = path.relative(SOURCES, path.dirname(id));
    if (place.startsWith('..') || !code.includes('import.meta.')) return null;
    return code
      .replaceAll('import.meta.dirname', `(import.meta.dirname + ${JSON.stringify(`/${place}`)})`)
      .replaceAll('import.meta.url', `new URL(${JSON.stringify(`./${place}/x.js`)}, import.meta.url).href`);
  },
};

await rm(TARGET, { recursive: true, force: true });
const bundle = await rolldown({
  input: {
    main: path.join(SOURCES, 'main.ts'),
    index: path.join(SOURCES, 'index.ts'),
    'hashing/worker': path.join(SOURCES, 'hashing/worker.ts'),
  },
  platform: 'node',
  external: (id) => !/^(?:[./]|@tessera\/contract)/.test(id),
  resolve: { conditionNames: ['source'] },
  plugins: [filesBeside],
});
await bundle.write({ dir: TARGET, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
await bundle.close();
await chmod(path.join(TARGET, 'main.js'), 0o755);
for await (const file of glob('**/*.{sql,sh}', { cwd: SOURCES })) {
  await cp(path.join(SOURCES, file), path.join(TARGET, file));
}
