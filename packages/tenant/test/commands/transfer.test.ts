import fc from 'fast-check';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshDatabase } from '../freshDatabase.ts';
import { freshEmail, makeClient } from '../testTenant.ts';
import { run, start, withTenant } from './transfers.ts';

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'tessera-transfer-'));
});
afterAll(() => rm(work, { recursive: true, force: true }));

it('imports the good lines, tells the bad ones by number, and exports what it has', async () => {
  const database = await freshDatabase();
  const [file, out] = [path.join(work, 'users.ndjson'), path.join(work, 'out.ndjson')];
  const ada = {
    user_id: 'ada-1',
    email: 'ada@example.com',
    secondary_emails: ['countess@example.com'],
    phone_number: '+12125550101',
    name: { first_name: 'Ada' },
    address: { city: 'London', type: 'Home' },
    custom_data: { a: [1, null] },
    custom_app_data: { b: 'x' },
    external_account_id: 'acc',
    status: 'Active',
    last_auth: '2026-01-31T09:30:00.000Z',
    verified_emails: ['ada@example.com'],
    verified_phone_numbers: ['+12125550101'],
  };
  const lines = [
    JSON.stringify(ada),
    '{"email":',
    '',
    JSON.stringify({ email: 'ADA@example.com' }),
    JSON.stringify({ email: 'bob@example.com', nickname: 'B' }),
    JSON.stringify({ language: 'en' }),
    JSON.stringify({ user_id: 'ada-1', email: 'twin@example.com' }),
    // A carriage return alone is white space, and ends no line.
    JSON.stringify({ email: 'eve@example.com', credentials: { password: 'correct horse' } }).replace(',', ',\r'),
    JSON.stringify({ email: 'long@example.com', custom_data: { text: 'x'.repeat(1024 * 1024) } }),
  ];
  await writeFile(file, lines.join('\n'));
  const imported = await run(database, 'import', file);
  expect(imported.code).toBe(1);
  expect(imported.stdout).toMatch(/^2 users imported, 6 bad lines, in [\d.]+ s\.\n$/);
  expect(imported.stderr.split('\n').filter((line) => line.startsWith('line '))).toEqual([
    expect.stringMatching(/^line 2: is not valid JSON/),
    'line 4: email is taken: Another user has this email',
    'line 5: nickname is not a known property',
    expect.stringMatching(/^line 6: email, phone_number, username or external_user_id is required/),
    'line 7: user_id is on another line, too',
    'line 9: is longer than 1 MB',
  ]);

  await withTenant(database, async (client) => {
    const { body } = await client.send(
      'GET',
      '/cis/v1/users/identifier?identifier_name=email&identifier_value=countess@example.com',
    );
    expect(body.result).toMatchObject({
      user_id: 'ada-1',
      email: { value: 'ada@example.com', email_verified: true },
      secondary_emails: [{ value: 'countess@example.com', email_verified: false }],
      phone_number: { phone_number_verified: true },
      custom_app_data: { b: 'x' },
      status: 'Active',
    });
    const eve = (await client.send('GET', '/cis/v1/users/email/eve@example.com')).body.result;
    expect(eve.password_information.temporary).toBe(true);
    // What another application keeps of a user is not exported.
    const other = (await client.send('POST', '/cis/v1/applications', { app_name: 'Other' })).body.result;
    const another = await makeClient(client.url, { clientId: other.client_id, clientSecret: other.client_secret });
    for (const user_id of ['ada-1', eve.user_id]) {
      expect((await another.update(user_id, { custom_app_data: { theirs: true } })).status).toBe(200);
    }
  });

  expect(await run(database, 'export', out)).toMatchObject({
    code: 0,
    stdout: '',
    stderr: '2 users exported.\n',
  });
  const exported = await readFile(out, 'utf8');
  const users = exported
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(users).toContainEqual(ada);
  expect(exported).not.toMatch(/argon2|correct horse|theirs/);

  const [copy, again] = [await freshDatabase(), path.join(work, 'again.ndjson')];
  expect((await run(copy, 'import', out)).code).toBe(0);
  await run(copy, 'export', again);
  expect(await readFile(again, 'utf8')).toBe(exported);

  const twice = await run(copy, 'import', out);
  expect(twice.stdout).toMatch(/^0 users imported, 2 bad lines/);
  expect(twice.stderr.match(/^line \d: user_id is taken/gm)).toHaveLength(2);
});

