import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { load, type Bench } from '../harness.ts';
import { end, LOAD, PEERS, USERS, versionOf, type Peer } from './peer.ts';

const DIRECTORY = path.join(PEERS, 'directus');
const MODULES = path.join(DIRECTORY, 'node_modules');
/** The Node that comes with it: its addon is built for that one, which brings the headers. */
const NODE = path.join(MODULES, `node/node_modules/node-${process.platform}-${process.arch}`);
const TOKEN = 'a-token-of-the-bench-0123456789';
const PORT = '7097';

/** Directus on the same PostgreSQL, in a database of its own, with an administrator's static token. */
export async function directus(bench: Bench): Promise<Peer> {
  install();
  const { host, user } = bench.postgres;
  const ours = new pg.Client(bench.postgres);
  await ours.connect();
  await ours.query('create database directus');
  await ours.end();
  const env = {
    PATH: `${path.join(NODE, 'bin')}${path.delimiter}${process.env.PATH}`,
    NODE_ENV: 'production',
    DB_CLIENT: 'pg',
    DB_HOST: host,
    DB_PORT: '5432',
    DB_USER: user,
    DB_DATABASE: 'directus',
    DB_PASSWORD: '',
    SECRET: 'a secret of the bench that nobody needs to know',
    ADMIN_EMAIL: 'root@example.com',
    ADMIN_PASSWORD: 'the analytical engine',
    ADMIN_TOKEN: TOKEN,
    HOST: '127.0.0.1',
    PORT,
    TELEMETRY: 'false',
    LOG_LEVEL: 'error',
    // It would refuse what comes in while it is busy.
    PRESSURE_LIMITER_ENABLED: 'false',
  };
  const cli = path.join(MODULES, 'directus/cli.js');
  await promisify(execFile)('node', [cli, 'bootstrap'], { cwd: bench.directory, env });
  const ids = await insertUsers(bench);
  const child = spawn('node', [cli, 'start'], { cwd: bench.directory, env, stdio: 'ignore' });
  const url = `http://127.0.0.1:${PORT}`;
  while (!(await fetch(`${url}/server/ping`).catch(() => undefined))?.ok) await delay(200);
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const request =
    'return wrk.format("PATCH", "/users/" .. id .. "?fields=*", nil, string.format([[{"first_name":"n%.0f"}]], n))';
  return {
    name: `Directus ${await versionOf('directus', DIRECTORY)}, PATCH a user`,
    measure: async () => (await load({ ...bench, url, headers }, request, { ...LOAD, ids })).rate,
    stop: () => end(child),
  };
}

function install(): void {
  if (existsSync(MODULES)) return;
  const npm = (...args: string[]): void =>
    void execFileSync('npm', args, {
      cwd: DIRECTORY,
      stdio: 'inherit',
      env: {
        ...process.env,
        PATH: `${path.join(NODE, 'bin')}${path.delimiter}${process.env.PATH}`,
        npm_config_nodedir: NODE,
      },
    });
  npm('ci', '--ignore-scripts', '--silent');
  npm('rebuild', 'node', '--silent');
  npm('rebuild', 'isolated-vm', '--silent');
}

/** @returns the IDs of users who were stored as Directus would */
async function insertUsers({ postgres }: Bench): Promise<string[]> {
  const client = new pg.Client({ ...postgres, database: 'directus' });
  await client.connect();
  const { rows } = await client.query<{ id: string }>(
    `insert into directus_users (id, first_name, last_name, email, status, provider)
      select gen_random_uuid(), 'Ada', 'Lovelace', 'user' || n || '@example.com', 'active', 'default'
      from generate_series(1, $1::int) n returning id`,
    [USERS],
  );
  await client.query('vacuum analyze directus_users');
  await client.end();
  return rows.map(({ id }) => id);
}
