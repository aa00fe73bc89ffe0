import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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
  const total = topLevelPackages();
  await withProgress(
    'Installing n8n into playground/ (once; about 3 GB and 4 minutes)',
    () => installedPackages() / total,
    // One of n8n's native addons, for Kafka, cannot be built everywhere, and nothing here needs it.
    () => npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], options),
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

function topLevelPackages(): number {
  const { packages } = JSON.parse(readFileSync(LOCK, 'utf8')) as { packages: Record<string, unknown> };
  return Object.keys(packages).filter((name) => name.split('node_modules/').length === 2).length;
}

function installedPackages(): number {
  if (!existsSync(MODULES)) return 0;
  return readdirSync(MODULES)
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(path.join(MODULES, name)).map((part) => path.join(name, part)) : [name],
    )
    .filter((name) => existsSync(path.join(MODULES, name, 'package.json'))).length;
}
