import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshDatabase } from '../freshDatabase.ts';
import { freshEmail } from '../testTenant.ts';
import { run, start, withTenant } from './transfers.ts';

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'tessera-dump-'));
});
afterAll(() => rm(work, { recursive: true, force: true }));

it('restores a dump into a new database, with passwords and history, and into no other', async () => {
  const [from, to] = [await freshDatabase(), await freshDatabase()];
  const [first, second] = [path.join(work, 'first.dump'), path.join(work, 'second.dump')];
  const before = await withTenant(from, async (client) => {
    const user = await client.create({ email: 'kept@example.com', credentials: { password: 'correct horse' } });
    await client.update(user.user_id, { language: 'en' });
    return (await client.send('GET', `/cis/v1/users/${user.user_id}/history`)).body as unknown;
  });
  expect((await run(from, 'dump', first)).code).toBe(0);
  expect((await stat(first)).mode & 0o777).toBe(0o600);
  expect((await run(to, 'restore', first)).code).toBe(0);
  await run(to, 'dump', second);
  expect(await readFile(second, 'utf8')).toBe(await readFile(first, 'utf8'));
  await withTenant(to, async (client) => {
    const { body } = await client.send('GET', '/cis/v1/users/email/kept@example.com');
    expect(body.result.password_information).toBeDefined();
    expect((await client.send('GET', `/cis/v1/users/${body.result.user_id}/history`)).body).toEqual(before);
  });
  const [header, ...rest] = (await readFile(first, 'utf8')).trimEnd().split('\n') as [string, ...string[]];
  const rows = rest.slice(0, -1);
  const fresh = await freshDatabase();
  for (const [lines, reason] of [
    [[header, ...rows.slice(0, 5)], /The dump is not whole/],
    [[header, ...rows], /The dump is not whole/],
    [[header, ...rest.slice(1)], /The dump is not whole/],
    [[...rows, rest.at(-1)!], /^Line 1 is none of a dump/],
    [[header.replace('"001_start"', '"001_start","999_later"'), ...rest], /is of another version/],
    [[header, ...rest, rows[0]!], /is none of a dump/],
    [
      [header, ...rows.map((row) => row.replace('"tenant_id": ', '"no_id": ')), rest.at(-1)!],
      /does not take \(23502, in tenant_id\)/,
    ],
    [[], /The dump is not whole/],
  ] as const) {
    const broken = path.join(work, 'broken.dump');
    await writeFile(broken, lines.map((line) => `${line}\n`).join(''));
    const { code, stderr } = await run(fresh, 'restore', broken);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(reason) });
    expect(stderr).not.toContain('kept@example.com');
    expect(stderr).not.toContain('argon2');
  }
  expect((await run(fresh, 'restore', first)).code, 'nothing was stored of those').toBe(0);
  await fresh.drop();
  const again = await run(to, 'restore', first);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('this one has a tenant') });
});

it('leaves alone what others keep in the same schema', async () => {
  const from = await freshDatabase();
  await withTenant(from, (client) => client.create({ email: freshEmail() }));
  const second = JSON.parse((await run(from, 'tenants', 'create', 'Second', '--json')).stdout) as {
    tenant_id: string;
  }[];
  const id = second[0]!.tenant_id;
  await from.query(`create table "Customers" (tenant_id text)`);
  await from.query(`insert into "Customers" values ('${id}')`);
  await from.query('create view by_tenant as select tenant_id, count(*) from users group by 1');
  const file = path.join(work, 'own.dump');
  expect((await run(from, 'dump', file)).code).toBe(0);
  expect(await readFile(file, 'utf8')).not.toContain('Customers');
  expect((await run(from, 'tenants', 'delete', id)).code).toBe(0);
  expect(await from.query('select from "Customers"')).toHaveLength(1);
  await from.drop();
});

it('a dump and an export end when nothing can be written, or nobody reads', async () => {
  const database = await freshDatabase();
  await withTenant(database, async (client) => {
    const users = Array.from({ length: 20 }, () => ({ email: freshEmail(), custom_data: { a: 'x'.repeat(50_000) } }));
    await client.send('POST', '/cis/v1/users/bulk', { users });
  });
  const pipe = path.join(work, 'unread');
  await promisify(execFile)('mkfifo', [pipe]);
  for (const command of ['dump', 'export']) {
    expect(await run(database, command, '/dev/full')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^\/dev\/full cannot be written: ENOSPC/),
    });
  }
  const unread = start(database, 'dump', pipe);
  // It waits for room with its transaction open.
  const waits = `select from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`;
  while ((await database.query(waits)).length === 0) await delay(50);
  unread.child.kill('SIGTERM');
  await unread.ended;
  expect(unread.stderr()).toBe('Stopped before the end.\n');
  // Whoever reads late gets all of it.
  const late = start(database, 'dump', pipe);
  while ((await database.query(waits)).length === 0) await delay(50);
  await delay(21_000);
  const { stdout } = await promisify(execFile)('sh', ['-c', 'wc -l < "$0"', pipe]);
  expect(Number(stdout)).toBeGreaterThan(20);
  expect(await late.ended).toBe(0);
  await database.drop();
});
