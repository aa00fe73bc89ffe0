import { decodeJwt } from 'jose';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshEmail, freshPhone, type Answer } from './testTenant.ts';
import { auth, deliveries, newApp, PASSWORD, REDIRECT, shop, signIn, tenant, useSignIns } from './signInSetup.ts';
import { browseTo, STAND_IN_CLIENT, startStandInProvider, type StandInProvider } from './standInProvider.ts';

/**
 * Two people use an application in any order, through every route. Each can write any address into a profile, and can read only
 * the messages that go to their own addresses. Whoever signs in to a profile first owns it, and nobody else ever signs in to it.
 */
const UNLIMITED = { count: 1_000_000, seconds: 60 };
useSignIns({ limits: { source: UNLIMITED, client: UNLIMITED } });

let provider: StandInProvider;
beforeAll(async () => {
  provider = await startStandInProvider();
  const path = `/cis/v1/applications/${shop.appId}/identity-providers`;
  expect((await shop.send('POST', path, { name: 'partner', issuer: provider.issuer, ...STAND_IN_CLIENT })).status).toBe(
    201,
  );
});
afterAll(() => provider.close());

const PEOPLE = ['attacker', 'victim'] as const;
type Person = (typeof PEOPLE)[number];
type Kind = 'email' | 'phone_number';
/** An address of the model: whose it is, and which. */
interface Address {
  owner: Person;
  kind: Kind;
}
/** What a name can be at a sign-in. */
type Named = Address | 'user_id' | 'username';

/** What the people have in one run. */
interface World {
  addresses: Record<Person, Record<Kind, string>>;
  /** The profiles that were made, in their order, with what their makers know. */
  profiles: { userId: string; username?: string; maker: Person; password?: string }[];
  /** The sessions that each person has. */
  sessions: Record<Person, { sessionId: string; refreshToken: string; token: string; userId: string }[]>;
  /** Who signed in to a profile first. */
  owners: Map<string, Person>;
}

const newWorld = (): World => ({
  addresses: {
    attacker: { email: freshEmail(), phone_number: freshPhone() },
    victim: { email: freshEmail(), phone_number: freshPhone() },
  },
  profiles: [],
  sessions: { attacker: [], victim: [] },
  owners: new Map(),
});

/** The one thing that must never happen. */
function claim(world: World, person: Person, userId: string, how: string): void {
  const owner = world.owners.get(userId) ?? person;
  world.owners.set(userId, owner);
  expect(owner, `${how}: the ${person} signs in to a profile of the ${owner}`).toBe(person);
}

function got(world: World, person: Person, { status, body }: Answer, how: string): boolean {
  if (status !== 200) return false;
  const { access_token: token, refresh_token: refreshToken } = body as Record<string, string>;
  const { sub, sid } = decodeJwt(token!) as { sub: string; sid: string };
  claim(world, person, sub, how);
  world.sessions[person].push({ sessionId: sid, refreshToken: refreshToken!, token: token!, userId: sub });
  return true;
}

const valueOf = (world: World, { owner, kind }: Address): string => world.addresses[owner][kind];

/** What an arbitrary gives. */
type Of<A> = A extends fc.Arbitrary<infer Value> ? Value : never;

/** Something that a person does. */
interface Step {
  toString(): string;
  run(world: World): Promise<void>;
}

const person = fc.constantFrom(...PEOPLE);
const kind = fc.constantFrom<Kind>('email', 'phone_number');
const address: fc.Arbitrary<Address> = fc.record({ owner: person, kind });
const index = fc.nat({ max: 5 });

