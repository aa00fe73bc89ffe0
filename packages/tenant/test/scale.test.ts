import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { freshDatabase, type FreshDatabase } from './freshDatabase.ts';
import { startTestTenant, type TestTenant } from './testTenant.ts';

const USERS = 100_000;
/** So many of them have twenty secondary emails each. */
const WITH_SECONDARIES = 20_000;

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  const tenant = await startTestTenant({ storage: { databaseUrl: database.url } });
  const template = await tenant.create({ email: 'template@example.com', custom_app_data: { plan: 'gold' } });
  await tenant.close();
  await database.query(
    `insert into users (tenant_id, user_id, version, status, status_changed_at, created_at, updated_at, profile,
      custom_data, apps, identities, group_ids, email, phone_number)
    select tenant_id, 'user-' || n, 1, 'Active', n, n, n,
      jsonb_build_object(
        'email', jsonb_build_object('value', 'user' || n || '@example.com', 'email_verified', false),
        'phone_number', jsonb_build_object('value', '+1212' || (5000000 + n), 'phone_number_verified', false),
        'username', 'name' || n, 'external_user_id', 'crm-' || n),
      '{}', apps, '[]', '{}', 'user' || n || '@example.com', '+1212' || (5000000 + n)
    from users, generate_series(1, $1::int) n where user_id = $2`,
    [USERS, template.user_id],
  );
  await database.query(
    `update users set profile = profile || jsonb_build_object('secondary_emails',
      (select jsonb_agg(jsonb_build_object('value', 'a' || i || '-' || user_id || '@example.com', 'email_verified', false))
        from generate_series(1, 20) i))
    where created_at <= $1`,
    [WITH_SECONDARIES],
  );
  await database.query(
    `insert into identifiers (tenant_id, kind, value, user_id)
    select tenant_id, kind, value, user_id from users,
      lateral (values ('email', email), ('phone_number', phone_number), ('username', profile ->> 'username'),
        ('external_user_id', profile ->> 'external_user_id')) as identifier (kind, value)
    where user_id like 'user-%'`,
  );
  await database.query('vacuum analyze users');
  await database.query('vacuum analyze identifiers');
});

interface TableReads {
  /** How often all of the table was read. */
  whole: number;
  /** How many of its rows were read through an index. */
  rows: number;
}

/** What PostgreSQL read of each table while a tenant served. */
async function reads(serve: (tenant: TestTenant) => Promise<void>): Promise<Record<string, TableReads>> {
  const tenant = await startTestTenant({ storage: { databaseUrl: database.url } });
  await database.query('select pg_stat_reset()');
  await serve(tenant);
  // Connections tell what they did when they end, at the latest, which is a little after they were closed.
  await tenant.close();
  const others = `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
    and backend_type = 'client backend'`;
  while ((await database.query(others)).length > 0) await delay(10);
  const rows = await database.query<{ relname: string; seq_scan: string; idx_tup_fetch: string }>(
    `select relname, seq_scan, idx_tup_fetch from pg_stat_user_tables
    where relname in ('users', 'identifiers', 'user_history', 'group_members')`,
  );
  return Object.fromEntries(
    rows.map(({ relname, seq_scan, idx_tup_fetch }) => [
      relname,
      { whole: Number(seq_scan), rows: Number(idx_tup_fetch) },
    ]),
  );
}

const search = (expression: string) =>
  `/cis/v1/users?page_limit=10&${new URLSearchParams({ search: expression }).toString()}`;

const wholeReads = async (serve: (tenant: TestTenant) => Promise<void>): Promise<Record<string, number>> =>
  Object.fromEntries(Object.entries(await reads(serve)).map(([table, { whole }]) => [table, whole]));

