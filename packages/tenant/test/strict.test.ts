import fc from 'fast-check';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREDENTIALS, freshEmail, startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());

const search = (text: string) =>
  tenant.send('GET', `/cis/v1/users?${new URLSearchParams({ search: text }).toString()}`);

const idsOf = (body: any): string[] => (body.result as { user_id: string }[]).map(({ user_id }) => user_id);

/** Sends bytes as a body. */
async function sendBytes(method: string, path: string, body: Buffer, type = 'application/json') {
  const answer = await fetch(tenant.url + path, {
    method,
    headers: { authorization: `Bearer ${tenant.token}`, 'content-type': type },
    body: new Uint8Array(body),
  });
  return { status: answer.status, body: (await answer.json()) as { message: string[] } };
}

describe('keys', () => {
  /** Asks for a user, and gives the JSON of its custom data as it came, since this process reads keys wrongly as well. */
  const written = async (method: string, path: string, body?: string): Promise<string> => {
    const answer = await fetch(tenant.url + path, {
      method,
      headers: { authorization: `Bearer ${tenant.token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body }),
    });
    const text = await answer.text();
    return /"custom_data":(\{[^}]*\})/.exec(text)?.[1] ?? text;
  };

  it('are kept as they were written, whatever keys were read before', async () => {
    const create = (custom: string) =>
      written('POST', '/cis/v1/users', `{"email":"${freshEmail()}","custom_data":${custom}}`);
    // V8 takes each of these for the one before it.
    const pairs = [
      [String.raw`{"a":1,"\\":2}`, String.raw`{"a":1,"\"":2}`],
      [String.raw`{"b":1,"\\":2}`, String.raw`{"b":1,"\n":2}`],
      [String.raw`{"c":1,"x\\":2}`, String.raw`{"c":1,"x\"":2}`],
      [String.raw`{"d":1,"\\\"":2}`, String.raw`{"d":1,"\"\\":2}`],
    ];
    for (const [before, after] of pairs as [string, string][]) {
      expect(await create(before)).toBe(before);
      expect(await create(after)).toBe(after);
    }
    const { user_id: first } = await tenant.create({ email: freshEmail() });
    const { user_id: second } = await tenant.create({ email: freshEmail() });
    await written('PUT', `/cis/v1/users/${first}`, String.raw`{"custom_data":{"!":1,"\\":2}}`);
    await written('PUT', `/cis/v1/users/${second}`, String.raw`{"custom_data":{"!":1,"\"":2}}`);
    await written('GET', `/cis/v1/users/${first}`);
    expect(await written('GET', `/cis/v1/users/${second}`)).toBe(String.raw`{"!":1,"\"":2}`);
  });

  it('that are there twice, or mean something to JavaScript, are refused however they are written', async () => {
    const { user_id } = await tenant.create({ email: freshEmail() });
    const update = (custom: string) => tenant.send('PUT', `/cis/v1/users/${user_id}`, `{"custom_data":${custom}}`);
    // As which the last one would be read otherwise.
    await tenant.create({ email: freshEmail(), custom_data: { a: 1, '\\u005f_pr': 2 } });
    for (const [custom, reason] of [
      [String.raw`{"a\"b":1,"a\u0022b":2}`, 'custom_data.a"b must not appear twice'],
      [String.raw`{"ab":1,"a\u0062":2}`, 'custom_data.ab must not appear twice'],
      [String.raw`{"a":1,"\u005f_proto__":{}}`, 'custom_data.__proto__ is not allowed as a name'],
      ['{"n":1e-400}', 'custom_data.n must not be a number that loses digits as a double: send it as text'],
    ] as const) {
      const { status, body } = await update(custom);
      expect({ status, message: body.message }).toEqual({ status: 400, message: [reason] });
    }
    const large = await update(String.raw`{"\\":1,"a":[${'1,'.repeat(200_000)}1]}`);
    expect(large).toMatchObject({
      status: 400,
      body: { message: ['custom_data.a[50001] is one of more than 50000 items of one array'] },
    });
    const { body } = await update(String.raw`{"0":1,"\"":{"\t":[{"\\":2}]}}`);
    expect(body.result.custom_data).toEqual({ 0: 1, '"': { '\t': [{ '\\': 2 }] } });
  });
});

describe('a search', () => {
  it.each([
    ['CORP\\ada', '"CORP\\\\ada"'],
    ['C:\\x\\', '"C:\\\\x\\\\"'],
    ['café', '"caf\\u00e9"'],
    ['12345678901234567001', '12345678901234567001'],
  ])('reads text as JSON does, and numbers by their digits: %s', async (external_user_id, written) => {
    const user = await tenant.create({ email: freshEmail(), external_user_id });
    // One that differs in the last digit.
    await tenant.create({ email: freshEmail(), external_user_id: `${external_user_id.slice(0, -1)}0` });
    const { body } = await search(`External_User_ID eq ${written}`);
    expect(idsOf(body)).toEqual([user.user_id]);
  });

  it('compares numbers of any size', async () => {
    const mark = freshEmail();
    const make = async (n: unknown) =>
      (await tenant.create({ email: freshEmail(), external_account_id: mark, custom_app_data: { n } })).user_id;
    const [large, five, tiny] = [await make(1e100), await make(5), await make(1e-200)];
    const at = async (condition: string) =>
      idsOf((await search(`external_account_id eq "${mark}" and custom_app_data.n ${condition}`)).body).sort();
    expect(await at('eq 1e100')).toEqual([large]);
    expect(await at('lt 1e100')).toEqual([five, tiny].sort());
    expect(await at('gt 1e-200')).toEqual([large, five].sort());
    expect(await at(`eq 1${'0'.repeat(100)}`)).toEqual([large]);
  });

  it('takes the beginning of an email in any form, and no host for what it is not', async () => {
    const name = `jos${Date.now()}`;
    const { user_id } = await tenant.create({ email: `${name}\u00e9@b\u00fccher.de` });
    const prefixed = async (search_prefix: string) =>
      idsOf((await tenant.send('GET', `/cis/v1/users?${new URLSearchParams({ search_prefix }).toString()}`)).body);
    for (const prefix of [`${name}e\u0301`, `${name}\u00e9@b\u00fccher.de`]) {
      expect(await prefixed(prefix)).toEqual([user_id]);
      expect(idsOf((await search(`email sw "${prefix}"`)).body)).toEqual([user_id]);
    }
    for (const host of ['xn--\u00fc', '\u0301', 'b\u0644a']) {
      expect(idsOf((await search(`email sw "${name}\u00e9@${host}"`)).body)).toEqual([]);
    }
  });

  it('takes negative numbers and exponents in brackets and out of them', async () => {
    const { user_id } = await tenant.create({ email: freshEmail(), custom_app_data: { n: -5, m: 100_000 } });
    const { body } = await search('(custom_app_data.n eq -5) and custom_app_data.m eq 1e+5');
    expect(idsOf(body)).toEqual([user_id]);
  });

  it('knows no 30 February', async () => {
    expect((await search('created_at gt "2025-02-30"')).status).toBe(400);
  });

  it('is answered whatever its characters are', async () => {
    const hostile = [
      `status eq "${'\n'.repeat(8000)}`,
      '('.repeat(8192),
      `email eq "${'\\'.repeat(8181)}`,
      `${'email pr or '.repeat(680)}email pr`,
      'a'.repeat(8192),
      `${'not '.repeat(40)}email pr`,
      `status eq "\\u0000"`,
    ];
    const words = fc.constantFrom(
      'email',
      'eq',
      'pr',
      'and',
      'or',
      'not',
      '(',
      ')',
      '"',
      '\\',
      '"a"',
      ' ',
      '\n',
      '[',
      '1e5',
      '-',
    );
    const texts = fc.oneof(
      fc.array(words, { maxLength: 2000 }).map((list) => list.join('').slice(0, 8192)),
      fc.string({ maxLength: 8192, unit: 'binary' }),
    );
    for (const text of hostile) expect([200, 400]).toContain((await search(text)).status);
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect([200, 400]).toContain((await search(text)).status);
      }),
      { numRuns: 150 },
    );
  });
});

