import { chmod, cp, glob, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { rolldown, type Plugin } from 'rolldown';

/**
 * Makes the JavaScript that is published and run: the tenant and the contract in a few files, so that a start loads neither
 * hundreds of files nor a compiler. The package's dependencies stay where npm puts them. Its devDependencies, whose hundreds of
 * files took half of a start, go in: what is used of them, with their licences beside it.
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

/** The licences of the libraries that are in the files, which want to be told with them. */
const licences: Plugin = {
  name: 'licences',
  async generateBundle(_options, files) {
    const modules = Object.values(files).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
    const libraries = new Set(modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []));
    let source = '';
    for (const library of [...libraries].sort()) {
      const { name, version } = JSON.parse(await readFile(path.join(library, 'package.json'), 'utf8')) as Library;
      for (const file of (await readdir(library)).filter((entry) => /^licen[cs]e/i.test(entry))) {
        source += `${name} ${version}\n\n${(await readFile(path.join(library, file), 'utf8')).trim()}\n\n\n`;
      }
    }
    this.emitFile({ type: 'asset', fileName: 'licences.txt', source });
  },
};

interface Library {
  name: string;
  version: string;
  dependencies: Record<string, string>;
}

const { dependencies } = JSON.parse(await readFile(path.join(import.meta.dirname, 'package.json'), 'utf8')) as Library;
await rm(TARGET, { recursive: true, force: true });
const bundle = await rolldown({
  input: {
    main: path.join(SOURCES, 'main.ts'),
    index: path.join(SOURCES, 'index.ts'),
    'hashing/worker': path.join(SOURCES, 'hashing/worker.ts'),
    'watchdog/thread': path.join(SOURCES, 'watchdog/thread.ts'),
  },
  platform: 'node',
  external: (id) => Object.keys(dependencies).some((name) => `${id}/`.startsWith(`${name}/`)),
  resolve: { conditionNames: ['source'] },
  plugins: [filesBeside, licences],
});
await bundle.write({ dir: TARGET, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
await bundle.close();
await chmod(path.join(TARGET, 'main.js'), 0o755);
for await (const file of glob('**/*.{sql,sh}', { cwd: SOURCES })) {
  await cp(path.join(SOURCES, file), path.join(TARGET, file));
}
