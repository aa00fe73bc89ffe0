import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../packages/tenant/src/postgres/embedded.ts';

/** What every question of `bench/` is asked with: a tenant on a PostgreSQL, load, and the CPU time that each process takes. */

/** The tenant as npm runs it, with the settings of its first line: which wants the Node that runs this one. */
export const MAIN = path.resolve(import.meta.dirname, '../packages/tenant/dist/main.js');
export const PATH_WITH_NODE = `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`;
/** Of the application that the tenant of a bench starts with. */
export const CREDENTIALS = { clientId: 'bench', clientSecret: 'bench-secret-0123456789' };

export const say = (line: string): void => void process.stderr.write(`${line}\n`);

export const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** A tenant in a process of its own, as it runs in production, and its PostgreSQL. */
export interface Bench {
  url: string;
  headers: Record<string, string>;
  /** The access token that they carry. */
  token: string;
  postgres: EmbeddedPostgres['connection'];
  /** A directory that goes with the bench. */
  directory: string;
  /** CPU time so far, in microseconds. */
  cpu(): { tenant: number; postgres: number };
  /** Memory that the tenant holds now, in MB; that of PostgreSQL is `memoryOf(postmaster)`. */
  memory(): number;
  /** The process ID of PostgreSQL's first process. */
  postmaster: number;
  stop(): Promise<void>;
}

/** Starts both. @param env settings of the tenant */
export async function startBench(env: NodeJS.ProcessEnv = {}): Promise<Bench> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-bench-'));
  const data = path.join(directory, 'data');
  const postgres = await startEmbeddedPostgres(data);
  const { host, user, database } = postgres.connection;
  const child = spawn(MAIN, ['--port', '0'], {
    env: {
      PATH: PATH_WITH_NODE,
      HOME: process.env.HOME,
      DATABASE_URL: `postgres:///${database}?host=${encodeURIComponent(host)}&user=${user}`,
      TESSERA_CLIENT_ID: CREDENTIALS.clientId,
      TESSERA_CLIENT_SECRET: CREDENTIALS.clientSecret,
      TESSERA_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = (await untilItServes(child)).replace('localhost', '127.0.0.1');
  const postmaster = postmasterOf(data);
  const token = await getToken(url);
  return {
    url,
    token,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    postgres: postgres.connection,
    directory,
    cpu: () => ({
      tenant: cpuOf(child.pid!),
      postgres: [postmaster, ...childrenOf(postmaster)].reduce((sum, pid) => sum + cpuOf(pid), 0),
    }),
    memory: () => memoryOf(child.pid!),
    postmaster,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function untilItServes(child: ChildProcess): Promise<string> {
  let output = '';
  for await (const chunk of child.stdout!) {
    output += String(chunk);
    const [, url] = /serves at (\S+)/.exec(output) ?? [];
    if (url) return url;
  }
  throw new Error('The tenant did not start');
}

async function getToken(url: string): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: CREDENTIALS.clientId,
    client_secret: CREDENTIALS.clientSecret,
  });
  const answer = await fetch(`${url}/oidc/token`, { method: 'POST', body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** Microseconds, from clock ticks: 100 a second on every Linux (proc_pid_stat(5)). */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    // With that of children who have ended.
    return [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0) * 10_000;
  } catch {
    return 0;
  }
}

/** Memory of a process and its children, in MB; what they share counts once (`Pss` of proc_pid_smaps(5)). */
export const memoryOf = (pid: number): number =>
  [pid, ...childrenOf(pid)].reduce((sum, one) => {
    const [, kilobytes] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))!;
    return sum + Number(kilobytes) / 1024;
  }, 0);

/** The process ID of the PostgreSQL that runs on a data directory. */
export const postmasterOf = (data: string): number =>
  Number(readFileSync(path.join(data, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

const ada = (n: number): object => ({
  email: `user${n}@example.com`,
  username: `user-${n}`,
  name: { first_name: 'Ada', last_name: 'Lovelace' },
});

/**
 * Creates users: `user1@example.com`, …, each with a username and a name, unless told otherwise.
 * @param profileOf what the nth is created with, from 1 on
 * @returns their IDs
 */
export async function createUsers({ url, headers }: Bench, count: number, profileOf = ada): Promise<string[]> {
  const ids: string[] = [];
  for (let start = 1; start <= count; start += 500) {
    const users = Array.from({ length: Math.min(500, count - start + 1) }, (_, index) => profileOf(start + index));
    const answer = await fetch(`${url}/cis/v1/users/bulk`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ users }),
    });
    const { result } = (await answer.json()) as { result: { items: { user: { user_id: string } }[] } };
    ids.push(...result.items.map(({ user }) => user.user_id));
  }
  return ids;
}

/** What a load has shown. Times are milliseconds. */
export interface Load {
  rate: number;
  p50: number;
  p99: number;
}

/**
 * Loads a server with wrk, which takes less of the machine than any load generator in JavaScript.
 * @param request the body of Lua's `function request()`: `n` counts and is unique, `id` is any of `ids`
 * @throws when an answer was no success
 */
export async function load(
  bench: Bench,
  request: string,
  { connections, seconds, ids }: { connections: number; seconds: number; ids: string[] },
): Promise<Load> {
  const [script, list] = ['load.lua', 'ids.txt'].map((name) => path.join(bench.directory, name)) as [string, string];
  await writeFile(list, ids.join('\n'));
  const headers = Object.entries(bench.headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = "${value}"`,
  );
  await writeFile(
    script,
    `${headers.join('\n')}
    local ids = {}
    for line in io.lines(${JSON.stringify(list)}) do ids[#ids + 1] = line end
    math.randomseed(os.time())
    local n = math.random(1000000000) * 1000
    function request()
      n = n + 1
      local id = ids[math.random(#ids)]
      ${request}
    end
    function done(summary)
      io.write("REFUSED " .. summary.errors.status + summary.errors.read + summary.errors.timeout .. "\\n")
    end`,
  );
  const args = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency', '-s', script, bench.url];
  const { stdout } = await promisify(execFile)('wrk', args).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Error('wrk is not here. On Debian: apt-get install wrk');
    throw error;
  });
  const refused = Number(/REFUSED (\d+)/.exec(stdout)![1]);
  if (refused > 0) throw new Error(`${refused} requests failed:\n${stdout}`);
  const milliseconds = (percentile: number): number => {
    const [, value, unit] = new RegExp(`${percentile}%\\s+([\\d.]+)(us|ms|s)`).exec(stdout)!;
    return Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit as 'us' | 'ms' | 's'];
  };
  return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)![1]), p50: milliseconds(50), p99: milliseconds(99) };
}

/** Runs pgbench's prepared statements. @returns transactions a second */
export async function pgbench(
  { postgres: { host, user, database }, directory }: Bench,
  statements: string,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<number> {
  const script = path.join(directory, 'pgbench.sql');
  await writeFile(script, statements);
  const { stdout } = await promisify(execFile)(findPgbench(), [
    ...['-h', host, '-U', user, '-n', '-M', 'prepared', '-j', '1'],
    ...['-c', String(connections), '-T', String(seconds), '-f', script, database],
  ]);
  return Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
}

function findPgbench(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const places = [
    ...versions.map((version) => path.join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(':'),
  ];
  const found = places.map((place) => path.join(place, 'pgbench')).find((file) => existsSync(file));
  if (found) return found;
  throw new Error('pgbench is not here. On Debian: apt-get install postgresql-contrib');
}