/** A person lets the application make a profile with whatever they say. */
const createOf = fc.record({
  who: person,
  email: fc.option(person),
  phone: fc.option(person),
  secondary: fc.option(address),
  username: fc.boolean(),
  password: fc.boolean(),
});
type Create = Of<typeof createOf>;
const create = ({ who, email, phone, secondary, username, password }: Create): Step => ({
  toString: () => `${who} creates ${JSON.stringify({ email, phone, secondary, username, password })}`,
  async run(world) {
    const name = username || (!email && !phone) ? freshEmail() : undefined;
    // Each has a password of their own.
    const secret = password && (name || email) ? `${PASSWORD} of the ${who}` : undefined;
    const { status, body } = await shop.send('POST', '/cis/v1/users', {
      ...(email && { email: world.addresses[email].email }),
      ...(phone && { phone_number: world.addresses[phone].phone_number }),
      ...(secondary?.kind === 'email' && { secondary_emails: [valueOf(world, secondary)] }),
      ...(secondary?.kind === 'phone_number' && { secondary_phone_numbers: [valueOf(world, secondary)] }),
      ...(name && { username: name }),
      ...(secret && { credentials: { password: secret, force_replace: false } }),
    });
    if (status === 201) {
      world.profiles.push({ userId: body.result.user_id as string, username: name, maker: who, password: secret });
    }
  },
});

/** A person who is signed in adds an address to their profile, or makes it the primary one. */
const addAddressOf = fc.record({ who: person, added: address, primary: fc.boolean(), at: index });
type AddAddress = Of<typeof addAddressOf>;
const addAddress = ({ who, added, primary, at }: AddAddress): Step => ({
  toString: () => `${who} adds ${JSON.stringify(added)}${primary ? ' as primary' : ''} to their profile ${at}`,
  async run(world) {
    const session = world.sessions[who].at(at % Math.max(1, world.sessions[who].length));
    if (!session) return;
    const value = valueOf(world, added);
    const list = added.kind === 'email' ? 'secondary_emails' : 'secondary_phone_numbers';
    await shop.update(session.userId, primary ? { [added.kind]: value } : { [list]: [value] });
  },
});

const namedOf = (world: World, at: number, named: Named) => {
  const profile = world.profiles.at(at % Math.max(1, world.profiles.length));
  if (typeof named === 'object') return { identifier: valueOf(world, named), identifier_type: named.kind };
  const identifier = named === 'username' ? profile?.username : profile?.userId;
  return identifier === undefined ? undefined : { identifier, identifier_type: named };
};
const named: fc.Arbitrary<Named> = fc.oneof(address, fc.constantFrom('user_id' as const, 'username' as const));

/** A person signs in with a password that they have set, under any name. */
const byPasswordOf = fc.record({ who: person, at: index, named });
type ByPassword = Of<typeof byPasswordOf>;
const byPassword = ({ who, at, named: by }: ByPassword): Step => ({
  toString: () => `${who} signs in to profile ${at} by password as ${JSON.stringify(by)}`,
  async run(world) {
    const profile = world.profiles.at(at % Math.max(1, world.profiles.length));
    const name = namedOf(world, at, by);
    if (!name || profile?.maker !== who || !profile.password) return;
    got(world, who, await auth('password/authenticate', { ...name, password: profile.password }), 'by password');
  },
});

/** What reached a person of the messages that were sent since a moment. */
function received(world: World, who: Person, before: { emails: number; smses: number }): string | undefined {
  const own = world.addresses[who];
  const messages = [...deliveries.emails.slice(before.emails), ...deliveries.smses.slice(before.smses)];
  return messages.find(({ to }) => to === own.email || to === own.phone_number)?.text;
}
const sentSoFar = () => ({ emails: deliveries.emails.length, smses: deliveries.smses.length });

