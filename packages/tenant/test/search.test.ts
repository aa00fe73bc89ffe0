import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiUser, CreateUserInput } from '@tessera/contract';
import { startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
const users: ApiUser[] = [];

const NAMES = ['Ada', 'ada', 'Grace', 'Zoë', '', undefined];
const PLANS = ['gold', 'silver', 12, 12.5, '12', true, null, { level: 3 }, undefined];

/** Users whose values meet often enough for a search to tell them apart by little. */
function person(n: number): CreateUserInput {
  const first = NAMES[n % NAMES.length];
  const plan = PLANS[n % PLANS.length];
  return {
    ...(n % 7 ? { email: `person${n}@example.com` } : {}),
    ...(n % 7 === 0 || n % 3 === 0 ? { phone_number: `+1212555${String(n).padStart(4, '0')}` } : {}),
    ...(n % 4 === 0 && { secondary_emails: [`other${n}@example.org`, `third${n}@example.org`] }),
    ...(n % 5 === 0 && { external_user_id: `crm-${n % 2 ? 'a' : 'b'}-${n}` }),
    ...(n % 3 === 0 && { external_account_id: `account ${n}` }),
    ...(n % 2 === 0 && { birthday: `19${50 + (n % 40)}-0${1 + (n % 9)}-15` }),
    ...(first ? { name: { first_name: first, ...(n % 2 && { last_name: `"O'Neil" \\ 100%_${n % 3}` }) } } : {}),
    ...(plan !== undefined && { custom_app_data: { plan } }),
  };
}

beforeAll(async () => {
  tenant = await startTestTenant();
  for (let n = 0; n < 60; n += 1) {
    const user = await tenant.create(person(n));
    if (n % 4 === 1) await tenant.update(user.user_id, { status: n % 8 === 1 ? 'Active' : 'Disabled' });
    users.push(await tenant.get(user.user_id));
  }
});
afterAll(() => tenant.close());

const list = (query: Record<string, string | number>) =>
  tenant.send('GET', `/cis/v1/users?${new URLSearchParams(query as Record<string, string>).toString()}`);
const found = async (search: string): Promise<string[]> => {
  const { status, body } = await list({ search, page_limit: 5000 });
  expect(status, `${search}: ${JSON.stringify(body)}`).toBe(200);
  return (body.result as ApiUser[]).map(({ user_id }) => user_id);
};

/** The plain filter that the search must agree with. */
type Value = string | number | boolean;
interface Leaf {
  field: string;
  op: string;
  value: Value;
}
type Tree = Leaf | { all: Tree[] } | { any: Tree[] } | { not: Tree };

function valuesOf(user: ApiUser, field: string): unknown[] {
  const single: Record<string, unknown> = {
    email: user.email?.value,
    phone_number: user.phone_number?.value,
    status: user.status,
    birthday: user.birthday,
    external_user_id: user.external_user_id,
    external_account_id: user.external_account_id,
    created_at: user.created_at,
    'name.first_name': user.name?.first_name,
    'name.last_name': user.name?.last_name,
    'custom_app_data.plan': user.custom_app_data?.plan,
    'custom_app_data.plan.level': (user.custom_app_data?.plan as { level?: number } | undefined)?.level,
  };
  if (field === 'secondary_emails') return user.secondary_emails.map(({ value }) => value);
  return [single[field]].filter((value) => value !== undefined && value !== null);
}

function compare(stored: unknown, op: string, value: Value): boolean {
  const order = (a: Value, b: Value): number =>
    typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(String(b))) : Number(a) - Number(b);
  const holds = (by: number): boolean =>
    ({ eq: by === 0, gt: by > 0, ge: by >= 0, lt: by < 0, le: by <= 0 })[op as 'eq'];
  if (typeof stored === 'string')
    return op === 'sw' ? stored.startsWith(String(value)) : holds(order(stored, String(value)));
  if (op === 'sw') return false;
  if (typeof stored === 'number') return /^-?\d+(\.\d+)?$/.test(String(value)) && holds(order(stored, Number(value)));
  return op === 'eq' && typeof stored === 'boolean' && String(stored) === String(value);
}

