import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { withProgress } from './progress.ts';
import { runCommand, type CommandOptions } from './runCommand.ts';

export const PLAYGROUND = path.resolve(import.meta.dirname, '..');
const MODULES = path.join(PLAYGROUND, 'node_modules');
const LOCK = path.join(PLAYGROUND, 'package-lock.json');
/** Written last: an install that was cut short is done again. */
const STAMP = path.join(MODULES, '.tessera-installed');

/** n8n's command line, in the playground. */
export const N8N = path.join(MODULES, 'n8n/bin/n8n');

/** Installs n8n into the playground the first time, and whenever its lockfile changes. */
export async function installN8n(signal?: AbortSignal): Promise<void> {
  const wanted = createHash('sha256').update(readFileSync(LOCK)).update(process.version).digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  await rm(STAMP, { force: true });
  const options = { cwd: PLAYGROUND, env: buildEnvironment(), signal };
  // Of each package, npm fetches what is known of it, and later its files.
  const total = 2 * lockedPackages();
  let fetched = 0;
  const onErrorLine = (line: string): void => void (fetched += Number(/^npm http (fetch GET 200|cache) /.test(line)));
  await withProgress(
    'Installing n8n into playground/ (once; about 3 GB and 4 minutes)',
    () => fetched / total,
    // One of n8n's native addons, for Kafka, cannot be built everywhere, and nothing here needs it.
    () => npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=http'], { ...options, onErrorLine }),
  );
  await withProgress(
    "Building n8n's database driver (once; about a minute)",
    () => undefined,
    () => npm(['rebuild', 'sqlite3'], options),
  );
  await writeFile(STAMP, wanted);
}

function npm(args: string[], options: CommandOptions): Promise<string> {
  const { npm_execpath: cli } = process.env;
  return cli ? runCommand(process.execPath, [cli, ...args], options) : runCommand('npm', args, options);
}

/** Addons are built for the Node that runs n8n, which brings its own headers, and not for another on this machine. */
function buildEnvironment(): NodeJS.ProcessEnv {
  const nodeDirectory = path.resolve(process.execPath, '../..');
  const headers = [
    nodeDirectory,
    path.join(nodeDirectory, `node/node_modules/node-${process.platform}-${process.arch}`),
    path.join(nodeDirectory, `node_modules/node-${process.platform}-${process.arch}`),
  ].find((directory) => existsSync(path.join(directory, 'include/node/node.h')));
  return {
    ...process.env,
    PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
    ...(headers && { npm_config_nodedir: headers }),
  };
}

/** How many packages the lockfile names, each version once. */
function lockedPackages(): number {
  const { packages } = JSON.parse(readFileSync(LOCK, 'utf8')) as { packages: Record<string, { version?: string }> };
  const names = Object.entries(packages).map(
    ([place, { version }]) => `${place.split('node_modules/').at(-1)}@${version}`,
  );
  return new Set(names).size;
}