/** A person asks for a code under any name, and enters it when it reaches them. Codes given directly go to the address asked for. */
const byCodeOf = fc.record({
  who: person,
  at: index,
  named,
  channel: fc.constantFrom('email', 'sms', 'direct', 'link'),
  joins: fc.boolean(),
});
type ByCode = Of<typeof byCodeOf>;
const byCode = ({ who, at, named: by, channel, joins }: ByCode): Step => ({
  toString: () => `${who} signs in by ${channel} as ${JSON.stringify(by)} of ${at}${joins ? ' in a session' : ''}`,
  async run(world) {
    const name = namedOf(world, at, by);
    if (!name) return;
    const session_id = joins ? world.sessions[who].at(-1)?.sessionId : undefined;
    const more = session_id ? { session_id } : {};
    const before = sentSoFar();
    if (channel === 'link') {
      await auth('link/email/send', { ...name, redirect_uri: REDIRECT });
      const text = received(world, who, before);
      const code = text && deliveries.linkOf(text)?.searchParams.get('code');
      if (code) got(world, who, await auth('link/email/authenticate', { code, ...more }), 'by link');
      return;
    }
    const { body } = await auth('otp/send', { channel, ...name });
    const text = channel === 'direct' ? undefined : received(world, who, before);
    const isOwn = typeof by === 'object' && by.owner === who;
    const passcode = channel === 'direct' ? isOwn && (body.code as string) : text && deliveries.codeOf(text);
    if (passcode) got(world, who, await auth('otp/authenticate', { ...name, passcode, ...more }), `by ${channel}`);
  },
});

async function exchange(code: string): Promise<Answer> {
  const { clientId: client_id, clientSecret: client_secret } = shop;
  return shop.send('POST', '/cis/v1/token', { code, client_id, client_secret });
}

/** Proves an address of one's own in the browser. @returns whether that signed the person in */
async function proveInBrowser(world: World, who: Person, own: Kind, how: 'code' | 'link', create: boolean) {
  const value = world.addresses[who][own];
  const before = sentSoFar();
  const asked = { [own]: value, redirect_uri: REDIRECT, create_new_user: create };
  const route = own === 'email' ? 'email' : 'sms';
  await auth(how === 'link' && own === 'email' ? 'links/email' : `otp/${route}`, asked);
  const text = received(world, who, before);
  if (!text) return false;
  let code = deliveries.linkOf(text)?.searchParams.get('code');
  if (!code) {
    const { body } = await auth(`otp/${route}/validation`, { [own]: value, passcode: deliveries.codeOf(text) });
    code = new URL(body.result as string).searchParams.get('code');
  }
  return got(world, who, await exchange(code!), `by ${how} in the browser`);
}

const inBrowserOf = fc.record({
  who: person,
  own: kind,
  how: fc.constantFrom('code' as const, 'link' as const),
  create: fc.boolean(),
});
type InBrowser = Of<typeof inBrowserOf>;
const inBrowser = ({ who, own, how, create: creates }: InBrowser): Step => ({
  toString: () => `${who} proves their ${own} by ${how} in the browser${creates ? ', signing up' : ''}`,
  run: async (world) => void (await proveInBrowser(world, who, own, how, creates)),
});

/** A person signs in at the provider, which verifies their own email and says what they like of another one. */
const byProviderOf = fc.record({ who: person, email: person, creates: fc.boolean() });
type ByProvider = Of<typeof byProviderOf>;
const byProvider = ({ who, email, creates }: ByProvider): Step => ({
  toString: () => `${who} signs in at the provider with the email of the ${email}${creates ? ', signing up' : ''}`,
  async run(world) {
    const value = world.addresses[email].email;
    provider.account = { sub: world.addresses[who].email, idToken: { email: value, email_verified: email === who } };
    const query = { client_id: shop.clientId, redirect_uri: REDIRECT, create_new_user: String(creates) };
    const start = `${tenant.url}/cis/v1/auth/oidc/partner?${new URLSearchParams(query).toString()}`;
    const code = (await browseTo(start, REDIRECT)).searchParams.get('code');
    if (code) got(world, who, await exchange(code), 'by the provider');
  },
});