function matches(user: ApiUser, tree: Tree): boolean {
  if ('all' in tree) return tree.all.every((part) => matches(user, part));
  if ('any' in tree) return tree.any.some((part) => matches(user, part));
  if ('not' in tree) return !matches(user, tree.not);
  const values = valuesOf(user, tree.field);
  if (tree.op === 'pr') return values.length > 0;
  if (tree.op === 'ne') return !matches(user, { ...tree, op: 'eq' });
  return values.some((stored) => compare(stored, tree.op, tree.value));
}

function write(tree: Tree): string {
  if ('all' in tree) return `(${tree.all.map(write).join(' and ')})`;
  if ('any' in tree) return `(${tree.any.map(write).join(' OR ')})`;
  if ('not' in tree) return `not (${write(tree.not)})`;
  if (tree.op === 'pr') return `${tree.field} pr`;
  const quoted = `"${String(tree.value).replaceAll('"', '\\"')}"`;
  return `${tree.field} ${tree.op} ${typeof tree.value === 'string' ? quoted : String(tree.value)}`;
}

const number = fc.integer({ min: 0, max: 60 });
const values: Record<string, fc.Arbitrary<Value>> = {
  email: number.map((n) => `person${n}@example.com`),
  phone_number: number.map((n) => `+1212555${String(n).padStart(4, '0')}`),
  secondary_emails: number.map((n) => `other${n}@example.org`),
  status: fc.constantFrom('Active', 'Disabled', 'Pending', 'pending'),
  birthday: number.map((n) => `19${50 + (n % 40)}-0${1 + (n % 9)}-15`),
  external_user_id: fc.oneof(
    fc.constantFrom('crm-', 'crm-a'),
    number.map((n) => `crm-b-${n}`),
  ),
  external_account_id: number.map((n) => `account ${n}`),
  'name.first_name': fc.constantFrom('Ada', 'ada', 'Zoë', 'Z', 'B'),
  'name.last_name': fc.constantFrom(`"O'Neil"`, '%', '_'),
  'custom_app_data.plan': fc.constantFrom<Value>('gold', 'g', 12, '12', '12.5', 13, true, 'true'),
  'custom_app_data.plan.level': fc.constantFrom<Value>(3, '2', 'x'),
};
const leaf = fc.constantFrom(...Object.keys(values)).chain((field) => {
  const op = fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le', 'sw', 'pr');
  return fc.record({ field: fc.constant(field), op, value: values[field]! }).map((made) =>
    // "sw" is for text.
    made.op === 'sw' ? { ...made, value: String(made.value) } : made,
  );
});
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf as fc.Arbitrary<Tree>,
    fc.array(tie('tree'), { minLength: 2, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('tree'), { minLength: 2, maxLength: 3 }).map((any) => ({ any })),
    tie('tree').map((not) => ({ not })),
  ),
}));

