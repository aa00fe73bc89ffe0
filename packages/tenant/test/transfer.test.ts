import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTenant } from '@tessera/tenant';
import { pino } from 'pino';
import { CREDENTIALS, makeClient } from './testTenant.ts';

const MAIN = path.resolve(import.meta.dirname, '../src/main.ts');

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'tessera-transfer-'));
});
afterAll(() => rm(work, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

function start(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: {
      PATH: process.env.PATH,
      TESSERA_CLIENT_ID: CREDENTIALS.clientId,
      TESSERA_CLIENT_SECRET: CREDENTIALS.clientSecret,
      TESSERA_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()));
  return { child, printed, ended: once(child, 'close').then(([code]) => ({ code: code as number, ...printed })) };
}
const run = (...args: string[]) => start(...args).ended;

/** Looks at a data directory through the API. */
async function withTenant<T>(
  directory: string,
  look: (client: Awaited<ReturnType<typeof makeClient>>) => Promise<T>,
): Promise<T> {
  const tenant = await startTenant({
    port: 0,
    host: '127.0.0.1',
    storage: { directory },
    connections: 4,
    credentials: CREDENTIALS,
    log: pino({ level: 'silent' }),
  });
  try {
    return await look(await makeClient(tenant.url));
  } finally {
    await tenant.close();
  }
}

it('imports the good lines, tells the bad ones by number, and exports what it has', async () => {
  const [data, file, out] = ['data', 'users.ndjson', 'out.ndjson'].map((name) => path.join(work, name)) as [
    string,
    string,
    string,
  ];
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
    verified_emails: ['ada@example.com'],
    verified_phone_numbers: ['+12125550101'],
  };
  const lines = [
    JSON.stringify(ada),
    '{"email":',
    '',
    JSON.stringify({ email: 'ADA@example.com' }),
    JSON.stringify({ email: 'bob@example.com', nickname: 'B' }),
    JSON.stringify({ username: 'without address' }),
    JSON.stringify({ user_id: 'ada-1', email: 'twin@example.com' }),
    JSON.stringify({ email: 'eve@example.com', credentials: { password: 'correct horse' } }),
  ];
  await writeFile(file, lines.join('\n'));
  const imported = await run('import', file, '--data', data);
  expect(imported.code).toBe(1);
  expect(imported.stdout).toMatch(/^2 users imported, 5 bad lines, in [\d.]+ s\.\n$/);
  expect(imported.stderr.split('\n').filter((line) => line.startsWith('line '))).toEqual([
    'line 2: is not valid JSON',
    'line 4: email is taken: Another user has this email',
    'line 5: nickname is not a known property',
    expect.stringMatching(/^line 6: email or phone_number is required/),
    'line 7: user_id is on another line, too',
  ]);

  await withTenant(data, async (client) => {
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
    expect(
      (await client.send('GET', '/cis/v1/users/email/eve@example.com')).body.result.password_information.temporary,
    ).toBe(true);
  });

  expect(await run('export', out, '--data', data)).toMatchObject({
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
  expect(exported).not.toMatch(/argon2|correct horse/);

  const [copy, again] = [path.join(work, 'copy'), path.join(work, 'again.ndjson')];
  expect((await run('import', out, '--data', copy)).code).toBe(0);
  await run('export', again, '--data', copy);
  expect(await readFile(again, 'utf8')).toBe(exported);

  const twice = await run('import', out, '--data', copy);
  expect(twice.stdout).toMatch(/^0 users imported, 2 bad lines/);
  expect(twice.stderr.match(/^line \d: user_id is taken/gm)).toHaveLength(2);
});

it('goes on where it was killed, and imports each line once', { timeout: 120_000 }, async () => {
  const [data, file] = [path.join(work, 'killed'), path.join(work, 'many.ndjson')];
  const count = 30_000;
  await writeFile(file, Array.from({ length: count }, (_, n) => `{"email":"many${n}@example.com"}\n`).join(''));
  const first = start('import', file, '--data', data);
  await once(first.child.stderr, 'data');
  await new Promise((resolve) => setTimeout(resolve, 2500));
  first.child.kill('SIGKILL');
  const killed = await first.ended;
  expect(killed.stdout).toBe('');
  const second = await run('import', file, '--data', data);
  expect(second.stderr).not.toMatch(/^line /m);
  expect(second.stdout).toMatch(/^Went on after line \d+000\.\n/);
  expect(second.code).toBe(0);
  const total = await withTenant(
    data,
    async (client) => (await client.send('GET', '/cis/v1/users/count')).body.result.user_count as number,
  );
  expect(total).toBe(count);
});

it('says what is wrong with the command', async () => {
  expect(await run('import')).toMatchObject({ code: 1, stderr: 'import needs the file to read.\n' });
  expect(await run('import', '/nowhere', '--data', path.join(work, 'x'))).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^\/nowhere cannot be read|cannot be read/m),
  });
  expect((await run('serve')).stderr).toMatch(/There is no command "serve"/);
});