/** A person goes on with a session of theirs. */
const goOnOf = fc.record({ who: person, at: index });
type GoOn = Of<typeof goOnOf>;
const goOn = ({ who, at }: GoOn): Step => ({
  toString: () => `${who} refreshes session ${at}`,
  async run(world) {
    const session = world.sessions[who].at(at % Math.max(1, world.sessions[who].length));
    if (!session) return;
    const answer = await auth('token/refresh', { refresh_token: session.refreshToken });
    if (got(world, who, answer, 'by a refresh')) session.refreshToken = answer.body.refresh_token as string;
  },
});

/** Mostly the attacker prepares something for the victim, and both sign in after that. */
const steps = fc
  .tuple(
    createOf.map(create),
    fc.array(
      fc.oneof(
        createOf.map(create),
        addAddressOf.map(addAddress),
        byPasswordOf.map(byPassword),
        byPasswordOf.map(byPassword),
        byCodeOf.map(byCode),
        byCodeOf.map(byCode),
        inBrowserOf.map(inBrowser),
        byProviderOf.map(byProvider),
        goOnOf.map(goOn),
      ),
      { minLength: 2, maxLength: 14 },
    ),
  )
  .map(([first, others]) => [first, ...others]);

const OF_VICTIM: Address = { owner: 'victim', kind: 'email' };
const OF_ATTACKER: Address = { owner: 'attacker', kind: 'phone_number' };
const prepared = (more: Partial<Create>): Step =>
  create({ who: 'attacker', email: 'victim', phone: null, secondary: null, username: false, password: false, ...more });
const victimEnters = inBrowser({ who: 'victim', own: 'email', how: 'code', create: true });
const attackerEnters = byPassword({ who: 'attacker', at: 0, named: 'user_id' });
const code = (more: Partial<ByCode>): Step =>
  byCode({ who: 'attacker', at: 0, named: OF_ATTACKER, channel: 'sms', joins: false, ...more });

/** Attacks that are known ("Pre-hijacked accounts", Sudhodanan and Paverd, 2022): they are tried in every run. */
const KNOWN: [Step[]][] = [
  // The attacker's phone on the profile, beside the email of the victim.
  [[prepared({ phone: 'attacker' }), byProvider({ who: 'victim', email: 'victim', creates: false }), code({})]],
  [[prepared({ phone: 'attacker' }), victimEnters, code({ channel: 'direct' }), code({ channel: 'link' })]],
  [[prepared({ secondary: OF_ATTACKER }), victimEnters, code({}), code({ named: 'user_id' })]],
  // The victim's email as a secondary address of the attacker.
  [[prepared({ email: 'attacker', secondary: OF_VICTIM }), victimEnters]],
  [[prepared({ email: 'attacker', secondary: OF_VICTIM, password: true }), attackerEnters, victimEnters]],
  [
    [
      prepared({ email: 'attacker', secondary: OF_VICTIM }),
      code({ who: 'victim', named: OF_VICTIM, channel: 'email' }),
      inBrowser({ who: 'attacker', own: 'email', how: 'code', create: false }),
    ],
  ],
  // A password that the attacker has set, used before or after the victim comes.
  [[prepared({ password: true }), victimEnters, attackerEnters]],
  [
    [
      prepared({ password: true, username: true }),
      code({ who: 'victim', named: OF_VICTIM, channel: 'direct' }),
      attackerEnters,
    ],
  ],
  [[prepared({ password: true }), attackerEnters, victimEnters, goOn({ who: 'attacker', at: 0 })]],
  [[prepared({ password: true }), attackerEnters, code({ who: 'victim', named: OF_VICTIM, channel: 'direct' })]],
  [[prepared({ password: true }), attackerEnters, byProvider({ who: 'victim', email: 'victim', creates: true })]],
  // An email that the attacker changes to the victim's.
  [
    [
      prepared({ email: 'attacker', password: true }),
      attackerEnters,
      addAddress({ who: 'attacker', added: OF_VICTIM, primary: true, at: 0 }),
      code({ who: 'victim', named: OF_VICTIM, channel: 'email' }),
      victimEnters,
      attackerEnters,
    ],
  ],
  // A provider that does not verify emails.
  [[prepared({}), byProvider({ who: 'attacker', email: 'victim', creates: true }), victimEnters]],
  [[victimEnters, byProvider({ who: 'attacker', email: 'victim', creates: true })]],
];