describe('the search', () => {
  it('agrees with a plain filter in memory', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (expression) => {
        const expected = users.filter((user) => matches(user, expression)).map(({ user_id }) => user_id);
        const search = write(expression);
        expect(await found(search), search).toEqual(expected);
        const { body } = await tenant.send('GET', `/cis/v1/users/count?${new URLSearchParams({ search }).toString()}`);
        expect(body.result.user_count).toBe(expected.length);
      }),
      { numRuns: 300 },
    );
  });

  it('binds and tighter than or, as RFC 7644 says', async () => {
    const search = 'email eq "person1@example.com" or email eq "person2@example.com" and status eq "Nothing"';
    expect(await found(search)).toEqual([users[1]!.user_id]);
  });

  it('takes times as dates, as numbers, and as numbers in quotes', async () => {
    const { created_at } = users[30]!;
    const expected = users.filter((user) => user.created_at > created_at).map(({ user_id }) => user_id);
    const iso = new Date(created_at).toISOString();
    const elsewhere = new Date(created_at + 2 * 60 * 60 * 1000).toISOString().replace('Z', '+02:00');
    for (const value of [created_at, `"${created_at}"`, `"${iso}"`, `"${iso.replace('Z', '')}"`, `"${elsewhere}"`]) {
      expect(await found(`created_at gt ${value}`)).toEqual(expected);
    }
    expect(await found('updated_at gt "2000-01-01"')).toHaveLength(users.length);
    expect(await found('last_auth pr')).toEqual([]);
    expect(await found('not (last_auth gt "2000-01-01")')).toHaveLength(users.length);
  });

  it('compares times with parts of a millisecond', async () => {
    const { created_at, user_id } = users[30]!;
    const iso = new Date(created_at).toISOString();
    const [later, muchLater] = [`${created_at}.5`, `"${iso.replace('Z', '5Z')}"`];
    for (const value of [later, muchLater]) {
      const at = async (op: string) => (await found(`created_at ${op} ${value}`)).includes(user_id);
      expect([await at('lt'), await at('le'), await at('gt'), await at('ge'), await at('eq')]).toEqual([
        true,
        true,
        false,
        false,
        false,
      ]);
    }
  });

  it('reads values of custom data as what they are, and no more than that', async () => {
    const user = await tenant.create({
      email: 'custom@example.com',
      custom_app_data: { d: 12.25, e: 1e5, f: false, t: 'true', deep: { a: { b: 'c' } } },
    });
    const mine = async (search: string) => (await found(search)).includes(user.user_id);
    for (const search of [
      'd eq 12.25',
      'd eq "12.25"',
      'e eq 1e5',
      'e eq "1e5"',
      'e lt 1e15',
      'e gt -1E+5',
      'f eq false',
      't eq true',
      'deep.a.b eq "c"',
    ]) {
      expect([search, await mine(`custom_app_data.${search}`)]).toEqual([search, true]);
    }
    for (const value of ['xtrue', 'truex', 'x12.25', '12.25x', 'x12', '12x']) {
      for (const key of ['d', 'e', 'f', 't']) expect(await mine(`custom_app_data.${key} eq "${value}"`)).toBe(false);
    }
    expect(await mine('external_user_id sw 12')).toBe(false);
    const path = (parts: number) => `custom_app_data.${Array.from({ length: parts }, () => 'a').join('.')} pr`;
    expect((await list({ search: path(10) })).status).toBe(200);
    expect((await list({ search: path(11) })).status).toBe(400);
    expect((await list({ search: 'created_at gt 12.25' })).status).toBe(200);
    await tenant.send('DELETE', `/cis/v1/manage/users/${user.user_id}`);
  });

  it('counts depth and expressions, and not parentheses', async () => {
    const joined = (part: string, count: number) => Array.from({ length: count }, () => part).join(' and ');
    expect((await list({ search: joined('(email pr)', 60) })).status).toBe(200);
    expect((await list({ search: joined('not email pr', 60) })).status).toBe(200);
    expect((await list({ search: joined('email pr', 150) })).status).toBe(400);
    expect((await list({ search: `${'not ('.repeat(30)}email pr${')'.repeat(30)}` })).status).toBe(400);
  });

  it('finds emails by any spelling', async () => {
    expect(await found('email eq "PERSON1@example.com"')).toEqual([users[1]!.user_id]);
    expect(await found('secondary_emails sw "OTHER4@"')).toEqual([users[4]!.user_id]);
  });

  it.each([
    ['', /must not be empty \(at position 1\)/],
    ['email', /is not an expression \(at position \d+\)/],
    ['email eq', /is not an expression \(at position \d+\)/],
    ['email eq "a" and', /is not an expression \(at position \d+\)/],
    ['(email eq "a"', /is not an expression \(at position \d+\)/],
    ['email eq "a")', /must join its parts with and or or \(at position 13\)/],
    ['email eq "a" status eq "b"', /must join its parts with and or or \(at position 14\)/],
    ['status eq "\\ud800"', /must not contain NUL characters or broken Unicode \(at position 1\)/],
    ['status eq x12', /is not an expression \(at position 11\)/],
    ['status eq 12x', /is not an expression \(at position 11\)/],
    ['custom_app_data.plan sw 1', /can use sw only with text/],
    ['email eq a', /is not an expression \(at position 10\)/],
    ['email eq "a', /is not an expression \(at position 10\)/],
    ['status eq "a" and shoe_size eq "b"', /can name only external_account_id.*\(at position 19\)/],
    ['email co "a"', /knows only the operators .*\(at position 1\)/],
    ['status eq "a" and (email eq "a\\"b" or email eq null)', /cannot compare with null.*\(at position 39\)/],
    ['created_at gt "yesterday"', /needs a date or milliseconds.*\(at position 1\)/],
    ['created_at sw "2"', /cannot use sw on a time.*\(at position 1\)/],
    ['emails[type eq "work"]', /can name only/],
    ['custom_app_data. eq "a"', /can name only/],
    [`${'('.repeat(3000)}email pr${')'.repeat(3000)}`, /must not nest deeper than 50 levels \(at position 51\)/],
    [`${'not '.repeat(1500)}email pr`, /must not nest deeper/],
    [`email pr${' or email pr'.repeat(100)}`, /must not join more than 100 expressions \(at position 1198\)/],
    ['x'.repeat(9000), /^search must have at most 8192 characters$/],
  ])('refuses %s', async (search, reason) => {
    const { status, body } = await list({ search });
    expect({ status, body }).toEqual({
      status: 400,
      body: { message: [expect.stringMatching(reason)], error_code: 400 },
    });
  });
});

