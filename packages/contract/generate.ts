import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';

/**
 * Copies what the node shares with the server into the node's sources: n8n installs community nodes without dependencies.
 * With `--check`, fails when a copy is not up to date, and writes nothing.
 */
const SHARED = ['json/exactNumber', 'json/readJson', 'schema/normalized'];
const SOURCES = path.join(import.meta.dirname, 'src');
const TARGET = path.join(import.meta.dirname, '../n8n-nodes-mosaic/nodes/Transmit/generated');

const stale: string[] = [];
for (const name of SHARED) {
  const source = await readFile(path.join(SOURCES, `${name}.ts`), 'utf8');
  const header = `// Generated from packages/contract/src/${name}.ts by "npm run generate". Edit it there.\n\n`;
  // The node is compiled to CommonJS, whose imports have no extension.
  const text = header + source.replaceAll(/from '(\.[^']*)\.ts'/g, "from '$1'");
  const target = path.join(TARGET, `${path.basename(name)}.ts`);
  const formatted = await format(text, { ...(await resolveConfig(target)), parser: 'typescript' });
  if ((await readFile(target, 'utf8').catch(() => '')) === formatted) continue;
  if (process.argv.includes('--check')) stale.push(path.relative(process.cwd(), target));
  else await writeFile(target, formatted);
}
if (stale.length > 0) {
  process.stderr.write(`Not up to date: ${stale.join(', ')}. Run "npm run generate".\n`);
  process.exitCode = 1;
}
