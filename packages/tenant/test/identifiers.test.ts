import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiUser } from '@tessera/contract';
import { startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());

// Few enough for users to want the same ones all the time.
const email = fc.integer({ min: 0, max: 5 }).map((n) => `shared${n}@example.com`);
const phone = fc.integer({ min: 0, max: 4 }).map((n) => `+1212555019${n}`);
const name = fc.constantFrom('a', 'b', 'c');
const profile = fc.record(
  {
    email,
    phone_number: phone,
    secondary_emails: fc.array(email, { maxLength: 2 }),
    secondary_phone_numbers: fc.array(phone, { maxLength: 2 }),
    username: name,
    external_user_id: name,
  },
  { requiredKeys: [] },
);
const who = fc.nat({ max: 3 });
const operation = fc.oneof(
  fc.record({ do: fc.constant('create' as const), profile }),
  fc.record({ do: fc.constant('update' as const), who, profile }),
  fc.record({ do: fc.constant('createMany' as const), profiles: fc.array(profile, { minLength: 1, maxLength: 3 }) }),
  fc.record({ do: fc.constant('clear' as const), who, what: fc.constantFrom('phone_number', 'username', 'email') }),
  fc.record({ do: fc.constant('verify' as const), who, email }),
  fc.record({ do: fc.constant('remove' as const), who, email }),
  fc.record({ do: fc.constant('delete' as const), who }),
);
type Step = typeof operation extends fc.Arbitrary<infer T> ? T : never;

async function everyUser(): Promise<ApiUser[]> {
  return (await tenant.send('GET', '/cis/v1/users?page_limit=5000')).body.result as ApiUser[];
}

async function take(step: Step): Promise<void> {
  const users = await everyUser();
  const user = 'who' in step ? users[step.who % Math.max(1, users.length)] : undefined;
  const path = `/cis/v1/users/${user?.user_id ?? 'nobody'}`;
  const send = async (method: string, route: string, body?: unknown) => {
    const { status } = await tenant.send(method, route, body);
    expect(status).toBeLessThan(500);
  };
  if (step.do === 'create') await send('POST', '/cis/v1/users', step.profile);
  if (step.do === 'createMany') await send('POST', '/cis/v1/users/bulk', { users: step.profiles });
  if (step.do === 'update') await send('PUT', path, step.profile);
  if (step.do === 'clear') await send('PUT', path, { [step.what]: null });
  if (step.do === 'verify') await send('POST', `${path}/emails/${step.email}/verify`, { change_to_primary: true });
  if (step.do === 'remove') await send('DELETE', `${path}/emails/${step.email}`);
  if (step.do === 'delete') await send('DELETE', `/cis/v1/manage/users/${user?.user_id ?? 'nobody'}`);
}

/** Each identifier that a user is shown with, under the name that `getUserByIdentifier` gives its kind. */
function identifiersOf(user: ApiUser): [string, string][] {
  return [
    ...[user.email, ...user.secondary_emails].flatMap((entry): [string, string][] =>
      entry ? [['email', entry.value]] : [],
    ),
    ...[user.phone_number, ...user.secondary_phone_numbers].flatMap((entry): [string, string][] =>
      entry ? [['phoneNumber', entry.value]] : [],
    ),
    ...(user.username ? [['username', user.username] as [string, string]] : []),
    ...(user.external_user_id ? [['externalUserId', user.external_user_id] as [string, string]] : []),
  ];
}

it(
  'after any operations, identifiers are unique, and lead to the user who has them',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 3, maxLength: 15 }), fc.boolean(), async (steps, atOnce) => {
        for (const user of await everyUser()) await tenant.send('DELETE', `/cis/v1/manage/users/${user.user_id}`);
        if (atOnce) await Promise.all(steps.map(take));
        else for (const step of steps) await take(step);

        const owners = new Map<string, string>();
        for (const user of await everyUser()) {
          for (const [kind, value] of identifiersOf(user)) {
            expect(owners.get(`${kind} ${value}`), `${kind} ${value} has two owners`).toBeUndefined();
            owners.set(`${kind} ${value}`, user.user_id);
          }
        }
        const candidates = [
          ...Array.from({ length: 6 }, (_, n) => ['email', `shared${n}@example.com`]),
          ...Array.from({ length: 5 }, (_, n) => ['phoneNumber', `+1212555019${n}`]),
          ...['a', 'b', 'c'].flatMap((value) => [
            ['username', value],
            ['externalUserId', value],
          ]),
        ] as [string, string][];
        for (const [identifier_name, identifier_value] of candidates) {
          const query = new URLSearchParams({ identifier_name, identifier_value }).toString();
          const { status, body } = await tenant.send('GET', `/cis/v1/users/identifier?${query}`);
          const owner = owners.get(`${identifier_name} ${identifier_value}`);
          expect(status === 200 ? body.result.user_id : undefined, query).toBe(owner);
        }
      }),
      { numRuns: 60 },
    );
  },
);