it('leaves nothing of a line that it refuses, and keeps who acts for whom', async () => {
  const database = await freshDatabase();
  const file = path.join(work, 'actors.ndjson');
  const acting = { delegated_access: { actor_id: 'actor', permissions: ['read'] } };
  const lines = [
    { user_id: 'actor', email: 'actor@example.com' },
    { user_id: 'child', username: 'child', ...acting },
    { user_id: 'refused', email: 'ACTOR@example.com', username: 'free', external_user_id: 'free' },
  ];
  // A file may begin with a mark of its encoding.
  await writeFile(file, `\uFEFF${lines.map((line) => JSON.stringify(line)).join('\n')}`);
  expect((await run(database, 'import', file)).stdout).toMatch(/^2 users imported, 1 bad lines/);
  await withTenant(database, async (client) => {
    await client.create({ username: 'free', external_user_id: 'free' });
    for (const id of ['actor', 'child']) {
      const { body } = await client.send('GET', `/cis/v1/users/${id}/history`);
      expect(body.result).toMatchObject([{ version: 1 }]);
    }
    expect((await client.send('DELETE', '/cis/v1/manage/users/actor')).status).toBe(204);
    expect((await client.get('child')).delegated_access).toBeUndefined();
  });
});

it('goes on where it was stopped or killed, and imports each line once', async () => {
  const [database, file] = [await freshDatabase(), path.join(work, 'many.ndjson')];
  const count = 12_000;
  await writeFile(file, Array.from({ length: count }, (_, n) => `{"email":"many${n}@example.com"}\n`).join(''));
  await withTenant(database, async (client) => {
    const stored = async () => (await client.send('GET', '/cis/v1/users/count')).body.result.user_count as number;
    const stopped = start(database, 'import', file);
    while ((await stored()) < 1000) await delay(10);
    stopped.child.kill('SIGTERM');
    expect(await stopped.ended).toBe(1);
    expect(stopped.stdout()).toMatch(/Stopped before the end: the same command goes on from here\.\n$/);
    const before = await stored();
    const first = start(database, 'import', file);
    while ((await stored()) < before + 1000) await delay(10);
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    expect(first.stdout()).toBe('');
    const second = await run(database, 'import', file);
    expect(second.stderr).not.toMatch(/^line /m);
    expect(second.stdout).toMatch(/^Went on after line \d+000\.\n/);
    expect(second.code).toBe(0);
    expect(await stored()).toBe(count);

    // Another file of the same name begins from its beginning.
    await writeFile(file, Array.from({ length: count }, (_, n) => `{"email":"more${n}@example.com"}\n`).join(''));
    const third = start(database, 'import', file);
    while ((await stored()) < count + 1000) await delay(10);
    third.child.kill('SIGTERM');
    expect(await third.ended).toBe(1);
    await writeFile(file, '{"email":"last@example.com"}\n');
    expect((await run(database, 'import', file)).stdout).toMatch(/^1 users imported, 0 bad lines/);
  });
});

it('says what is wrong with the command', async () => {
  const database = await freshDatabase();
  expect(await run(database, 'import')).toMatchObject({ code: 1, stderr: 'import needs the file to read.\n' });
  expect(await run(database, 'import', '/nowhere')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/\/nowhere cannot be read/),
  });
  expect((await run(database, 'serve')).stderr).toMatch(/There is no command "serve"/);
});

