import { setTimeout as delay } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { ensureAccess, type MadeCredentials } from './access/firstStart.ts';
import { findFirstTenant } from './applications/store.ts';
import type { Database } from './database/database.ts';
import type { ClientCredentials } from './applications/clientCredentials.ts';
import type { StorageLocation } from './database/server.ts';
import { openStorage } from './database/storage.ts';
import type { DeliveryOptions } from './delivery/sender.ts';
import type { Limits } from './limits/limits.ts';
import type { PasswordLifetimes } from './users/passwords.ts';
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
  /** How messages go out; those for which nothing is set go to the log. */
  delivery?: DeliveryOptions;
  /** How much is let through, where it is not what is usual. */
  limits?: Partial<Limits>;
  passwordLifetimes?: PasswordLifetimes;
  /** Where clients reach this tenant; `http://localhost:PORT` unless told. */
  publicUrl?: string;
  /** Proxies in front, whose `X-Forwarded-For` names the source of a request: addresses or networks; none unless told. */
  trustedProxies?: string[];
  /** Networks that outgoing requests may reach though they are not public; none unless told. */
  privateAddresses?: string[];
  /** Client credentials that an application must have. */
  credentials?: ClientCredentials;
  /** Told once, at the first start of all, of the credentials that were made up: only their hash is kept. */
  onNewCredentials?: (made: MadeCredentials[]) => void;
  log: Logger;
}

/** A tenant that serves. */
export interface Tenant {
  /** Where clients reach it, without a slash at the end. */
  url: string;
  /** Where it listens on this machine. */
  address: string;
  /** Resolves when the embedded PostgreSQL has ended, asked or not; never for a DATABASE_URL. */
  databaseEnded: Promise<unknown>;
  /** Takes no more requests, finishes those in flight, and stops what was started. */
  close(): Promise<void>;
}

/** Loads the server and every subject. All kinds of error are defined then. */
export async function loadSubjects() {
  // All at once: what waits for another costs a start its time.
  const [[server, states, applications], [authentication, keyring, tokens, access, keys], users, signIns] =
    await Promise.all([
      Promise.all([
        import('./http/server.ts'),
        import('./applications/clientStates.ts'),
        import('./applications/routes.ts'),
      ]),
      Promise.all([
        import('./access/clientAuthentication.ts'),
        import('./access/keyring.ts'),
        import('./access/tokens.ts'),
        import('./access/routes.ts'),
        import('./access/keyRoutes.ts'),
      ]),
      Promise.all([
        import('./users/routes/routes.ts'),
        import('./users/passwords.ts'),
        import('./users/store/history.ts'),
        import('./groups/routes.ts'),
      ]),
      Promise.all([
        import('./delivery/sender.ts'),
        import('./outgoing/outgoing.ts'),
        import('./limits/limits.ts'),
        import('./signIn/routes/routes.ts'),
        import('./signIn/grants.ts'),
        import('./signIn/store/sessions.ts'),
      ]),
    ]);
  const [usersRoutes, passwords, history, groups] = users;
  const [delivery, outgoing, limits, signIn, grants, sessions] = signIns;
  return {
    ...{ ...server, ...states, ...applications, ...authentication, ...keyring, ...tokens, ...access, ...keys },
    ...{ ...usersRoutes, ...passwords, ...history, ...groups },
    ...{ ...delivery, ...outgoing, ...limits, ...signIn, ...grants, ...sessions },
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
    const subjects = await loading;
    const made = await ensureAccess(database, options.credentials);
    // At once: should the start fail later on, nobody could ever learn them.
    if (made.length > 0) options.onNewCredentials?.(made);
    const firstTenantId = (await findFirstTenant(database))!;

    // The port is known before the routes are made, because the discovery document and the tokens name it.
    const port = options.port || (await freePort(options.host));
    const publicUrl = (options.publicUrl ?? `http://localhost:${port}`).replace(/\/{1,9}$/, '');
    const passwords = subjects.makePasswords(options.passwordLifetimes);
    const states = subjects.makeClientStates(database);
    const keyring = subjects.makeKeyring(database);
    const tokens = subjects.makeTokens(publicUrl, firstTenantId, keyring, states);
    const authenticateClient = subjects.makeClientAuthentication(database);
    const outgoing = subjects.makeOutgoing(options.privateAddresses);
    stops.push(() => outgoing.close());
    const sender = subjects.makeSender(options.delivery ?? {}, outgoing, log);
    stops.push(() => sender.close());
    const limiter = subjects.makeLimiter(database, { ...subjects.DEFAULT_LIMITS, ...options.limits });
    const signIn = { database, tokens, passwords, limiter, sender, outgoing, publicUrl };
    const server = await subjects.makeServer({
      database,
      log,
      publicUrl,
      trustedProxies: options.trustedProxies ?? [],
      version: packageJson.version,
      verify: (token) => tokens.verify(token),
      verifyUser: (token) => tokens.verifyUser(token),
      // Whose tenant it is, nobody knows yet.
      countSource: (source) => limiter.take('source', '', source),
      routes: [
        (app) => subjects.tokenRoutes(app, authenticateClient, tokens, subjects.userGrants(signIn)),
        (app) => subjects.keyRoutes(app, keyring, tokens, publicUrl, firstTenantId),
        (app) => subjects.signingKeyRoutes(app, database, keyring),
        (app) => subjects.applicationRoutes(app, database, states),
        ...subjects.usersRoutes(database, passwords),
        (app) => subjects.groupRoutes(app, database),
        ...subjects.signInRoutes(signIn, authenticateClient),
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
    stops.push(purgeByAge(database, options.historyDays ?? 365, subjects, log));
    log.info({ port }, 'ready');
    return {
      url: publicUrl,
      address: `http://localhost:${port}`,
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

/** Takes away what is over a minute after the start, and every hour. @returns what ends that */
function purgeByAge(
  database: Database,
  historyDays: number,
  { purgeHistory, purgeSessions, purgeLimits }: Awaited<ReturnType<typeof loadSubjects>>,
  log: Logger,
): () => Promise<void> {
  const purge = async (): Promise<void> => {
    const now = Date.now();
    await purgeHistory(database, now - historyDays * DAY_MS);
    await purgeSessions(database, now);
    await purgeLimits(database, now);
  };
  const run = (): void =>
    void purge().catch((error: Error) =>
      log.warn({ err: { type: error.name } }, 'what is over was not taken away; it is tried again in an hour'),
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
