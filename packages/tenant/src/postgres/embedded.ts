import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { connect } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../startError.ts';
import { admitThisUser } from './authentication.ts';
import { findBinaries, type Binaries } from './binaries.ts';
import { makeCluster, SUPERUSER } from './cluster.ts';
import { openPlace, runIn, type Place } from './place.ts';
import { chooseStandIn } from './standIn.ts';

/**
 * A PostgreSQL server that belongs to this process. It is
 *
 * - STARTING: the watcher runs, and PostgreSQL under it. The line that it is ready makes it RUNNING; when it ends first
 *   because another server has the directory, a new one is started every 100 ms until TAKEOVER_MS is over, for a server
 *   whose tenant was killed winds down by itself; when it ends first for another reason, the start fails.
 * - RUNNING: it takes connections. Closing the watcher's input makes it STOPPING: `stop` does so, and so does the operating
 *   system when this process is gone, however it went. If PostgreSQL itself dies, it is ENDED.
 * - STOPPING: the watcher has sent SIGINT, PostgreSQL's fast shutdown: clients are dropped, everything committed is kept.
 * - ENDED: the watcher has exited and taken the socket's directory with it. There is no way back.
 */
export interface EmbeddedPostgres {
  /** How to connect: a Unix socket that only this user can reach. */
  connection: {
    host: string;
    port: number;
    user: string;
    database: string;
    password: string;
    ssl: false;
    options: string;
  };
  /** Resolves when the server has ended, asked or not. */
  ended: Promise<unknown>;
  /** Stops the server; everything committed is on disk. */
  stop(): Promise<void>;
}

/** Another process has the data directory. */
export class DirectoryInUse extends StartError {}

/** How long a server whose tenant was killed may take to wind down before a new one gives up on its data directory. */
const TAKEOVER_MS = 4000;

/** Names the socket's file; nothing listens on a network. */
const PORT = 5432;
/** PostgreSQL's own default, and what is left for migrations and people. */
const LEAST_CONNECTIONS = 100;
const SPARE_CONNECTIONS = 20;
/** The version of the PostgreSQL that comes with the tenant. */
const MAJOR_VERSION = '18';

const SETTINGS = {
  listen_addresses: '',
  fsync: 'on',
  // Plans that were made for empty tables are thrown away soon after they have filled.
  autovacuum_naptime: '10s',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  jit: 'off',
  lc_messages: 'C',
  // Server messages can quote rows: only what concerns the server itself comes out.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};

/**
 * Starts PostgreSQL on a data directory, making the cluster the first time.
 * @param directory the tenant's data directory; the cluster is in `postgres/` below it
 * @param connections the most that the tenant makes at once
 * @param name what the server calls itself (`cluster_name`)
 * @throws DirectoryInUse when another process has the directory; StartError when it is of another version, or PostgreSQL cannot
 * start
 */
export async function startEmbeddedPostgres(directory: string, connections = 16, name = ''): Promise<EmbeddedPostgres> {
  const cluster = path.join(path.resolve(directory), 'postgres');
  const standIn = await chooseStandIn(cluster);
  const binaries = await findBinaries(standIn);
  await mkdir(path.dirname(cluster), { recursive: true, mode: 0o700 }).catch((error: Error) => {
    throw new StartError(`The data directory ${directory} cannot be made: ${error.message}`);
  });
  await makeCluster(cluster, binaries, standIn);

  await wantThisVersion(cluster);
  const place = await openPlace(cluster, standIn);
  try {
    const deadline = Date.now() + TAKEOVER_MS;
    for (;;) {
      // Not before it is known that no other tenant runs on it: it reads them only when it starts.
      const started = await start(binaries, place, cluster, { connections, name });
      if ('server' in started) return started.server;
      if (!started.inUse) throw new StartError(`PostgreSQL did not start on ${cluster}:\n${started.output}`);
      if (Date.now() > deadline) {
        throw new DirectoryInUse(
          `The data directory ${directory} is in use by another tenant (PostgreSQL process ${await ownerOf(cluster)}). ` +
            'Stop that one first, or give this one another --data directory.',
        );
      }
      await delay(100);
    }
  } finally {
    await place.handle?.close();
  }
}

/**
 * Finds the server that another tenant runs on a data directory.
 * @returns how to connect; undefined when none runs there, as far as its lock tells
 */
export async function findRunning(directory: string): Promise<EmbeddedPostgres['connection'] | undefined> {
  const lock = path.join(path.resolve(directory), 'postgres', 'postmaster.pid');
  const [pid = '', , , , sockets = ''] = (await readFile(lock, 'utf8').catch(() => '')).split('\n');
  if (!/^\d+$/.test(pid) || !sockets.startsWith('/')) return undefined;
  const there = await stat(path.join(sockets, `.s.PGSQL.${PORT}`)).catch(() => undefined);
  // After a power loss, both are there and nobody behind them.
  return there?.isSocket() && (await answers(path.join(sockets, `.s.PGSQL.${PORT}`)))
    ? connectionTo(sockets)
    : undefined;
}

const answers = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const connection = connect(socket, () => {
      connection.destroy();
      resolve(true);
    });
    connection.on('error', () => resolve(false));
  });