it('an export that is imported and exported again is the same, whatever the users hold', async () => {
  const [from, to] = [await freshDatabase(), await freshDatabase()];
  const [first, second] = [path.join(work, 'first.ndjson'), path.join(work, 'second.ndjson')];
  const text = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).filter((value) => !/\p{Cc}/u.test(value));
  const people = fc.array(
    fc.record(
      {
        name: fc.record({ first_name: text.filter((value) => [...value].length <= 30) }),
        language: text,
        custom_data: fc.dictionary(text, fc.jsonValue()),
        custom_app_data: fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.integer())),
        birthday: fc.constant('1990-01-31'),
      },
      { requiredKeys: [] },
    ),
    { minLength: 30, maxLength: 30 },
  );
  await withTenant(from, async (client) => {
    // U+2028 ends a line for some who read lines.
    await client.create({ email: 'separator@example.com', name: { first_name: 'a\u2028b' } });
    const many = await client.create({ email: 'many@example.com', secondary_emails: emails(0, 50) });
    await client.update(many.user_id, { secondary_emails: emails(50, 100) });
    let made = 0;
    for (const [n, person] of fc.sample(people, { numRuns: 1, seed: 7 })[0]!.entries()) {
      const { status } = await client.send('POST', '/cis/v1/users', { email: `p${n}@example.com`, ...person });
      // Some of what is drawn breaks a rule.
      expect([201, 400]).toContain(status);
      if (status === 201) made += 1;
    }
    expect(made).toBeGreaterThan(10);
  });
  await writeFile(first, 'what was there', { mode: 0o644 });
  expect((await run(from, 'export', first)).code).toBe(0);
  expect((await stat(first)).mode & 0o777).toBe(0o600);
  const imported = await run(to, 'import', first);
  expect(imported.stderr).not.toMatch(/^line /m);
  expect(imported.code).toBe(0);
  await run(to, 'export', second);
  expect(await readFile(second, 'utf8')).toBe(await readFile(first, 'utf8'));
});

const emails = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => `also${from + n}@example.com`);

it('refuses user IDs that no route reaches, and says where it cannot write', async () => {
  const database = await freshDatabase();
  const file = path.join(work, 'reserved.ndjson');
  const ids = ['bulk', 'count', '..', 'email', 'me'];
  await writeFile(file, ids.map((user_id, n) => JSON.stringify({ user_id, email: `r${n}@example.com` })).join('\n'));
  const { stdout, stderr } = await run(database, 'import', file);
  expect(stdout).toMatch(/^0 users imported, 5 bad lines/);
  expect(stderr.match(/user_id must not be/g)).toHaveLength(5);
  const nowhere = await run(database, 'export', path.join(work, 'nowhere/out'));
  expect(nowhere.code).toBe(1);
  expect(nowhere.stderr).toMatch(/cannot be written: /);
  expect(nowhere.stderr).not.toMatch(/at .*\.ts:/);
});

it('writes to a pipe as it is, and reads no directory', async () => {
  const database = await freshDatabase();
  const user = await withTenant(database, (client) => client.create({ email: freshEmail() }));
  const pipe = path.join(work, 'pipe');
  await promisify(execFile)('mkfifo', [pipe]);
  const [{ stdout }, { code }] = await Promise.all([promisify(execFile)('cat', [pipe]), run(database, 'export', pipe)]);
  expect(code).toBe(0);
  expect(stdout).toContain(user.email!.value);
  expect((await stat(pipe)).isFIFO()).toBe(true);
  for (const command of ['import', 'restore']) {
    const { code: failed, stderr } = await run(database, command, work);
    expect({ failed, stderr }).toEqual({ failed: 1, stderr: `${work} cannot be read: it is a directory\n` });
  }
  const named = await run(database, 'applications', 'create', 'a\tb');
  expect(named).toMatchObject({ code: 1, stderr: 'NAME must be one line of 1 to 255 characters.\n' });
  await database.drop();
});

it('a user who was deleted may be imported again, and deleted again', async () => {
  const [database, file] = [await freshDatabase(), path.join(work, 'returns.ndjson')];
  await withTenant(database, async (client) => {
    const deletions: { user_id: string; deleted_at: number }[][] = [];
    for (const email of ['first@example.com', 'second@example.com']) {
      await writeFile(file, JSON.stringify({ user_id: 'returns', email }));
      expect((await run(database, 'import', file)).code).toBe(0);
      expect((await client.get('returns')).email!.value).toBe(email);
      expect((await client.send('DELETE', '/cis/v1/manage/users/returns')).status).toBe(204);
      deletions.push((await client.send('GET', '/cis/v1/manage/deleted-users')).body.result as (typeof deletions)[0]);
    }
    expect(deletions[1]).toMatchObject([{ user_id: 'returns' }]);
    expect(deletions[1]![0]!.deleted_at).toBeGreaterThan(deletions[0]![0]!.deleted_at);
  });
  await database.drop();
});
