import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Compile } from 'typebox/compile';
import type { TSchema } from 'typebox';
import { BadRequestError, HttpError, operations, type Operation } from '@tessera/contract';
import { startDeliveries, type Deliveries } from './deliveries.ts';
import { CREDENTIALS, freshEmail, freshPhone, startTestTenant, type Answer, type TestTenant } from './testTenant.ts';

const ERRORS_PAGE = readFileSync(path.resolve(import.meta.dirname, '../../../docs/errors.md'), 'utf8');

let tenant: TestTenant;
let deliveries: Deliveries;
beforeAll(async () => {
  deliveries = await startDeliveries();
  tenant = await startTestTenant({ delivery: deliveries.options });
  const { body } = await tenant.send('GET', '/cis/v1/applications');
  const [{ app_id }] = body.result as [{ app_id: string }];
  const settings = { redirect_uris: [REDIRECT], allow_public_signup: true };
  await tenant.send('PUT', `/cis/v1/applications/${app_id}`, settings);
});
afterAll(async () => {
  await tenant.close();
  await deliveries.close();
});

type Id = keyof typeof operations;
interface Request {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: unknown;
  /** Another token than the management application's. */
  token?: string;
}

const OF_ACCESS = [
  'getAccessToken',
  'getJwks',
  'getJwksOfUsersApi',
  'getJwksOfTenant',
  'getDiscovery',
  'getDiscoveryOfTenant',
] as const;

/** Those that need a provider: tried in identityProviders.test.ts. */
const OF_PROVIDERS = ['startProviderSignIn', 'completeProviderSignIn'] as const;

let providers = 0;
const aProvider = () => ({
  name: `partner-${(providers += 1)}`,
  issuer: 'https://id.example.com',
  client_id: 'shop',
  client_secret: 'a secret of theirs',
});

/** A key that validates. */
async function spareKey(): Promise<string> {
  const { body } = await tenant.send('POST', '/cis/v1/applications/signing-keys', { name: freshEmail() });
  await tenant.send('POST', '/cis/v1/applications/signing-keys', { name: freshEmail() });
  return body.kid as string;
}

const newJwk = (): object => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

/** A user with every identifier, and a group that it is a member of. */
async function scene() {
  const user = await tenant.create({
    email: freshEmail(),
    phone_number: freshPhone(),
    username: freshEmail(),
    external_user_id: freshEmail(),
    secondary_emails: [freshEmail()],
    secondary_phone_numbers: [freshPhone()],
    name: { first_name: 'Ada' },
    custom_data: { a: 1 },
    custom_app_data: { b: 2 },
    credentials: { password: 'correct horse', force_replace: false },
  });
  const group = await tenant.send('POST', '/cis/v1/groups', { name: freshEmail(), description: 'x', custom_data: {} });
  const group_id = group.body.result.group_id as string;
  await tenant.send('POST', `/cis/v1/groups/${group_id}/users`, { user_ids: [user.user_id] });
  const { user_id: bare_id } = await tenant.create({ email: freshEmail() });
  const made = await tenant.send('POST', '/cis/v1/applications', { app_name: freshEmail() });
  const { app_id: appId, client_id: clientId } = made.body.result as { app_id: string; client_id: string };
  return { user, user_id: user.user_id, bare_id, group_id, appId, clientId };
}
type Scene = Awaited<ReturnType<typeof scene>>;

const REDIRECT = 'https://example.com/back';
const auth = async (path: string, body: object): Promise<any> =>
  (await tenant.send('POST', `/cis/v1/auth/${path}`, body)).body;
const byId = (user_id: string) => ({ identifier: user_id, identifier_type: 'user_id' });
const direct = (user_id: string) => ({ channel: 'direct', ...byId(user_id) });
const passcodeOf = async (user_id: string) => (await auth('otp/send', direct(user_id))).code as string;
const signedIn = async (user_id: string): Promise<any> =>
  auth('otp/authenticate', { ...byId(user_id), passcode: await passcodeOf(user_id) });
const asUser = async ({ user_id }: { user_id: string }) => ({
  token: (await signedIn(user_id)).access_token as string,
});
/** The code that a sign-in in the browser ends with. */
const browserCode = async ({ user }: Scene): Promise<string> => {
  const { clientId: client_id } = CREDENTIALS;
  const named = { username: user.username, password: 'correct horse', client_id, redirect_uri: REDIRECT };
  return new URL((await auth('password/login', named)).result.url as string).searchParams.get('code')!;
};