it('reads no table whole for a keyed read, an indexed search or an update, at 100,000 users', async () => {
  const requests: [string, string, unknown?][] = [
    ['GET', '/cis/v1/users/user-500'],
    ['GET', '/cis/v1/users/email/user501@example.com'],
    ['GET', '/cis/v1/users/phone-number/%2B12125000502'],
    ['GET', '/cis/v1/users/username/name503'],
    ['GET', '/cis/v1/users/external-user-id/crm-504'],
    ['GET', '/cis/v1/users/identifier?identifier_name=email&identifier_value=user505@example.com'],
    ['GET', '/cis/v1/users/user-500/history'],
    ['GET', '/cis/v1/users/user-500/groups'],
    ['GET', search('email eq "user506@example.com"')],
    ['GET', search('email sw "user507"')],
    ['GET', search('phone_number sw "+12125000508"')],
    ['GET', search('external_user_id eq "crm-509"')],
    ['GET', search('secondary_emails eq "nobody@example.com"')],
    [
      'GET',
      search('email eq "user514@example.com" or email eq "user515@example.com" or external_user_id eq "crm-516"'),
    ],
    ['GET', search('created_at ge 510 and created_at lt 520')],
    ['GET', '/cis/v1/users?search_prefix=user511'],
    ['PUT', '/cis/v1/users/user-512', { custom_data: { a: 1 }, name: { first_name: 'Ada' } }],
    ['PUT', '/cis/v1/users/user-513', { email: 'new513@example.com' }],
    ['PUT', '/cis/v1/users/bulk', { updates: [514, 515, 516].map((n) => ({ user_id: `user-${n}`, language: 'en' })) }],
    ['POST', '/cis/v1/users', { email: 'fresh@example.com' }],
    ['POST', '/cis/v1/users/bulk', { users: [{ email: 'fresh2@example.com' }, { email: 'fresh3@example.com' }] }],
    ['DELETE', '/cis/v1/manage/users/user-517'],
  ];
  const reads = await wholeReads(async (tenant) => {
    for (const [method, path, body] of requests) {
      // Often enough for PostgreSQL to settle on a plan for any values.
      for (let time = 0; time < (method === 'GET' || method === 'PUT' ? 7 : 1); time += 1) {
        const { status } = await tenant.send(method, path, body);
        expect(status, `${method} ${path}`).toBeLessThan(300);
      }
    }
  });
  expect(reads).toEqual({ users: 0, identifiers: 0, user_history: 0, group_members: 0 });
});

it('is measured so that a whole read is seen', async () => {
  const reads = await wholeReads(async (tenant) => {
    // A name is in no index, and all who have it must be counted.
    await tenant.send('GET', search('name.first_name eq "Ada"'));
  });
  expect(reads.users).toBeGreaterThan(0);
});

it.each([
  'created_at',
  'last_auth',
  'created_at&sort_order=desc',
  'last_auth&sort_order=desc',
  'email',
  'phone_number',
])('walks through all users in the order of an index: %s', async (sort) => {
  const { users } = await reads(async (tenant) => {
    const { body } = await tenant.send('GET', `/cis/v1/users?sort_field=${sort}&page_limit=100&page_offset=1000`);
    expect(body.result).toHaveLength(100);
  });
  // The page and those before it; counting looks at rows only where one was changed a moment ago.
  expect(users!.whole).toBe(0);
  expect(users!.rows).toBeLessThan(USERS / 20);
});

it.each([
  ['secondary emails', (place: number) => `secondary_emails gt "zz${place}"`, 'or'],
  ['secondary emails, all of them', (place: number) => `secondary_emails ge "a${place}"`, 'and'],
  ['custom data', (place: number) => `custom_app_data.key${place} gt "x"`, 'or'],
])('takes the JSON of a user apart once for a search, however often it names %s', async (_what, clause, link) => {
  const tenant = await startTestTenant({ storage: { databaseUrl: database.url } });
  const timeOf = async (clauses: number): Promise<number> => {
    const expression = Array.from({ length: clauses }, (_, place) => clause(place)).join(` ${link} `);
    const began = performance.now();
    const { status } = await tenant.send('GET', search(expression));
    expect(status).toBe(200);
    return performance.now() - began;
  };
  const fastest = async (clauses: number): Promise<number> =>
    Math.min(await timeOf(clauses), await timeOf(clauses), await timeOf(clauses));
  const once = await fastest(1);
  // Fifty comparisons of text with text cost about as much as taking the JSON apart does.
  expect((await fastest(50)) / once).toBeLessThan(8);
  await tenant.close();
});
