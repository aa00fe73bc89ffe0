import { pino, type Logger } from 'pino';
import { readJson, type ApiUser, type CreateUserInput } from '@tessera/contract';
import { startTenant, type TenantOptions } from '../src/index.ts';
import { freshDatabase } from './freshDatabase.ts';
import { expectNoSecret, noteSecrets } from './secrets.ts';
import { expectDistributable } from './statements.ts';

export const CREDENTIALS = { clientId: 'test-client', clientSecret: 'test-secret-0123456789' };

/** What came back. The body is whatever JSON it was: tests say what they expect of it. */
export interface Answer<Body = any> {
  status: number;
  headers: Headers;
  body: Body;
}

/** A client of one application. */
export interface Client {
  /** Its access token. */
  token: string;
  /** Sends a request with a valid token. `body` goes as JSON; a string goes as it is. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  create(input: CreateUserInput): Promise<ApiUser>;
  update(userId: string, update: unknown): Promise<Answer>;
  get(userId: string): Promise<ApiUser>;
}

export interface TestTenant extends Client {
  /** What it calls itself; where it is on this machine. */
  url: string;
  address: string;
  close(): Promise<void>;
}

/** With `TESSERA_TEST_INSTANCES=2` every test tenant is two instances on one database, and requests go to them in turn. */
const INSTANCES = Number(process.env.TESSERA_TEST_INSTANCES ?? 1);

/**
 * Starts a tenant of this test's own, on a fresh database unless told otherwise, and a free port.
 * When it is closed, what it has logged is searched for every secret of the run, and what it has asked of PostgreSQL for what
 * Citus refuses.
 */
export async function startTestTenant(
  {
    authenticateAs = CREDENTIALS,
    instances: count = INSTANCES,
    ...options
  }: Partial<TenantOptions> & { authenticateAs?: typeof CREDENTIALS; instances?: number } = {},
  log?: Logger,
): Promise<TestTenant> {
  const database = options.storage ? undefined : await freshDatabase();
  const lines: string[] = [];
  const all: TenantOptions = {
    port: 0,
    host: '127.0.0.1',
    storage: { databaseUrl: database?.url ?? '' },
    connections: 16,
    credentials: CREDENTIALS,
    // Gateways and identity providers of tests are on this machine.
    privateAddresses: ['127.0.0.1', '::1'],
    log: log ?? pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    ...options,
  };
  const first = await startTenant(all);
  const instances = [first];
  while (instances.length < count) {
    instances.push(await startTenant({ publicUrl: first.url, ...all, port: 0, onNewCredentials: undefined }));
  }
  return {
    url: first.url,
    address: first.address,
    ...(await makeClient(
      instances.map(({ address }) => address),
      authenticateAs,
    )),
    async close() {
      for (const instance of instances) await instance.close();
      await database?.drop();
      expectNoSecret(lines.join(''));
      expectDistributable();
    },
  };
}

export async function getToken(url: string, { clientId, clientSecret } = CREDENTIALS): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  });
  const answer = await fetch(`${url}/oidc/token`, { method: 'POST', body });
  const { access_token } = (await answer.json()) as { access_token: string };
  return access_token;
}

/** @param url where the tenant is; requests go to several in turn */
export async function makeClient(url: string | string[], credentials = CREDENTIALS): Promise<Client> {
  const urls = [url].flat();
  const token = await getToken(urls[0]!, credentials);
  noteSecrets({ access_token: token, client_secret: credentials.clientSecret });
  let turn = 0;
  const send: Client['send'] = async (method, path, body, headers = {}) => {
    noteSecrets(body);
    const answer = await fetch(urls[(turn += 1) % urls.length]! + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
      redirect: 'manual',
    });
    const text = await answer.text();
    const answered = text ? readJson(text) : undefined;
    noteSecrets(answered);
    return { status: answer.status, headers: answer.headers, body: answered };
  };
  return {
    token,
    send,
    async create(input) {
      const { status, body } = await send('POST', '/cis/v1/users', input);
      if (status !== 201) throw new Error(`create: ${status} ${JSON.stringify(body)}`);
      return body.result as ApiUser;
    },
    update: (userId, update) => send('PUT', `/cis/v1/users/${userId}`, update),
    async get(userId) {
      const { status, body } = await send('GET', `/cis/v1/users/${userId}`);
      if (status !== 200) throw new Error(`get: ${status} ${JSON.stringify(body)}`);
      return body.result as ApiUser;
    },
  };
}

let serial = 0;
/** An email that no other test of this run uses. */
export const freshEmail = (): string => `user${(serial += 1)}-${process.pid}@example.com`;
let phones = 0;
/** A phone number that no other test of this run uses, in E.164. */
export const freshPhone = (): string => `+1212${2_000_000 + (phones += 1)}`;