describe('what cannot be kept as it is, is refused by its name', () => {
  it('text in another encoding', async () => {
    const { user_id } = await tenant.create({ email: freshEmail(), language: 'fr' });
    const answer = await sendBytes('PUT', `/cis/v1/users/${user_id}`, Buffer.from('{"language":"Ren\xe9"}', 'latin1'));
    expect(answer).toMatchObject({ status: 400, body: { message: ['The body is not valid UTF-8'] } });
    const declared = await sendBytes(
      'PUT',
      `/cis/v1/users/${user_id}`,
      Buffer.from('{}'),
      'application/json; charset=iso-8859-1',
    );
    expect(declared.status).toBe(415);
    expect((await tenant.get(user_id)).language).toBe('fr');
  });

  it.each(['7615917337495251231', '0.12345678901234567891', '1e400', '123456789012345678901234567890'])(
    'a number that would lose digits: %s',
    async (number) => {
      const body = `{"email":"${freshEmail()}","custom_data":{"a":[{"id":${number}}]}}`;
      const answer = await tenant.send('POST', '/cis/v1/users', body);
      expect(answer.status).toBe(400);
      expect(answer.body.message[0]).toMatch(/^custom_data/);
    },
  );

  it.each([
    ['{"language":"fr","language":"en"}', 'language'],
    ['{"custom_data":{"a":[{"x \\"{\\" y":1},{"b":1,"c":{},"\\u0062":2}]}}', 'custom_data.a[1].b'],
    ['{"custom_data" : {"a":"}"}, "custom_data"\n:{"b":1}}', 'custom_data'],
  ])('a key that is there twice: %s', async (body, key) => {
    const { user_id } = await tenant.create({ email: freshEmail(), language: 'sv' });
    const { status, body: refusal } = await tenant.send('PUT', `/cis/v1/users/${user_id}`, body);
    expect({ status, message: refusal.message }).toEqual({ status: 400, message: [`${key} must not appear twice`] });
    expect(await tenant.get(user_id)).toMatchObject({ language: 'sv' });
  });

  it('and any object whose keys differ is kept', async () => {
    const { user_id } = await tenant.create({ email: freshEmail() });
    const data = fc.object({ key: fc.string({ maxLength: 8 }), maxDepth: 3, withNullPrototype: false });
    await fc.assert(
      fc.asyncProperty(data, async (a) => {
        const sent = JSON.stringify({ custom_data: { a } });
        const { status } = await tenant.send('PUT', `/cis/v1/users/${user_id}`, sent);
        fc.pre(!/__proto__|constructor|\\u0000/.test(sent));
        expect(status, sent).toBe(200);
      }),
      { numRuns: 100 },
    );
  });

  it('and every number that loses none is kept', async () => {
    const { user_id } = await tenant.create({ email: freshEmail() });
    await fc.assert(
      fc.asyncProperty(fc.double({ noNaN: true, noDefaultInfinity: true }), async (n) => {
        const { status, body } = await tenant.update(user_id, { custom_data: { n } });
        expect({ status, n: body.result?.custom_data.n }).toEqual({ status: 200, n: n === 0 ? 0 : n });
      }),
      { numRuns: 50 },
    );
  });

  it('a NUL, wherever it comes', async () => {
    expect((await tenant.send('GET', '/cis/v1/users?search_prefix=%00')).status).toBe(400);
    const body = `grant_type=client_credentials&client_id=%00&client_secret=${CREDENTIALS.clientSecret}`;
    const answer = await fetch(`${tenant.url}/oidc/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    expect(answer.status).toBe(400);
  });
});

describe('nothing is taken silently', () => {
  it('a parameter, a body or a version that the operation does not know', async () => {
    const user = await tenant.create({ email: freshEmail() });
    const path = `/cis/v1/manage/users/${user.user_id}`;
    expect((await tenant.send('DELETE', `${path}?dry_run=true`)).status).toBe(400);
    expect((await tenant.send('DELETE', path, { dry_run: true })).status).toBe(400);
    expect((await tenant.send('DELETE', path, undefined, { 'if-match': '"7"' })).status).toBe(412);
    expect((await tenant.send('POST', '/cis/v1/groups', { name: freshEmail() }, { 'if-match': '"7"' })).status).toBe(
      400,
    );
    expect(await tenant.get(user.user_id)).toEqual(user);
    expect((await tenant.send('DELETE', path, {}, { 'if-match': '"1"' })).status).toBe(204);
  });

  it('a form where JSON is wanted, or JSON where a form is', async () => {
    const { user_id } = await tenant.create({ email: freshEmail() });
    const form = await sendBytes(
      'PUT',
      `/cis/v1/users/${user_id}`,
      Buffer.from('language=en&password=hunter2'),
      'application/x-www-form-urlencoded',
    );
    expect(form.status).toBe(415);
    expect(JSON.stringify(form.body)).not.toContain('hunter2');
    const json = await sendBytes('POST', '/oidc/token', Buffer.from('{"grant_type":"client_credentials"}'));
    expect(json.status).toBe(400);
  });
});

describe('one form of each identifier', () => {
  it('usernames are compared by RFC 8265, and shown as they were given', async () => {
    const user = await tenant.create({ email: freshEmail(), username: 'Ada Lovelace' });
    for (const same of ['ada lovelace', 'ＡＤＡ lovelace']) {
      const answer = await tenant.send('POST', '/cis/v1/users', { email: freshEmail(), username: same });
      expect(answer.status).toBe(409);
      const found = await tenant.send('GET', `/cis/v1/users/username/${encodeURIComponent(same)}`);
      expect(found.body.result).toMatchObject({ user_id: user.user_id, username: 'Ada Lovelace' });
    }
    const composed = await tenant.create({ email: freshEmail(), username: 'zoe\u0301' });
    expect((await tenant.send('GET', '/cis/v1/users/username/zo%C3%A9')).body.result.user_id).toBe(composed.user_id);
    for (const bad of [' ada', 'ada ', 'a  b', 'a\u200db', 'a\u00adb', 'ﬁ', '\u2460']) {
      expect((await tenant.send('POST', '/cis/v1/users', { email: freshEmail(), username: bad })).status).toBe(400);
    }
  });

  it('emails may be international, and their hosts are compared in one form', async () => {
    const user = await tenant.create({ email: 'Jürgen@Bücher.example' });
    expect(user.email!.value).toBe('jürgen@xn--bcher-kva.example');
    const again = await tenant.send('POST', '/cis/v1/users', { email: 'jürgen@xn--BCHER-kva.example' });
    expect(again.status).toBe(409);
    const path = `/cis/v1/users/email/${encodeURIComponent('jürgen@bücher.example')}`;
    expect((await tenant.send('GET', path)).body.result.user_id).toBe(user.user_id);
  });

  it('a phone number is taken in its E.164 form alone', async () => {
    await tenant.create({ phone_number: '+442079016644' });
    expect((await tenant.send('POST', '/cis/v1/users', { phone_number: '+4402079016644' })).status).toBe(400);
  });
});

it('passwords have one policy, counted in characters, on every route', async () => {
  const { user_id } = await tenant.create({ email: freshEmail() });
  const path = `/cis/v1/users/${user_id}/password`;
  const emoji = '🔑'.repeat(7);
  expect((await tenant.send('POST', path, { password: emoji })).body.error_code).toBe('auth_password_weak');
  expect((await tenant.send('POST', path, { password: `${emoji}🔒` })).status).toBe(201);
  expect((await tenant.send('PUT', path, { password: 'a' })).body.error_code).toBe('auth_password_weak');
  expect((await tenant.update(user_id, { credentials: { password: emoji } })).status).toBe(400);
});

it('one bad item of many fails alone', async () => {
  const users = await Promise.all([1, 2, 3].map(() => tenant.create({ email: freshEmail() })));
  const updates = users.map(({ user_id }) => ({ user_id, language: 'en' }));
  const bad = ['a\u0000', 'a\ud800', 'x'.repeat(256), 7, null].map((user_id) => ({ user_id, language: 'en' }));
  const { status, body } = await tenant.send('PUT', '/cis/v1/users/bulk', { updates: [...bad, ...updates, null] });
  expect({ status, succeeded: body.result.succeeded, failed: body.result.failed }).toEqual({
    status: 200,
    succeeded: 3,
    failed: 6,
  });
});

describe('a client that still writes sees why it is refused', () => {
  const MEGABYTE = 1024 * 1024;
  it.each([
    ['too large', 20 * MEGABYTE, 'keep-alive', 413, true],
    ['too large, and the last of its connection', 20 * MEGABYTE, 'close', 413, true],
    ['without a right', 5 * MEGABYTE, 'keep-alive', 401, false],
    ['without a right, and the last of its connection', 5 * MEGABYTE, 'close', 401, false],
  ])('%s', async (_what, size, connection, status, secret) => {
    const socket = connect(Number(new URL(tenant.url).port), '127.0.0.1');
    let said = '';
    const ended = new Promise<void>((resolve, reject) => {
      socket.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (connection !== 'close') resolve();
      });
      socket.on('close', () => resolve());
      socket.on('error', reject);
    });
    const authorization = secret ? `Authorization: Bearer ${tenant.token}\r\n` : '';
    socket.write(
      `POST /cis/v1/users HTTP/1.1\r\nHost: x\r\n${authorization}Connection: ${connection}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${size}\r\n\r\n`,
    );
    const piece = Buffer.alloc(64 * 1024, 'x');
    for (let sent = 0; sent < size; sent += piece.length) {
      await new Promise<void>((resolve, reject) => socket.write(piece, (error) => (error ? reject(error) : resolve())));
    }
    await ended;
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(/^connection: close/im.test(said)).toBe(connection === 'close');
    socket.destroy();
  });
});