it('only the first person to sign in to a profile can sign in to it again, whatever others write into it', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const world = newWorld();
      for (const step of all) await step.run(world);
      // Each person can still sign in with their own messages, whatever others have done with their addresses.
      for (const who of PEOPLE) {
        for (const own of ['email', 'phone_number'] as const) {
          expect(await proveInBrowser(world, who, own, 'code', true), `the ${who} is locked out`).toBe(true);
        }
      }
    }),
    { numRuns: Number(process.env.TESSERA_TEST_RUNS ?? 150), examples: KNOWN },
  );
});

it('an unverified secondary address names nobody, and leaves the profile when somebody else proves it', async () => {
  const [email, second, phone] = [freshEmail(), freshEmail(), freshPhone()];
  const input = { email, secondary_emails: [second], secondary_phone_numbers: [phone] };
  const credentials = { password: PASSWORD, force_replace: false };
  const { user_id } = await shop.create({ ...input, credentials });
  for (const [identifier, identifier_type] of [
    [second, 'email'],
    [phone, 'phone_number'],
  ]) {
    const name = { identifier, identifier_type };
    expect((await auth('otp/send', { channel: 'direct', ...name })).status).toBe(404);
    expect((await auth('link/email/send', { ...name, redirect_uri: REDIRECT })).status).toBe(404);
    expect((await auth('password/authenticate', { ...name, password: PASSWORD })).status).toBe(401);
  }
  const asked = { email: second, redirect_uri: REDIRECT };
  expect((await auth('otp/email', asked)).status).toBe(404);
  const world = newWorld();
  world.addresses.victim.email = second;
  expect(await proveInBrowser(world, 'victim', 'email', 'code', true)).toBe(true);
  expect([...world.owners.keys()]).not.toContain(user_id);
  expect(await shop.get(user_id)).toMatchObject({ email: { value: email }, secondary_emails: [] });
  const { body } = await shop.send('GET', `/cis/v1/users/${user_id}/history`);
  expect(body.result[0].changes).toEqual([
    { attribute: 'secondary_emails', before: [{ value: second, email_verified: false }], after: [] },
  ]);
});

it('an address that the owner verifies in a session, or a management call, signs in from then on', async () => {
  const [username, email, phone] = [freshEmail(), freshEmail(), freshPhone()];
  const credentials = { password: PASSWORD, force_replace: false };
  const { user_id } = await shop.create({ username, email, phone_number: phone, credentials });
  const { body } = await auth('password/authenticate', { username, password: PASSWORD });
  const byEmail = { identifier: email, identifier_type: 'email' };
  const enter = async (more: object = {}) => {
    await auth('otp/send', { channel: 'email', ...byEmail });
    const answer = await auth('otp/authenticate', { ...byEmail, passcode: deliveries.codeFor(email), ...more });
    return answer.headers.get('x-error-code') ?? answer.status;
  };
  expect(await enter(), 'before').toBe('auth_address_unverified');
  expect(await enter({ session_id: body.session_id as string }), 'as a second factor').toBe(200);
  expect(await enter(), 'after').toBe(200);
  expect((await shop.get(user_id)).password_information, 'the password is still there').toBeDefined();
  expect((await auth('otp/sms', { phone_number: phone, redirect_uri: REDIRECT })).status).toBe(404);
  const verify = `/cis/v1/users/${user_id}/phone-numbers/${encodeURIComponent(phone)}/verify`;
  expect((await tenant.send('POST', verify, {})).status).toBe(202);
  expect((await auth('otp/sms', { phone_number: phone, redirect_uri: REDIRECT })).status).toBe(200);
});