/** All of it, so that PGPORT, PGSSLMODE and the like, which are for another server, mean nothing here. */
const connectionTo = (sockets: string): EmbeddedPostgres['connection'] => ({
  host: sockets,
  port: PORT,
  user: SUPERUSER,
  database: 'postgres',
  password: 'none',
  ssl: false,
  options: '-c jit=off',
});

type Started = { server: EmbeddedPostgres } | { inUse: boolean; output: string };

async function start(
  binaries: Binaries,
  place: Place,
  cluster: string,
  { connections, name }: { connections: number; name: string },
): Promise<Started> {
  await admitThisUser(cluster, place.standIn);
  // A socket's path may have 107 characters, so it is not put in the data directory.
  const sockets = await mkdtemp(path.join(place.standIn ? '/tmp' : tmpdir(), 'tessera-'));
  if (place.standIn) await chown(sockets, place.standIn.uid, place.standIn.gid);
  const settings = Object.entries({
    ...SETTINGS,
    unix_socket_directories: sockets,
    port: String(PORT),
    cluster_name: name,
    max_connections: String(Math.max(LEAST_CONNECTIONS, connections + SPARE_CONNECTIONS)),
  });
  const watcher = runIn(place, '/bin/sh', [
    '-c',
    await readFile(new URL('watcher.sh', import.meta.url), 'utf8'),
    'tessera-postgres',
    sockets,
    binaries.postgres,
    '-D',
    place.path,
    ...settings.flatMap(([setting, value]) => ['-c', `${setting}=${value}`]),
  ]);
  // Writing to a watcher that is gone is no fault: it has done what was asked.
  watcher.stdin!.on('error', () => {});
  const ended = once(watcher, 'exit');
  const ready = await readyOrOutput(watcher);
  if (ready !== true) {
    await ended;
    return { inUse: /lock file "postmaster\.pid" (already exists|is empty)/.test(ready), output: ready };
  }
  return {
    server: {
      connection: connectionTo(sockets),
      ended,
      async stop() {
        watcher.stdin!.end();
        await ended;
      },
    },
  };
}

/** Waits until the server takes connections; gives what it said instead when it ended first. */
function readyOrOutput(watcher: ChildProcess): Promise<true | string> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    const reader = createInterface(watcher.stderr!);
    reader.on('line', (line) => {
      if (line.includes('database system is ready to accept connections')) resolve(true);
      if (lines.length < 50) lines.push(line);
    });
    reader.on('close', () => resolve(lines.join('\n')));
    watcher.on('error', (error) => resolve(error.message));
  });
}

/** @throws StartError when another version of PostgreSQL made the cluster */
async function wantThisVersion(cluster: string): Promise<void> {
  const version = (await readFile(path.join(cluster, 'PG_VERSION'), 'utf8')).trim();
  if (version === MAJOR_VERSION) return;
  throw new StartError(
    `The data directory was made by PostgreSQL ${version}, and this tenant brings PostgreSQL ${MAJOR_VERSION}. ` +
      'Dump it with the release that made it, and restore the dump into a new directory: tenant dump FILE, tenant restore FILE.',
  );
}

async function ownerOf(cluster: string): Promise<string> {
  const lock = await readFile(path.join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  return lock.split('\n')[0]?.trim() || 'unknown';
}
