import { pino } from 'pino';
import { afterAll, beforeAll, expect } from 'vitest';
import type { TenantOptions } from '../src/index.ts';
import { startDeliveries, type Deliveries } from './deliveries.ts';
import { freshDatabase, type FreshDatabase } from './freshDatabase.ts';
import { freshEmail, makeClient, startTestTenant, type Answer, type Client, type TestTenant } from './testTenant.ts';

export const REDIRECT = 'https://shop.example.com/welcome';
export const PASSWORD = 'the analytical engine';

/** Everything that both instances log. */
let logged: string[] = [];
/** So much is there at least, where the search has something to find. */
const LEAST_SEEN = 10;
/** What must stand in no log and no history. */
const PASSWORDS = [PASSWORD, 'a better engine', 'another engine'];
let secrets = new Set(PASSWORDS);

export let database: FreshDatabase;
export let deliveries: Deliveries;
export let tenant: TestTenant;
/** Another instance on the same database: every other request goes there. */
export let other: TestTenant;
/** An ordinary application that signs users in. */
export let shop: Client & { clientId: string; clientSecret: string; appId: string };

/** Starts a service of two instances for the tests of one file. When they are over, what it has told is searched for secrets. */
export function useSignIns(more: Pick<TenantOptions, 'limits'> = {}): void {
  beforeAll(async () => {
    logged = [];
    secrets = new Set(PASSWORDS);
    database = await freshDatabase();
    deliveries = await startDeliveries();
    const options = { storage: { databaseUrl: database.url }, delivery: deliveries.options, ...more };
    const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
    tenant = await startTestTenant(options, log);
    other = await startTestTenant({ ...options, publicUrl: tenant.url }, log);
    shop = await newApp({ allow_public_signup: true });
  });
  afterAll(async () => {
    try {
      await expectSilence();
    } finally {
      await tenant.close();
      await other.close();
      await deliveries.close();
      await database.drop();
    }
  });
}

/** No secret, code, token or password of all that was done is in a log or in the history. */
async function expectSilence(): Promise<void> {
  secrets.add(shop.clientSecret);
  for (const { text, to } of [...deliveries.emails, ...deliveries.smses]) {
    secrets.add(deliveries.linkOf(text)?.searchParams.get('code') ?? deliveries.codeOf(text)!);
    secrets.add(to);
  }
  const entries = await database.query<{ entry: string }>('select (before || after)::text as entry from user_history');
  expect(entries.length).toBeGreaterThan(LEAST_SEEN);
  expect(logged.length).toBeGreaterThan(LEAST_SEEN);
  const told = logged.join('');
  // A code of six digits may be a part of a time or an ID: it is looked for as a value of its own.
  for (const secret of secrets)
    expect(told.includes(/^\d{6}$/.test(secret) ? `"${secret}"` : secret), secret).toBe(false);
  const kept = entries.map(({ entry }) => entry).join('');
  for (const secret of secrets) {
    if (!secret.includes('@') && !secret.startsWith('+')) expect(kept.includes(`"${secret}"`), secret).toBe(false);
  }
}

export async function newApp(input: object = {}): Promise<typeof shop> {
  const { body } = await tenant.send('POST', '/cis/v1/applications', {
    app_name: freshEmail(),
    redirect_uris: [REDIRECT],
    ...input,
  });
  const { client_id: clientId, client_secret: clientSecret, app_id: appId } = body.result as Record<string, string>;
  const credentials = { clientId: clientId!, clientSecret: clientSecret! };
  const [here, there] = [await makeClient(tenant.url, credentials), await makeClient(other.address, credentials)];
  let turn = 0;
  return {
    ...here,
    ...credentials,
    appId: appId!,
    send: (...request) => ((turn += 1) % 2 ? here : there).send(...request),
  };
}

export const auth = (path: string, body: object, client: Client = shop) =>
  client.send('POST', `/cis/v1/auth/${path}`, body);
export const signIn = (username: string, password = PASSWORD, more: object = {}, client: Client = shop) =>
  auth('password/authenticate', { username, password, ...more }, client);
export const withPassword = (more: object = {}) =>
  shop.create({ username: freshEmail(), credentials: { password: PASSWORD, force_replace: false }, ...more });
export const as = (token: string) => ({ authorization: `Bearer ${token}` });
export const expectTokens = (answer: Answer) => {
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  expect(answer.body).toEqual({
    access_token: expect.any(String),
    id_token: expect.any(String),
    refresh_token: expect.any(String),
    token_type: 'Bearer',
    expires_in: 3600,
    session_id: expect.any(String),
  });
  for (const name of ['access_token', 'id_token', 'refresh_token']) secrets.add(answer.body[name] as string);
  return answer.body as Record<'access_token' | 'id_token' | 'refresh_token' | 'session_id', string>;
};