it('an application that creates a user who exists gets that user only when its addresses lead there', async () => {
  const another = await newApp();
  const credentials = { password: PASSWORD, force_replace: false };
  const [victim, phone, username] = [freshEmail(), freshPhone(), freshEmail()];
  const owned = await shop.create({
    username,
    email: freshEmail(),
    phone_number: phone,
    secondary_emails: [victim],
    credentials,
  });
  const ask = (input: object) => another.send('POST', '/cis/v1/users', input);
  const refused = { status: 409, body: { ts_error_code: 'identifier_is_taken' } };
  // A username is chosen freely, and an unverified secondary address is nobody's.
  expect(await ask({ username })).toMatchObject(refused);
  expect(await ask({ email: victim })).toMatchObject(refused);
  await signIn(username);
  expect(await ask({ phone_number: phone }), 'unverified, and the profile has an owner').toMatchObject(refused);
  const verify = `/cis/v1/users/${owned.user_id}/phone-numbers/${encodeURIComponent(phone)}/verify`;
  await tenant.send('POST', verify, {});
  const withPassword = { phone_number: phone, username, credentials };
  expect(await ask(withPassword), 'the password would be dropped').toMatchObject(refused);
  expect(await ask({ phone_number: phone, email: freshEmail() }), 'the email would be dropped').toMatchObject(refused);
  const [prepared, crm] = [freshEmail(), freshEmail()];
  await shop.create({ email: prepared, external_user_id: crm, credentials });
  const stranger = 'somebody has set a password, and nobody has signed in';
  expect(await ask({ email: prepared }), stranger).toMatchObject(refused);
  expect(await ask({ external_user_id: crm }), stranger).toMatchObject(refused);
  const bulk = await another.send('POST', '/cis/v1/users/bulk', {
    users: [{ email: victim }, { phone_number: phone }],
  });
  expect(bulk.body.result).toMatchObject({ failed: 1, items: [{}, { user: { user_id: owned.user_id } }] });
});

it.each(['otp', 'link'] as const)(
  'a code that the application delivered itself (%s) is good no more once somebody else has the profile',
  async (kind) => {
    const [email, username] = [freshEmail(), freshEmail()];
    await shop.create({ email, username });
    const named = { channel: 'direct', identifier: username, identifier_type: 'username' };
    const sent = await auth(
      kind === 'otp' ? 'otp/send' : 'link/email/send',
      kind === 'otp' ? { ...named, expires_in: 60 } : { ...named, redirect_uri: REDIRECT },
    );
    const world = newWorld();
    world.addresses.victim.email = email;
    expect(await proveInBrowser(world, 'victim', 'email', 'code', false)).toBe(true);
    const code = sent.body.code as string;
    const entered =
      kind === 'otp'
        ? await auth('otp/authenticate', { passcode: code, identifier: username, identifier_type: 'username' })
        : await auth('link/email/authenticate', { code });
    expect(entered.status).toBe(400);
  },
);

it('a user who is disabled does not come back by signing up, and one who has lost every name can be changed', async () => {
  const email = freshEmail();
  const { user_id } = await shop.create({ email, credentials: { password: PASSWORD, force_replace: false } });
  expect((await signIn(email, PASSWORD, { username_type: 'email' })).status).toBe(200);
  await shop.update(user_id, { status: 'Disabled' });
  const asked = { email, redirect_uri: REDIRECT, create_new_user: true };
  expect((await auth('otp/email', asked)).status).toBe(403);
  await shop.update(user_id, { status: 'Active' });
  const world = newWorld();
  world.addresses.victim.email = email;
  expect(await proveInBrowser(world, 'victim', 'email', 'code', true)).toBe(true);
  expect((await shop.get(user_id)).email).toBeUndefined();
  expect((await shop.update(user_id, { custom_data: { left: true } })).status).toBe(200);
  expect((await shop.update(user_id, { status: 'Disabled' })).status).toBe(200);
});