/** A valid request of each operation of the Users API. */
const valid: Record<
  Exclude<Id, (typeof OF_ACCESS | typeof OF_PROVIDERS)[number]>,
  (scene: Scene) => Request | Promise<Request>
> = {
  createApp: () => ({ body: { app_name: freshEmail(), redirect_uris: ['https://example.com/back'] } }),
  getAllApps: () => ({}),
  getAppsList: () => ({}),
  getAppById: ({ appId }) => ({ params: { appId } }),
  updateApp: ({ appId }) => ({ params: { appId }, body: { app_description: 'x' } }),
  deleteApp: ({ appId }) => ({ params: { appId } }),
  updateResourcesInApp: ({ appId }) => ({ params: { appId }, body: { resource_ids: ['https://example.com'] } }),
  createAppClient: ({ appId }) => ({ params: { appId }, body: { name: freshEmail(), redirect_uris: [] } }),
  getAppClients: ({ appId }) => ({ params: { appId } }),
  getAppClientById: ({ appId, clientId }) => ({ params: { appId, clientId } }),
  updateAppClient: ({ appId, clientId }) => ({ params: { appId, clientId }, body: { description: 'x' } }),
  updateAppClientResources: ({ appId, clientId }) => ({ params: { appId, clientId }, body: { resource_ids: [] } }),
  rotateClientSecret: ({ appId, clientId }) => ({ params: { appId, clientId }, body: { previous_valid_for: 10 } }),
  deleteAppClient: ({ appId, clientId }) => ({ params: { appId, clientId } }),
  deleteAppClients: ({ appId }) => ({ params: { appId } }),
  createClientTokenSigningKey: () => ({ body: { name: freshEmail() } }),
  uploadClientTokenSigningKey: () => ({ body: { name: freshEmail(), jwk: newJwk() } }),
  getClientTokenSigningKeys: () => ({}),
  updateTokenSigningKey: async () => ({ params: { id: await spareKey() }, body: { status: 'disabled' } }),
  deleteClientTokenSigningKey: async () => ({ params: { id: await spareKey() } }),
  createUser: () => ({ body: { email: freshEmail(), name: { first_name: 'Ada' } } }),
  getUsers: () => ({
    query: { search: 'status eq "Pending"', page_limit: '2', sort_field: 'email', sort_order: 'desc' },
  }),
  getUsersCount: () => ({ query: { search: 'email pr' } }),
  getUserById: ({ user_id }) => ({ params: { user_id } }),
  getUserByEmail: ({ user }) => ({ params: { email: user.email!.value } }),
  getUserByUsername: ({ user }) => ({ params: { username: user.username! } }),
  getUserByExternalUserId: ({ user }) => ({ params: { external_user_id: user.external_user_id! } }),
  getUserByPhone: ({ user }) => ({ params: { phone_number: user.phone_number!.value } }),
  deprecatedGetUserByPhone: ({ user }) => ({ params: { phone_number: user.phone_number!.value } }),
  getUserByIdentifier: ({ user }) => ({ query: { identifier_name: 'email', identifier_value: user.email!.value } }),
  updateUser: ({ user_id }) => ({ params: { user_id }, body: { language: 'en' } }),
  deleteTenantUser: ({ user_id }) => ({ params: { user_id } }),
  removeUserFromApp: ({ user_id }) => ({ params: { user_id } }),
  removeUserSecondaryEmail: ({ user, user_id }) => ({ params: { user_id, email: user.secondary_emails[0]!.value } }),
  removeUserSecondaryPhoneNumber: ({ user, user_id }) => ({
    params: { user_id, phone_number: user.secondary_phone_numbers[0]!.value },
  }),
  verifyUserEmail: ({ user, user_id }) => ({ params: { user_id, email: user.email!.value }, body: {} }),
  verifyUserPhoneNumber: ({ user, user_id }) => ({
    params: { user_id, phone_number: user.phone_number!.value },
    body: {},
  }),
  createUsers: () => ({ body: { users: [{ email: freshEmail() }, {}] } }),
  updateUsers: ({ user_id }) => ({ body: { updates: [{ user_id, language: 'de' }, {}] } }),
  getUserGroups: ({ user_id }) => ({ params: { user_id } }),
  createGroup: () => ({ body: { name: freshEmail() } }),
  getGroups: () => ({}),
  getGroup: ({ group_id }) => ({ params: { group_id } }),
  updateGroup: ({ group_id }) => ({ params: { group_id }, body: { description: 'y' } }),
  deleteGroup: ({ group_id }) => ({ params: { group_id } }),
  getGroupMembers: ({ group_id }) => ({ params: { group_id } }),
  addGroupMembers: ({ group_id, user_id }) => ({ params: { group_id }, body: { user_ids: [user_id] } }),
  removeGroupMember: ({ group_id, user_id }) => ({ params: { group_id, user_id } }),
  getUserHistory: ({ user_id }) => ({ params: { user_id } }),
  getDeletedUsers: () => ({}),
  addPasswordCredential: ({ bare_id }) => ({ params: { user_id: bare_id }, body: { password: 'correct horse' } }),
  authenticatePassword: ({ user }) => ({ body: { username: user.username, password: 'correct horse' } }),
  login: ({ user }) => ({
    body: {
      username: user.username,
      password: 'correct horse',
      client_id: CREDENTIALS.clientId,
      redirect_uri: REDIRECT,
    },
  }),
  resetPassword: async ({ bare_id }) => {
    await tenant.send('POST', `/cis/v1/users/${bare_id}/password`, {
      password: 'correct horse',
      username: freshEmail(),
    });
    const { reset_token } = await auth('password/authenticate', { ...byId(bare_id), password: 'correct horse' });
    return { body: { reset_token, new_password: 'battery staple' } };
  },
  sendOTP: ({ user_id }) => ({ body: direct(user_id) }),
  authenticateOTP: async ({ user_id }) => ({ body: { ...byId(user_id), passcode: await passcodeOf(user_id) } }),
  sendEmailOtp: ({ user }) => ({ body: { email: user.email!.value, redirect_uri: REDIRECT } }),
  validateEmailOtp: async ({ user }) => {
    const email = user.email!.value;
    await auth('otp/email', { email, redirect_uri: REDIRECT });
    return { body: { email, passcode: deliveries.codeFor(email) } };
  },
  sendSmsOtp: ({ user }) => ({ body: { phone_number: user.phone_number!.value, redirect_uri: REDIRECT } }),
  validateSms: async ({ user }) => {
    const phone_number = user.phone_number!.value;
    await auth('otp/sms', { phone_number, redirect_uri: REDIRECT });
    return { body: { phone_number, passcode: deliveries.codeFor(phone_number) } };
  },
  sendEmail: () => ({ body: { email: freshEmail(), redirect_uri: REDIRECT, create_new_user: true } }),
  sendMagicLinkEmail: ({ user }) => ({ body: { email: user.email!.value, redirect_uri: REDIRECT } }),
  authenticateMagicLink: async ({ user }) => {
    const link = { email: user.email!.value, redirect_uri: REDIRECT, channel: 'direct' };
    return { body: { code: (await auth('link/email/send', link)).code as string } };
  },
  refreshToken: async ({ user_id }) => ({
    body: { refresh_token: (await signedIn(user_id)).refresh_token as string },
  }),
  authenticateSession: async ({ user_id }) => ({
    body: { session_id: (await signedIn(user_id)).session_id as string },
  }),
  logoutSession: async ({ user_id }) => ({ body: { session_id: (await signedIn(user_id)).session_id as string } }),
  logout: asUser,
  getUserInfo: asUser,
  getUserInfoOfUsersApi: asUser,
  getCurrentUser: asUser,
  addPasswordCredentialsToCurrentUser: async ({ bare_id }) => ({
    ...(await asUser({ user_id: bare_id })),
    body: { password: 'correct horse', username: freshEmail() },
  }),
  updateOwnPassword: async (scene) => ({
    // By password: any other first sign-in would end it.
    token: (await auth('password/authenticate', { username: scene.user.username, password: 'correct horse' }))
      .access_token as string,
    body: { current_password: 'correct horse', password: 'battery staple' },
  }),
  getDeviceKeysForTenant: asUser,
  tokenExchange: async (scene) => {
    const { clientId: client_id, clientSecret: client_secret } = CREDENTIALS;
    return { body: { code: await browserCode(scene), client_id, client_secret } };
  },
  completeSignIn: async (scene) => ({ query: { code: await browserCode(scene) } }),
  createIdentityProvider: ({ appId }) => ({ params: { appId }, body: aProvider() }),
  getIdentityProviders: ({ appId }) => ({ params: { appId } }),
  deleteIdentityProvider: async ({ appId }) => {
    const provider = aProvider();
    await tenant.send('POST', `/cis/v1/applications/${appId}/identity-providers`, provider);
    return { params: { appId, name: provider.name } };
  },
  updatePasswordCredential: ({ user_id }) => ({ params: { user_id }, body: { password: 'battery staple' } }),
};

