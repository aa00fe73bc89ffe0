import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { coordinator } from './citus.ts';
import { freshDatabase, type FreshDatabase } from './freshDatabase.ts';
import { freshEmail, startTestTenant, type TestTenant } from './testTenant.ts';

let database: FreshDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await freshDatabase();
  tenant = await startTestTenant({ storage: { databaseUrl: database.url }, connections: 4 });
});
afterAll(async () => {
  await tenant.close();
  await database.drop();
});

/** Holds a lock on a row, as another program on the database might. */
async function lockRow(id: string, of: 'user' | 'group' = 'user'): Promise<{ release(): Promise<void> }> {
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query('begin');
  await client.query(`select from ${of}s where ${of}_id = $1 for update`, [id]);
  return {
    async release() {
      await client.query('rollback');
      await client.end();
    },
  };
}

/** A client that asks a tenant for something, and reads no answer unless it is read from it. */
function asking({ address, token }: TestTenant, path: string) {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  return socket;
}

const backends = () =>
  database.query<{ pid: number; query: string; state: string }>(
    "select pid, query, state from pg_stat_activity where application_name = 'tessera' and datname = current_database()",
  );

describe('a row that somebody else has locked', () => {
  it('holds up its own updates and no other user’s', async () => {
    const [locked, ...others] = await Promise.all(
      Array.from({ length: 6 }, () => tenant.create({ email: freshEmail() })),
    );
    const lock = await lockRow(locked!.user_id);
    let waiting = true;
    const updates = Array.from({ length: 12 }, (_, n) =>
      tenant.update(locked!.user_id, n % 2 ? { language: 'en' } : { username: `locked${n}` }),
    );
    void Promise.any(updates).then(() => (waiting = false));
    for (const [n, { user_id }] of others.entries()) {
      expect((await tenant.update(user_id, { language: 'fr' })).status).toBe(200);
      expect((await tenant.update(user_id, { username: `other${n}` })).status).toBe(200);
      expect((await tenant.get(user_id)).language).toBe('fr');
    }
    expect(waiting).toBe(true);
    await lock.release();
    expect((await Promise.all(updates)).map(({ status }) => status)).toEqual(updates.map(() => 200));
  });

  it('is waited for by an update of a group', async () => {
    const { body } = await tenant.send('POST', '/cis/v1/groups', { name: 'Engines' });
    const { group_id } = body.result as { group_id: string };
    const lock = await lockRow(group_id, 'group');
    const update = tenant.send('PUT', `/cis/v1/groups/${group_id}`, { description: 'Difference and analytical' });
    // Longer than a statement waits.
    await delay(300);
    await lock.release();
    expect((await update).status).toBe(200);
  });

  it('is told of by 503 with Retry-After when it stays locked, and nothing is changed', async () => {
    const user = await tenant.create({ email: freshEmail() });
    const lock = await lockRow(user.user_id);
    const answer = await tenant.update(user.user_id, { language: 'en' });
    expect(answer).toMatchObject({ status: 503, body: { error_code: 503 } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    await lock.release();
    expect(await tenant.get(user.user_id)).toEqual(user);
  });
});

describe('a connection that is lost', () => {
  it('fails the request that uses it with 503, and the tenant goes on', async () => {
    const user = await tenant.create({ email: freshEmail() });
    const lock = await lockRow(user.user_id);
    const update = tenant.update(user.user_id, { username: 'cut-off' });
    for (let round = 0; round < 20; round += 1) {
      for (const { pid } of await backends()) await database.query('select pg_terminate_backend($1::int)', [pid]);
      const { status } = await tenant.send('GET', `/cis/v1/users/${user.user_id}`);
      expect([200, 503]).toContain(status);
    }
    await lock.release();
    expect([200, 503]).toContain((await update).status);
    expect((await tenant.update(user.user_id, { language: 'en' })).status).toBe(200);
  });

  it.each(['/cis/v1/users/count', '/cis/v1/users'])(
    'is as good as none when the client leaves: its query ends with it (%s)',
    async (path) => {
      const own = await startTestTenant({ storage: { databaseUrl: database.url }, connections: 8, instances: 1 });
      await own.create({ email: freshEmail() });
      // A search that waits: its table is locked.
      const client = new pg.Client(database.url);
      await client.connect();
      await client.query('begin; lock table users in access exclusive mode');
      const searching = async () =>
        (await backends()).filter(({ query, state }) => /from users/.test(query) && state === 'active');
      // As many as searches have places.
      for (let leaver = 0; leaver < 2; leaver += 1) {
        const socket = asking(own, path);
        while ((await searching()).length === 0);
        socket.destroy();
        await once(socket, 'close');
        while ((await searching()).length > 0);
      }
      await client.query('rollback');
      await client.end();
      expect((await own.send('GET', path)).status).toBe(200);
      await own.close();
    },
  );
});

it.skipIf(coordinator)('a list whose connection ends at the last moment gives its place back', async () => {
  const { url, proxy } = await cutOffAfterRows(database.url);
  // One place for all searches.
  const own = await startTestTenant({ storage: { databaseUrl: url }, connections: 4, instances: 1 });
  await own.create({ email: freshEmail() });
  expect((await own.send('GET', '/cis/v1/users')).status).toBe(200);
  proxy.cutsOff = true;
  expect((await own.send('GET', '/cis/v1/users')).status).toBe(503);
  proxy.cutsOff = false;
  expect((await own.send('GET', '/cis/v1/users')).status).toBe(200);
  expect((await own.send('GET', '/cis/v1/users/count')).status).toBe(200);
  await own.close();
  await proxy.close();
});

/** What a message begins with that closes a portal: a cursor sends it after its last row. */
const CLOSE = 'C'.charCodeAt(0);

/** A way to a database that ends a connection, when told to, between the last row of a list and the end of its statement. */
async function cutOffAfterRows(url: string) {
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-proxy-'));
  const [, host] = /host=([^&]+)/.exec(url)!;
  const proxy = { cutsOff: false, close: () => Promise.resolve() };
  const server = createServer((client) => {
    const upstream = connect(path.join(decodeURIComponent(host!), '.s.PGSQL.5432'));
    client.on('data', (data) => {
      if (!(proxy.cutsOff && data[0] === CLOSE)) return upstream.write(data);
      client.destroy();
      return upstream.destroy();
    });
    upstream.on('data', (data) => client.write(data));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  });
  server.listen(path.join(directory, '.s.PGSQL.5432'));
  await once(server, 'listening');
  proxy.close = async () => {
    server.close();
    await rm(directory, { recursive: true });
  };
  return { url: url.replace(host!, encodeURIComponent(directory)), proxy };
}

/** What a whole answer ends with that goes out in pieces (RFC 9112, 7.1). */
const LAST_CHUNK = /\r\n0\r\n\r\n$/;

it('a client that reads slowly gives its place up when others wait for it', async () => {
  // One place for all searches.
  const own = await startTestTenant({ storage: { databaseUrl: database.url }, connections: 4, instances: 1 });
  const custom_data = { text: 'x'.repeat(60_000) };
  for (let n = 0; n < 100; n += 1) await own.create({ email: freshEmail(), custom_data });
  const socket = asking(own, '/cis/v1/users');
  await once(socket, 'readable');
  expect((await own.send('GET', '/cis/v1/users/count')).status).toBe(200);
  // What it has got so far does not look like all of it.
  let said = '';
  socket.on('data', (data: Buffer) => (said += data.toString('latin1')));
  await Promise.race([once(socket, 'close').catch(() => {}), untilWhole()]);
  expect(said).not.toMatch(LAST_CHUNK);
  socket.destroy();
  await own.close();

  async function untilWhole(): Promise<void> {
    while (!LAST_CHUNK.test(said) && !socket.destroyed) await delay(10);
  }
});

it('a client that has left before its turn is not worked for', async () => {
  const own = await freshDatabase();
  const other = await startTestTenant({ storage: { databaseUrl: own.url }, instances: 1 });
  const client = new pg.Client(own.url);
  await client.connect();
  // Whether the caller's client is good is asked before anything else.
  await client.query('begin; lock table clients in access exclusive mode');
  const socket = asking(other, '/cis/v1/users');
  const asked = (pattern: string) =>
    own.query(
      'select from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database() and query ~ $1',
      [pattern],
    );
  while ((await asked('from clients')).length === 0);
  socket.destroy();
  await once(socket, 'close');
  await client.query('rollback');
  await client.end();
  for (let turn = 0; turn < 5; turn += 1) {
    expect((await other.send('GET', '/cis/v1/users/nobody')).status).toBe(404);
  }
  expect(await asked('from users where .*order by')).toEqual([]);
  expect((await other.send('GET', '/cis/v1/users')).status).toBe(200);
  expect((await asked('from users where .*order by')).length).toBeGreaterThan(0);
  await other.close();
  await own.drop();
});

// A cluster keeps a connection of its own to each database, which cannot be renamed then.
it.skipIf(coordinator)(
  'a database that does not answer is 503 with Retry-After, also for readiness, and the tenant serves when it is back',
  async () => {
    const own = await freshDatabase();
    const other = await startTestTenant({ storage: { databaseUrl: own.url } });
    const user = await other.create({ email: freshEmail() });
    const name = new URL(own.url).pathname.slice(1);
    const admin = new pg.Client(inject('postgres'));
    await admin.connect();
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
    await admin.query(`alter database ${name} rename to ${name}_away`);
    for (const path of [`/cis/v1/users/${user.user_id}`, '/cis/v1/users', '/readyz']) {
      const answer = await other.send('GET', path);
      expect(answer, path).toMatchObject({ status: 503, body: { error_code: 503 } });
      expect(answer.headers.get('retry-after'), path).toBe('1');
    }
    await admin.query(`alter database ${name}_away rename to ${name}`);
    await admin.end();
    expect(await other.get(user.user_id)).toEqual(user);
    await other.close();
    await own.drop();
  },
);

describe('what the database itself refuses', () => {
  const forbid = () =>
    database.query(`alter table users add constraint no_such_language check (profile ->> 'language' <> 'forbidden')`);
  const allow = () => database.query('alter table users drop constraint no_such_language');

  it('fails one of the updates that share a statement, and none of its neighbours', async () => {
    const users = await Promise.all(Array.from({ length: 12 }, () => tenant.create({ email: freshEmail() })));
    await forbid();
    try {
      for (let round = 0; round < 3; round += 1) {
        const answers = await Promise.all(
          users.map(({ user_id }, n) => tenant.update(user_id, { language: n === 5 ? 'forbidden' : `l${n}${round}` })),
        );
        expect(answers.map(({ status }) => status)).toEqual(users.map((_, n) => (n === 5 ? 500 : 200)));
      }
    } finally {
      await allow();
    }
  });

  it('gives each item of a bulk its own reason', async () => {
    await forbid();
    try {
      const users = [{ email: freshEmail() }, { email: 'nobody' }, { email: freshEmail(), language: 'forbidden' }];
      const { status, body } = await tenant.send('POST', '/cis/v1/users/bulk', { users });
      expect(status).toBe(200);
      const codes = (body.result.items as { error?: { error_code: number } }[]).map(({ error }) => error?.error_code);
      expect(codes).toEqual([undefined, 400, 500]);
    } finally {
      await allow();
    }
  });

  it('is a fault of the tenant’s, told in words that say nothing of it', async () => {
    await database.query('alter table groups rename to gone');
    try {
      const answer = await tenant.send('GET', '/cis/v1/groups/x');
      expect(answer).toMatchObject({ status: 500, body: { error_code: 500 } });
      expect(JSON.stringify(answer.body)).not.toMatch(/relation|groups|gone/);
    } finally {
      await database.query('alter table gone rename to groups');
    }
  });
});
