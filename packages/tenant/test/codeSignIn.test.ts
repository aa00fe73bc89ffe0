import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { freshEmail, freshPhone, startTestTenant } from './testTenant.ts';
import {
  PASSWORD,
  REDIRECT,
  auth,
  database,
  deliveries,
  expectTokens,
  newApp,
  shop,
  signIn,
  useSignIns,
  withPassword,
} from './signInSetup.ts';

useSignIns();

describe('a one-time passcode', () => {
  const send = (body: object) => auth('otp/send', body);
  const enter = (identifier: string, identifier_type: string, passcode: string, more: object = {}) =>
    auth('otp/authenticate', { identifier, identifier_type, passcode, ...more });

  it('by email verifies the email, and is good once', async () => {
    const email = freshEmail();
    const user = await shop.create({ email, language: 'de-DE,en' });
    const sent = await send({ channel: 'email', identifier: email, identifier_type: 'email' });
    expect(sent).toMatchObject({ status: 200, body: { message: 'OTP sent' } });
    const received = deliveries.emails.at(-1)!;
    expect(received).toMatchObject({ to: email, from: expect.stringContaining('hello@shop.example.com') });
    expect(received.subject).toMatch(/^Ihr Code für/);
    expect(received.html).toContain(deliveries.codeFor(email));
    const passcode = deliveries.codeFor(email);
    const { id_token } = expectTokens(await enter(email.toUpperCase(), 'email', passcode));
    expect(decodeJwt(id_token).amr).toEqual(['otp']);
    const after = await shop.get(user.user_id);
    expect(after).toMatchObject({
      email: { email_verified: true, verified_at: after.last_auth },
      identities: [{ provider_name: 'Email OTP', auth_type: 'email_otp', user_alias: { type: 'email', value: email } }],
    });
    expect(await enter(email, 'email', passcode)).toMatchObject({
      status: 400,
      body: { error_code: 'auth_invalid_credentials' },
    });
  });

  it('by SMS verifies the phone number, and by text of the application’s own', async () => {
    const phone_number = freshPhone();
    const user = await shop.create({ phone_number, username: freshEmail() });
    const custom_sms_input = { custom_message: '{app}: {otp}!', sender_id: 'Shop' };
    await send({ channel: 'sms', identifier: user.username, identifier_type: 'username', custom_sms_input });
    const received = deliveries.smses.at(-1)!;
    expect(received).toMatchObject({ to: phone_number, sender_id: 'Shop', authorization: 'Bearer gateway-token' });
    expect(received.text).toMatch(/: \d{6}!$/);
    expectTokens(await enter(user.username!, 'username', deliveries.codeFor(phone_number)));
    expect((await shop.get(user.user_id)).phone_number).toMatchObject({ phone_number_verified: true });
  });

  it('given directly proves nothing but itself', async () => {
    const user = await shop.create({ email: freshEmail() });
    const asked = {
      channel: 'direct',
      identifier: user.user_id,
      identifier_type: 'user_id',
      generate_request_id: true,
    };
    const approval_data = { amount: 5, to: 'Charles' };
    for (const [wrong, name] of [
      [{ 'a b': 'x' }, 'approval_data'],
      [{ to: 'Charles B.' }, 'approval_data.to'],
    ] as const) {
      const { status, body } = await send({ ...asked, approval_data: wrong });
      const message = `${name} must have no other characters than letters, digits, underscores, hyphens and periods`;
      expect({ status, message: body.message }).toEqual({ status: 400, message });
    }
    const { body } = await send({ ...asked, approval_data });
    expect(body).toMatchObject({
      code: expect.stringMatching(/^\d{6}$/),
      request_id: expect.any(String),
      approval_data,
    });
    expect((await enter(user.user_id, 'user_id', body.code as string)).status, 'without the request ID').toBe(400);
    const { request_id } = body as { request_id: string };
    const { id_token } = expectTokens(await enter(user.user_id, 'user_id', body.code as string, { request_id }));
    expect(decodeJwt(id_token).approval_data).toEqual(approval_data);
    expect(await shop.get(user.user_id)).toMatchObject({
      email: { email_verified: false },
      identities: [{ auth_type: 'direct_otp', user_alias: { type: 'unspecified' } }],
    });
  });

  it('to each address of a user is a way to sign in of its own, and proves that address within a session', async () => {
    const [email, second] = [freshEmail(), freshEmail()];
    const user = await shop.create({ email, secondary_emails: [second] });
    const by = { identifier: user.user_id, identifier_type: 'user_id' };
    let joined = {};
    for (const [custom_email, joins] of [[undefined], [second, false], [second, true]] as const) {
      expect((await send({ channel: 'email', ...by, ...(custom_email && { custom_email }) })).status).toBe(200);
      const code = deliveries.codeFor(custom_email ?? email);
      const { session_id } = expectTokens(await enter(user.user_id, 'user_id', code, joins ? joined : {}));
      joined = { session_id };
      const [other] = (await shop.get(user.user_id)).secondary_emails;
      expect(other).toMatchObject({ email_verified: joins === true });
    }
    const after = await shop.get(user.user_id);
    expect(after.identities.map(({ identifier }) => identifier).sort()).toEqual([email, second].sort());
    expect(after).toMatchObject({
      email: { value: email, email_verified: true },
      secondary_emails: [{ value: second, email_verified: true }],
    });
  });

  it('goes to the address that the application names, whatever the user has, and proves none of the user’s', async () => {
    const [email, phone_number] = [freshEmail(), freshPhone()];
    const { user_id } = await shop.create({ email, phone_number });
    const [custom_email, custom_phone_number] = [freshEmail(), freshPhone()];
    await send({ channel: 'email', identifier: email, identifier_type: 'email', custom_email });
    expectTokens(await enter(email, 'email', deliveries.codeFor(custom_email)));
    await send({ channel: 'sms', identifier: user_id, identifier_type: 'user_id', custom_phone_number });
    expectTokens(await enter(user_id, 'user_id', deliveries.codeFor(custom_phone_number)));
    // The user has signed in before, and nobody has proved this number: it names nobody now.
    await send({ channel: 'sms', identifier: phone_number, identifier_type: 'phone_number', custom_phone_number });
    expect((await enter(phone_number, 'phone_number', deliveries.codeFor(custom_phone_number))).status).toBe(400);
    expect(await shop.get(user_id)).toMatchObject({
      email: { email_verified: false },
      phone_number: { phone_number_verified: false },
    });
  });

  it('of one application is not in the way of another one’s', async () => {
    const { user_id } = await shop.create({ email: freshEmail() });
    const [one, two] = [shop, await newApp()];
    const asked = { channel: 'direct', identifier: user_id, identifier_type: 'user_id' };
    const codes: string[] = [];
    for (const client of [one, two]) codes.push((await auth('otp/send', asked, client)).body.code as string);
    const tried = (passcode: string, client: typeof two) =>
      auth('otp/authenticate', { identifier: user_id, identifier_type: 'user_id', passcode }, client);
    for (let n = 0; n < 6; n += 1) expect((await tried('wrong!', two)).status).not.toBe(200);
    expect((await tried(codes[1]!, one)).status, 'of the other').toBe(400);
    expectTokens(await tried(codes[0]!, one));
  });

  it('takes the place of the one before', async () => {
    const user = await shop.create({ email: freshEmail() });
    const asked = { channel: 'direct', identifier: user.user_id, identifier_type: 'user_id' };
    const first = await send(asked);
    const second = await send(asked);
    if (first.body.code !== second.body.code) {
      expect((await enter(user.user_id, 'user_id', first.body.code as string)).status).toBe(400);
    }
    expectTokens(await enter(user.user_id, 'user_id', second.body.code as string));
  });

  it('of many that enter it at once, lets one in', async () => {
    const user = await shop.create({ email: freshEmail() });
    const { body } = await send({ channel: 'direct', identifier: user.user_id, identifier_type: 'user_id' });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => enter(user.user_id, 'user_id', body.code as string)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('may be tried five times; then the name is locked, for new codes too', async () => {
    const user = await shop.create({ email: freshEmail() });
    const asked = { channel: 'direct', identifier: user.user_id, identifier_type: 'user_id' };
    const { body } = await send(asked);
    const wrong = body.code === '000000' ? '000001' : '000000';
    const tries = await Promise.all(Array.from({ length: 20 }, () => enter(user.user_id, 'user_id', wrong)));
    expect(tries.filter(({ body }) => body.error_code === 'auth_invalid_credentials')).toHaveLength(5);
    const right = await enter(user.user_id, 'user_id', body.code as string);
    expect(right).toMatchObject({ status: 403, body: { error_code: 'auth_locked' } });
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(800);
    expect(await send(asked)).toMatchObject({ status: 403, body: { error_code: 'auth_locked' } });
  });

  it('has five attempts in all, however often it is sent', async () => {
    const user = await shop.create({ email: freshEmail() });
    const asked = { channel: 'direct', identifier: user.user_id, identifier_type: 'user_id' };
    const wrong = async () => (await enter(user.user_id, 'user_id', 'xxxxxx')).body.error_code as string;
    await send(asked);
    for (let n = 0; n < 3; n += 1) expect(await wrong()).toBe('auth_invalid_credentials');
    const { body } = await send(asked);
    for (let n = 0; n < 2; n += 1) expect(await wrong()).toBe('auth_invalid_credentials');
    expect(await wrong()).toBe('auth_locked');
    expect((await enter(user.user_id, 'user_id', body.code as string)).body.error_code).toBe('auth_locked');
    // After the lock, a new one is wanted, and has all of its attempts.
    await database.query(`update one_time_codes set locked_until = 1 where user_id = '${user.user_id}'`);
    expect(await wrong()).toBe('auth_invalid_credentials');
    const again = await send(asked);
    for (let n = 0; n < 4; n += 1) expect(await wrong()).toBe('auth_invalid_credentials');
    expectTokens(await enter(user.user_id, 'user_id', again.body.code as string));
  });

  it('to an address that has left the profile is good no more', async () => {
    const [old, phone] = [freshEmail(), freshPhone()];
    const user = await shop.create({ email: old, phone_number: phone });
    const { user_id: identifier } = user;
    await send({ channel: 'email', identifier, identifier_type: 'user_id' });
    await send({ channel: 'sms', identifier: phone, identifier_type: 'phone_number' });
    await auth('link/email/send', { email: old, redirect_uri: REDIRECT });
    await shop.update(identifier, { email: freshEmail(), phone_number: freshPhone() });
    await shop.create({ email: old });
    const link = deliveries.linkFor(old).searchParams.get('code')!;
    for (const answer of [
      await enter(identifier, 'user_id', deliveries.codeFor(old)),
      await enter(phone, 'phone_number', deliveries.codeFor(phone)),
      await auth('link/email/authenticate', { code: link }),
    ]) {
      expect(answer.status).toBe(400);
    }
  });

  it('expires, and belongs to the client that sent it', async () => {
    const user = await shop.create({ email: freshEmail() });
    const asked = { channel: 'direct', identifier: user.user_id, identifier_type: 'user_id' };
    const entered = { identifier: user.user_id, identifier_type: 'user_id' };
    const { body } = await send({ ...asked, expires_in: 1 });
    const stranger = await newApp();
    const stolen = await auth('otp/authenticate', { ...entered, passcode: body.code as string }, stranger);
    expect(stolen.status).toBe(400);
    await database.query(`update one_time_codes set expires_at = 1 where user_id = '${user.user_id}'`);
    expect(await enter(user.user_id, 'user_id', body.code as string)).toMatchObject({
      status: 400,
      body: { error_code: 'auth_otp_passcode_expired' },
    });
  });

  it('goes to nobody who is not there, has no such address or is disabled', async () => {
    const bare = await shop.create({ username: freshEmail() });
    const by = { identifier: bare.username, identifier_type: 'username' };
    for (const [body, status, error_code] of [
      [{ channel: 'email', identifier: freshEmail(), identifier_type: 'email' }, 404, 'user_not_found'],
      [{ channel: 'email', ...by }, 404, 'user_email_address_missing'],
      [{ channel: 'sms', ...by }, 404, 'user_phone_number_missing'],
    ] as const) {
      expect(await send(body)).toMatchObject({ status, body: { error_code } });
    }
    const custom_email = freshEmail();
    expect((await send({ channel: 'email', ...by, custom_email })).status).toBe(200);
    expectTokens(await enter(bare.username!, 'username', deliveries.codeFor(custom_email)));
    await shop.update(bare.user_id, { status: 'Disabled' });
    expect(await send({ channel: 'direct', ...by })).toMatchObject({
      status: 403,
      body: { error_code: 'user_not_active' },
    });
  });

  it('joins a session as a second factor, and no other user’s', async () => {
    const phone_number = freshPhone();
    const user = await withPassword({ phone_number });
    const { session_id } = expectTokens(await signIn(user.username!));
    await send({ channel: 'sms', identifier: phone_number, identifier_type: 'phone_number' });
    const code = deliveries.codeFor(phone_number);
    expect(await enter(phone_number, 'phone_number', code, { session_id: 'none' })).toMatchObject({
      status: 400,
      body: { error_code: 'session_not_found' },
    });
    // The code was not used up by it.
    const both = expectTokens(await enter(phone_number, 'phone_number', code, { session_id }));
    expect(both.session_id).toBe(session_id);
    expect(decodeJwt(both.id_token).amr).toEqual(['pwd', 'sms', 'mfa']);
    const stranger = await withPassword();
    expect(await signIn(stranger.username!, PASSWORD, { session_id })).toMatchObject({
      status: 400,
      body: { error_code: 'session_not_found' },
    });
  });

  it('sends ten messages to one address in ten minutes, and no more', async () => {
    const email = freshEmail();
    await shop.create({ email });
    const asked = { channel: 'email', identifier: email, identifier_type: 'email' };
    for (let n = 0; n < 10; n += 1) expect((await send(asked)).status).toBe(200);
    const refused = await send(asked);
    expect(refused).toMatchObject({ status: 429, body: { error_code: 'too_many_requests' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(500);
    expect(deliveries.emails.filter(({ to }) => to === email)).toHaveLength(10);
  });

  it.each(['link/email/send', 'links/email', 'otp/email'])('counts those of %s with the others', async (route) => {
    const email = freshEmail();
    await shop.create({ email });
    const ask = () => auth(route, { email, redirect_uri: REDIRECT });
    for (let n = 0; n < 9; n += 1) await send({ channel: 'email', identifier: email, identifier_type: 'email' });
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 429]);
    expect(deliveries.emails.filter(({ to }) => to === email)).toHaveLength(10);
  });
});

it('a message that no server takes is told as not sent, and goes nowhere else', async () => {
  const got: string[] = [];
  const gateway = createServer((request, response) => {
    got.push(request.url!);
    response.writeHead(request.url === '/busy' ? 500 : 307, { location: '/elsewhere' }).end();
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  const email = freshEmail();
  await shop.create({ email, phone_number: freshPhone() });
  for (const [path, channel] of [
    ['/busy', 'sms'],
    ['/moved', 'sms'],
    ['/busy', 'email'],
  ] as const) {
    const delivery = { smsUrl: url + path, smtpUrl: 'smtp://127.0.0.1:1' };
    const another = await startTestTenant({ storage: { databaseUrl: database.url }, instances: 1, delivery });
    const name = { identifier: email, identifier_type: 'email' };
    const answer = await another.send('POST', '/cis/v1/auth/otp/send', { channel, ...name });
    expect(answer, channel).toMatchObject({
      status: 400,
      body: { error_code: 'external_provider_configuration_error' },
    });
    await another.close();
  }
  expect(got).toEqual(['/busy', '/moved']);
  await new Promise((resolve) => gateway.close(resolve));
});

describe('an email link', () => {
  it('leads to the redirect URI with a code that signs the user in, once', async () => {
    const email = freshEmail();
    const user = await shop.create({ email, language: 'fr' });
    const content = { subject: 'Bienvenue', bodyText: 'Par <ici>', senderName: 'La boutique', primaryColor: '#123456' };
    const sent = await auth('link/email/send', { email, redirect_uri: REDIRECT, state: 'a&b', email_content: content });
    expect(sent).toMatchObject({ status: 200, body: { message: 'Email sent' } });
    const received = deliveries.emails.at(-1)!;
    expect(received).toMatchObject({ to: email, subject: 'Bienvenue', from: expect.stringContaining('La boutique') });
    expect(received.html).toContain('Par &lt;ici&gt;');
    const link = deliveries.linkFor(email);
    expect(link.href.startsWith(`${REDIRECT}?`)).toBe(true);
    expect(link.searchParams.get('state')).toBe('a&b');
    const code = link.searchParams.get('code')!;
    expectTokens(await auth('link/email/authenticate', { code }));
    expect(await shop.get(user.user_id)).toMatchObject({
      email: { email_verified: true },
      identities: [{ provider_name: 'Email Magic Link', auth_type: 'email_magic_link', identifier: email }],
    });
    const again = await auth('link/email/authenticate', { code });
    expect(again).toMatchObject({ status: 400, body: { error_code: '400' } });
    expect(again.headers.get('x-error-code')).toBe('auth_invalid_code');
  });

  it('given directly proves nothing but itself, with the request ID that came with it', async () => {
    const email = freshEmail();
    const user = await shop.create({ email });
    const asked = { email, redirect_uri: REDIRECT, channel: 'direct', generate_request_id: true };
    const { code, request_id } = (await auth('link/email/send', asked)).body as Record<string, string>;
    expect(deliveries.emails.filter(({ to }) => to === email)).toEqual([]);
    expect((await auth('link/email/authenticate', { code })).status, 'without the request ID').toBe(400);
    expectTokens(await auth('link/email/authenticate', { code, request_id }));
    expect(await shop.get(user.user_id)).toMatchObject({
      email: { email_verified: false },
      identities: [{ auth_type: 'email_magic_link' }],
    });
  });

  it('goes to the email of whoever is named, and joins a session as a second factor', async () => {
    const email = freshEmail();
    const user = await withPassword({ email });
    const { session_id } = expectTokens(await signIn(user.username!));
    const asked = { identifier: user.username, identifier_type: 'username', redirect_uri: REDIRECT };
    expect((await auth('link/email/send', asked)).status).toBe(200);
    const code = deliveries.linkFor(email).searchParams.get('code')!;
    expect((await auth('link/email/authenticate', { code, session_id: 'none' })).status).toBe(400);
    // The code was not used up by it.
    const both = expectTokens(await auth('link/email/authenticate', { code, session_id }));
    expect(both.session_id).toBe(session_id);
    expect(decodeJwt(both.id_token).amr).toEqual(['pwd', 'otp', 'mfa']);
    const { username: identifier } = await withPassword();
    expect((await auth('link/email/send', { ...asked, identifier })).status, 'who has no email').toBe(404);
  });

  it('is good for as long as was asked, and until another one takes its place', async () => {
    const email = freshEmail();
    const { user_id } = await shop.create({ email });
    const code = async (more: object = {}) => {
      expect((await auth('link/email/send', { email, redirect_uri: REDIRECT, ...more })).status).toBe(200);
      return deliveries.linkFor(email).searchParams.get('code')!;
    };
    const status = async (code: string) => (await auth('link/email/authenticate', { code })).status;
    const short = await code({ email_expiration: 1 });
    await database.query(`update one_time_codes set expires_at = expires_at - 60000 where user_id = '${user_id}'`);
    expect(await status(short), 'a minute later').toBe(400);
    const [first, second] = [await code(), await code()];
    expect(await status(first)).toBe(400);
    // Of many that follow it at once, one is let in.
    const statuses = await Promise.all(Array.from({ length: 5 }, () => status(second)));
    expect(statuses.sort()).toEqual([200, 400, 400, 400, 400]);
  });

  it('goes to nobody who is not there or is disabled', async () => {
    const email = freshEmail();
    const asked = { email, redirect_uri: REDIRECT };
    expect(await auth('link/email/send', asked)).toMatchObject({ status: 404, body: { error_code: '404' } });
    const { user_id } = await shop.create({ email });
    await shop.update(user_id, { status: 'Disabled' });
    expect(await auth('link/email/send', asked)).toMatchObject({ status: 403, body: { error_code: '403' } });
  });

  it('goes to no address that the client has not named', async () => {
    const email = freshEmail();
    await shop.create({ email });
    for (const redirect_uri of ['https://evil.example.com', `${REDIRECT}/`, `${REDIRECT}?x=1`]) {
      const answer = await auth('link/email/send', { email, redirect_uri });
      expect(answer).toMatchObject({
        status: 400,
        body: { error_code: '400', message: expect.stringMatching(/^redirect_uri must be one/) },
      });
    }
  });
});
