import { setTimeout as delay } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { ensureAccess, type MadeCredentials } from './access/firstStart.ts';
import { findFirstTenant } from './applications/store.ts';
import type { Database } from './database/database.ts';
import type { ClientCredentials } from './applications/clientCredentials.ts';
import { openStorage, type StorageLocation } from './database/storage.ts';
import { StartError } from './startError.ts';
import packageJson from '../package.json' with { type: 'json' };

export interface TenantOptions {
  /** 0 picks a free port. */
  port: number;
  /** The address to listen on, such as `127.0.0.1` or `::`. */
  host: string;
  storage: StorageLocation;
  /** The most database connections at once. */
  connections: number;
  /** How long the history of users is kept, in days; 365 unless told. */
  historyDays?: number;
  /** Where clients reach this tenant; `http://localhost:PORT` unless told. */
  publicUrl?: string;
  /** Client credentials that an application must have. */
  credentials?: ClientCredentials;
  /** Told once, at the first start of all, of the credentials that were made up: only their hash is kept. */
  onNewCredentials?: (made: MadeCredentials[]) => void;
  log: Logger;
}

/** A tenant that serves. */
export interface Tenant {
  /** Where it answers, without a slash at the end. */
  url: string;
  /** Resolves when the embedded PostgreSQL has ended, asked or not; never for a DATABASE_URL. */
  databaseEnded: Promise<unknown>;
  /** Takes no more requests, finishes those in flight, and stops what was started. */
  close(): Promise<void>;
}

/** Loads the server and every subject. All kinds of error are defined then. */
export async function loadSubjects() {
  const subjects = await Promise.all([
    import('./http/server.ts'),
    import('./applications/clientStates.ts'),
    import('./applications/routes.ts'),
    import('./access/keyring.ts'),
    import('./access/tokens.ts'),
    import('./access/routes.ts'),
    import('./access/keyRoutes.ts'),
    import('./users/routes/routes.ts'),
    import('./groups/routes.ts'),
    import('./users/store/history.ts'),
  ]);
  const [server, states, applications, keyring, tokens, access, keys, users, groups, history] = subjects;
  return {
    ...server,
    ...states,
    ...applications,
    ...keyring,
    ...tokens,
    ...access,
    ...keys,
    ...users,
    ...groups,
    ...history,
  };
}

/** How long requests in flight may take to finish when the tenant stops. */
const GRACE_MS = 3500;

/**
 * Starts a tenant: its database, its schema, its HTTP server.
 * @throws StartError when it cannot start, in words for the operator
 */
export async function startTenant(options: TenantOptions): Promise<Tenant> {
  const { log } = options;
  const stops: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const opening = openStorage(options.storage, options.connections, log);
    // PostgreSQL starts while this loads, which takes as long.
    const loading = loadSubjects();
    const { database, ended, close: closeStorage } = await opening;
    stops.push(closeStorage);
    const {
      makeServer,
      makeClientStates,
      makeKeyring,
      makeTokens,
      keyRoutes,
      signingKeyRoutes,
      tokenRoutes,
      applicationRoutes,
      usersRoutes,
      groupRoutes,
      purgeHistory,
    } = await loading;
    const made = await ensureAccess(database, options.credentials);
    // At once: should the start fail later on, nobody could ever learn them.
    if (made.length > 0) options.onNewCredentials?.(made);
    const firstTenantId = (await findFirstTenant(database))!;

    // The port is known before the routes are made, because the discovery document and the tokens name it.
    const port = options.port || (await freePort(options.host));
    const publicUrl = (options.publicUrl ?? `http://localhost:${port}`).replace(/\/+$/, '');
    const states = makeClientStates(database);
    const keyring = makeKeyring(database);
    const tokens = makeTokens(publicUrl, firstTenantId, keyring, states);
    const server = await makeServer({
      database,
      log,
      publicUrl,
      version: packageJson.version,
      verify: (token) => tokens.verify(token),
      routes: [
        (app) => tokenRoutes(app, database, tokens, {}),
        (app) => keyRoutes(app, keyring, tokens, publicUrl, firstTenantId),
        (app) => signingKeyRoutes(app, database, keyring),
        (app) => applicationRoutes(app, database, states),
        ...usersRoutes(database),
        (app) => groupRoutes(app, database),
      ],
    });
    stops.push(async () => {
      const closed = server.close();
      // A kept-alive connection that was busy a moment ago is idle now, and nobody else closes it.
      const sweep = setInterval(() => server.server.closeIdleConnections(), 50);
      void closed.finally(() => clearInterval(sweep));
      const finished = await Promise.race([closed.then(() => true), delay(GRACE_MS, false, { ref: false })]);
      if (!finished) server.server.closeAllConnections();
      await closed;
    });
    await server.listen({ port, host: options.host }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') throw new StartError(`Port ${port} is in use by another program.`);
      throw new StartError(`The tenant cannot listen on ${options.host}:${port}: ${error.message}`);
    });
    stops.push(purgeByAge(database, options.historyDays ?? 365, purgeHistory, log));
    log.info({ port }, 'ready');
    return {
      url: publicUrl,
      databaseEnded: ended,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const DAY_MS = 24 * 60 * 60 * 1000;
const PURGE_EVERY_MS = 60 * 60 * 1000;
/** A tenant that is started for an hour at a time takes old history away as well. */
const FIRST_PURGE_MS = 60 * 1000;

/** Takes away old history a minute after the start, and every hour. @returns what ends that */
function purgeByAge(
  database: Database,
  days: number,
  purge: (database: Database, before: number) => Promise<void>,
  log: Logger,
): () => Promise<void> {
  const run = (): void =>
    void purge(database, Date.now() - days * DAY_MS).catch((error: Error) =>
      log.warn({ err: { type: error.name } }, 'old history was not taken away; it is tried again in an hour'),
    );
  const first = setTimeout(run, FIRST_PURGE_MS).unref();
  const timer = setInterval(run, PURGE_EVERY_MS).unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
    return Promise.resolve();
  };
}

async function freePort(host: string): Promise<number> {
  const { createServer } = await import('node:net');
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.on('error', (error) => reject(new StartError(`The tenant cannot listen on ${host}: ${error.message}`)));
    probe.listen(0, host, resolve);
  });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