describe('the list', () => {
  it('comes in pages that together are all, each user once', async () => {
    for (const sort_field of ['created_at', 'email', 'phone_number', 'last_auth']) {
      for (const sort_order of ['asc', 'desc']) {
        const seen: ApiUser[] = [];
        for (let page_offset = 0; page_offset < users.length; page_offset += 25) {
          const { body } = await list({ sort_field, sort_order, page_offset, page_limit: 25 });
          expect(body.total_count).toBe(users.length);
          expect(body.page_info).toEqual({
            has_next_page: page_offset + 25 < users.length,
            has_previous_page: page_offset > 0,
          });
          seen.push(...(body.result as ApiUser[]));
        }
        expect(seen.map(({ user_id }) => user_id).sort()).toEqual(users.map(({ user_id }) => user_id).sort());
        if (sort_field === 'email') {
          const emails = seen.flatMap(({ email }) => email?.value ?? []);
          const sorted = [...emails].sort();
          expect(emails).toEqual(sort_order === 'asc' ? sorted : sorted.reverse());
          expect(seen.at(-1)!.email).toBeUndefined();
        }
      }
    }
  });

  it('finds by the beginning of the primary email or phone number', async () => {
    const byEmail = (await list({ search_prefix: 'PERSON5' })).body.result as ApiUser[];
    expect(byEmail.map(({ email }) => email?.value)).toEqual(
      users.flatMap(({ email }) => (email?.value.startsWith('person5') ? email.value : [])),
    );
    const byPhone = (await list({ search_prefix: '+121255500' })).body.total_count;
    expect(byPhone).toBe(users.filter((user) => user.phone_number).length);
    expect((await list({ search_prefix: '%' })).body.total_count).toBe(0);
  });

  it('is empty past its end', async () => {
    expect((await list({ page_offset: 1000 })).body).toEqual({
      total_count: users.length,
      page_info: { has_next_page: false, has_previous_page: true },
      result: [],
    });
  });

  it.each([
    ['page_limit', '5001', 'page_limit must be at most 5000'],
    ['page_limit', '0', 'page_limit must be at least 1'],
    ['page_limit', 'many', 'page_limit must be a whole number'],
    ['page_offset', '-1', 'page_offset must be at least 0'],
    ['page_offset', '1e99', 'page_offset must be at most 2147483647'],
    ['sort_field', 'name', 'sort_field must be one of email, created_at, phone_number, last_auth'],
    ['sort_order', 'up', 'sort_order must be one of asc, desc'],
    ['limit', '5', 'limit is not a known parameter'],
  ])('refuses %s=%s', async (name, value, message) => {
    expect(await list({ [name]: value })).toMatchObject({ status: 400, body: { message: [message], error_code: 400 } });
  });
});
