import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import autocannon from 'autocannon';
import pg from 'pg';
import { startEmbeddedPostgres } from '../packages/tenant/src/postgres/embedded.ts';

/**
 * Durable updates a second: the tenant's API beside pgbench's prepared one-row update, on the same PostgreSQL, in turn.
 * Both have 32 connections and 10,000 rows. What counts is the ratio; a noisy machine slows both.
 */
const CONNECTIONS = 32;
const USERS = 10_000;
const ROUNDS = 3;
const SECONDS = 6;
/** What the project promises. */
const LEAST_RATIO = 0.25;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

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

interface Connection {
  host: string;
  user: string;
  database: string;
}

/** Starts the tenant in a process of its own, as it runs in production. */
async function startTenantProcess({ host, user, database }: Connection) {
  const main = path.resolve(import.meta.dirname, '../packages/tenant/dist/main.js');
  const child = spawn(process.execPath, [main, '--port', '0'], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: `postgres:///${database}?host=${encodeURIComponent(host)}&user=${user}`,
      TESSERA_CLIENT_ID: 'bench',
      TESSERA_CLIENT_SECRET: 'bench-secret',
      TESSERA_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    const [, url] = /serves at (\S+)/.exec(output) ?? [];
    if (url) return { url: url.replace('localhost', '127.0.0.1'), child };
  }
  throw new Error('The tenant did not start');
}

async function getToken(url: string): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'bench',
    client_secret: 'bench-secret',
  });
  const answer = await fetch(`${url}/oidc/token`, { method: 'POST', body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

async function createUsers(url: string, token: string): Promise<string[]> {
  const ids: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < USERS) {
      const body = JSON.stringify({
        email: `user${(next += 1)}@example.com`,
        name: { first_name: 'Ada', last_name: 'Lovelace' },
      });
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const answer = await fetch(`${url}/cis/v1/users`, { method: 'POST', headers, body });
      ids.push(((await answer.json()) as { result: { user_id: string } }).result.user_id);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return ids;
}

async function updateThroughApi(url: string, token: string, ids: string[]): Promise<number> {
  let n = 0;
  const { requests, duration, non2xx, errors } = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: SECONDS,
    requests: [
      {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        setupRequest: (request) => ({
          ...request,
          path: `/cis/v1/users/${ids[Math.floor(Math.random() * ids.length)]}`,
          body: JSON.stringify({ custom_data: { n: (n += 1) } }),
        }),
      },
    ],
  });
  if (non2xx + errors > 0) throw new Error(`${non2xx} updates were refused, ${errors} failed`);
  return requests.total / duration;
}

async function updateWithPgbench(
  pgbench: string,
  script: string,
  { host, user, database }: Connection,
): Promise<number> {
  const args = [
    '-h',
    host,
    '-U',
    user,
    '-n',
    '-M',
    'prepared',
    '-c',
    String(CONNECTIONS),
    '-j',
    '2',
    '-T',
    String(SECONDS),
  ];
  const { stdout } = await promisify(execFile)(pgbench, [...args, '-f', script, database]);
  return Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

const pgbench = findPgbench();
const directory = await mkdtemp(path.join(tmpdir(), 'tessera-bench-'));
const postgres = await startEmbeddedPostgres(directory);
try {
  const client = new pg.Client(postgres.connection);
  await client.connect();
  await client.query('create table bench (id int primary key, n int not null) with (fillfactor = 80)');
  await client.query('insert into bench select id, 0 from generate_series(1, $1::int) id', [USERS]);
  await client.end();
  const script = path.join(directory, 'update.sql');
  await writeFile(script, `\\set id random(1, ${USERS})\nupdate bench set n = n + 1 where id = :id;\n`);

  const { url, child } = await startTenantProcess(postgres.connection);
  const token = await getToken(url);
  say(`Creating ${USERS} users …`);
  const ids = await createUsers(url, token);
  const rounds: { tenant: number; pgbench: number }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const tenant = await updateThroughApi(url, token, ids);
    const reference = await updateWithPgbench(pgbench, script, postgres.connection);
    rounds.push({ tenant, pgbench: reference });
    say(
      `round ${round}: tenant ${tenant.toFixed(0)}/s, pgbench ${reference.toFixed(0)}/s, ratio ${(tenant / reference).toFixed(2)}`,
    );
  }
  child.kill('SIGTERM');
  await once(child, 'exit');
  const ratio = median(rounds.map((round) => round.tenant / round.pgbench));
  process.stdout.write(
    `durable updates a second, ${CONNECTIONS} connections, ${USERS} users, medians of ${ROUNDS} rounds\n` +
      `  tenant   ${median(rounds.map((round) => round.tenant)).toFixed(0)}\n` +
      `  pgbench  ${median(rounds.map((round) => round.pgbench)).toFixed(0)}\n` +
      `  ratio    ${ratio.toFixed(2)} (at least ${LEAST_RATIO} is promised)\n`,
  );
  if (ratio < LEAST_RATIO) process.exitCode = 1;
} finally {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