function send(
  { method, path }: Operation,
  { params = {}, query, body, token }: Request,
  more?: Record<string, string>,
) {
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...more };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name]!));
  return tenant.send(method, filled + (query ? `?${new URLSearchParams(query).toString()}` : ''), body, headers);
}

function expectBody(answer: Answer, schema: TSchema | undefined): void {
  if (!schema) return expect(answer.body).toBeUndefined();
  const check = Compile(schema);
  expect([...check.Errors(answer.body)], JSON.stringify(answer.body)).toEqual([]);
}

/** The answer is one that the contract lists for the operation, with the body it says. */
function expectListed(operation: Operation, answer: Answer, status: number): void {
  expect(answer.status, JSON.stringify(answer.body)).toBe(status);
  expect(Object.keys(operation.responses)).toContain(String(status));
  expectBody(answer, operation.responses[status]!.schema);
  if (status >= 400) expect(ERRORS_PAGE).toContain(`### \`${answer.headers.get('x-error-code')}\``);
}

describe.each(Object.entries(valid))('%s', (id, request) => {
  const operation = operations[id as Id] as Operation;
  /** Refused requests change nothing, so they share a scene. */
  let good: Request;
  beforeAll(async () => {
    good = await request(await scene());
  });

  it('answers a valid request as the contract says', async () => {
    const success = Number(Object.keys(operation.responses).find((status) => /^[23]/.test(status)));
    expectListed(operation, await send(operation, await request(await scene())), success);
  });

  if (operation.secured)
    it('refuses a request without a token', async () => {
      const answer = await send(operation, good, { authorization: '' });
      expectListed(operation, answer, 401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    });

  const { params, body } = operation;
  const propertiesOf = (schema: unknown): string[] =>
    Object.keys((schema as { properties?: object } | undefined)?.properties ?? {});
  it('refuses an unknown parameter', async () => {
    const answer = await send(operation, { ...good, query: { ...good.query, colour: 'red' } });
    expectListed(operation, answer, 400);
    expect([answer.body.message].flat()).toEqual(['colour is not a known parameter']);
  });
  for (const name of propertiesOf(params)) {
    it.each([
      ['control characters', 'a\u0001b'],
      ['an over-long value', 'x'.repeat(300)],
    ])(`refuses %s in the path: ${name}`, async (_what, value) => {
      const answer = await send(operation, { ...good, params: { ...good.params, [name]: value } });
      expectListed(operation, answer, 400);
    });

    it(`finds nothing where there is nothing: ${name}`, async () => {
      const nobody = /email/.test(name) ? freshEmail() : /phone/.test(name) ? freshPhone() : 'nobody';
      const answer = await send(operation, { ...good, params: { ...good.params, [name]: nobody } });
      expectListed(operation, answer, 404);
    });
  }
  if (body) {
    it.each([
      ['no object', []],
      ['null', null],
      ['broken JSON', '{"'],
      ['an unknown property', 'unknown'],
      // Custom data may be any object.
      ...propertiesOf(body)
        .filter((name) => !name.startsWith('custom') && name !== 'jwk')
        .map((name): [string, unknown] => [`a wrong type: ${name}`, { [name]: { wrong: [] } }]),
    ])('refuses a body with %s', async (_what, wrong) => {
      const sent = wrong === 'unknown' ? { ...(good.body as object), colour: 'red' } : wrong;
      const answer = await send(operation, { ...good, body: typeof sent === 'string' ? sent : JSON.stringify(sent) });
      expectListed(operation, answer, 400);
    });
  }
});

it('names every operation of the contract', () => {
  expect([...Object.keys(valid), ...OF_ACCESS, ...OF_PROVIDERS].sort()).toEqual(Object.keys(operations).sort());
});

it('answers a route that is none, or a method that is none of its, in the one shape', async () => {
  for (const [method, path] of [
    ['GET', '/nowhere'],
    ['PATCH', '/cis/v1/users/x'],
    ['GET', '/cis/v1/%zz'],
  ] as const) {
    const answer = await tenant.send(method, path);
    expect([400, 404]).toContain(answer.status);
    expectBody(answer, answer.status === 400 ? BadRequestError : HttpError);
  }
});
