import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiGroup, ApiUser, HistoryEntry } from '@tessera/contract';
import { freshEmail, startTestTenant, type Answer, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());

let serial = 0;
async function newGroup(input: object = {}): Promise<ApiGroup> {
  const { status, body } = await tenant.send('POST', '/cis/v1/groups', { name: `Group ${(serial += 1)}`, ...input });
  expect(status).toBe(201);
  return body.result as ApiGroup;
}
const newUser = (): Promise<ApiUser> => tenant.create({ email: freshEmail() });
const add = (group: ApiGroup, ...users: string[]) =>
  tenant.send('POST', `/cis/v1/groups/${group.group_id}/users`, { user_ids: users });

it('a group is created, read, updated, listed and deleted', async () => {
  const group = await newGroup({ description: 'Who may', custom_data: { a: 1 } });
  expect(group).toMatchObject({ description: 'Who may', custom_data: { a: 1 }, created_at: group.updated_at });
  const path = `/cis/v1/groups/${group.group_id}`;
  expect((await tenant.send('GET', path)).body.result).toEqual(group);
  const { body } = await tenant.send('PUT', path, { name: 'Renamed', description: null, custom_data: { b: 2 } });
  expect(body.result).toEqual({
    group_id: group.group_id,
    name: 'Renamed',
    custom_data: { b: 2 },
    created_at: group.created_at,
    updated_at: expect.any(Number),
  });
  expect((await tenant.send('GET', '/cis/v1/groups')).body.result).toContainEqual(body.result);
  expect((await tenant.send('DELETE', path)).status).toBe(204);
  for (const method of ['GET', 'DELETE']) expect((await tenant.send(method, path)).status).toBe(404);
});

it('a name belongs to one group of the tenant', async () => {
  const [one, two] = [await newGroup(), await newGroup()];
  const taken = { status: 409, body: { error_code: 409, ts_error_code: 'group_name_is_taken' } };
  expect(await tenant.send('POST', '/cis/v1/groups', { name: one.name })).toMatchObject(taken);
  expect(await tenant.send('PUT', `/cis/v1/groups/${two.group_id}`, { name: one.name })).toMatchObject(taken);
});

it('the user’s groupIds follow the members', async () => {
  const [one, two] = [await newGroup(), await newGroup()];
  const [ada, bob] = [await newUser(), await newUser()];
  expect((await add(one, ada.user_id, bob.user_id)).status).toBe(204);
  expect((await add(two, ada.user_id)).status).toBe(204);
  expect((await add(two, ada.user_id)).status, 'once more').toBe(204);
  expect((await tenant.get(ada.user_id)).groupIds).toEqual([one.group_id, two.group_id]);
  const groups = await tenant.send('GET', `/cis/v1/users/${ada.user_id}/groups`);
  expect(groups.body.result).toEqual([one, two]);
  const members = await tenant.send('GET', `/cis/v1/groups/${one.group_id}/users?page_limit=1`);
  expect(members.body).toMatchObject({ total_count: 2, page_info: { has_next_page: true } });
  expect(members.body.result).toEqual([await tenant.get(ada.user_id)]);

  expect((await tenant.send('DELETE', `/cis/v1/groups/${one.group_id}/users/${ada.user_id}`)).status).toBe(204);
  const once = await tenant.get(ada.user_id);
  expect((await tenant.send('DELETE', `/cis/v1/groups/${one.group_id}/users/${ada.user_id}`)).status).toBe(404);
  expect(await tenant.get(ada.user_id)).toEqual(once);
  expect((await tenant.get(ada.user_id)).groupIds).toEqual([two.group_id]);
  await tenant.send('DELETE', `/cis/v1/groups/${two.group_id}`);
  expect((await tenant.get(ada.user_id)).groupIds).toEqual([]);
  expect((await tenant.get(bob.user_id)).groupIds).toEqual([one.group_id]);
  await tenant.send('DELETE', `/cis/v1/manage/users/${bob.user_id}`);
  expect((await tenant.send('GET', `/cis/v1/groups/${one.group_id}/users`)).body).toMatchObject({
    total_count: 0,
    result: [],
  });
});

it('members are added all or none', async () => {
  const group = await newGroup();
  const ada = await newUser();
  expect(await add(group, ada.user_id, 'nobody')).toMatchObject({
    status: 400,
    body: { message: ['user_ids: There is no such user: nobody'], error_code: 400 },
  });
  expect((await tenant.get(ada.user_id)).groupIds).toEqual([]);
});

it('concurrent changes of members and profiles lose nothing', async () => {
  const groups = await Promise.all(Array.from({ length: 8 }, () => newGroup()));
  const users = await Promise.all(Array.from({ length: 5 }, newUser));
  const ids = users.map(({ user_id }) => user_id);
  const answers = await Promise.all([
    ...groups.map((group, n) => add(group, ...(n % 2 ? ids : [...ids].reverse()))),
    ...ids.map((id) => tenant.update(id, { language: 'en' })),
    ...ids.map((id) => tenant.update(id, { secondary_emails: [freshEmail()] })),
  ]);
  expect(answers.map(({ status }) => status).filter((status) => status >= 400)).toEqual([]);
  for (const id of ids) {
    const user = await tenant.get(id);
    expect([...user.groupIds].sort()).toEqual(groups.map(({ group_id }) => group_id).sort());
    expect(user).toMatchObject({ language: 'en', secondary_emails: [expect.anything()] });
  }
});

it.each([
  ['POST', '/cis/v1/groups', {}, 400],
  ['POST', '/cis/v1/groups', { name: '' }, 400],
  ['POST', '/cis/v1/groups', { name: 'x', colour: 'red' }, 400],
  ['PUT', '/cis/v1/groups/nobody', { name: 'x' }, 404],
  ['PUT', '/cis/v1/groups/nobody', {}, 400],
  ['PUT', '/cis/v1/groups/nobody', { name: null }, 400],
  ['POST', '/cis/v1/groups/nobody/users', { user_ids: ['x'] }, 404],
  ['POST', '/cis/v1/groups/nobody/users', { user_ids: [] }, 400],
  ['GET', '/cis/v1/groups/nobody/users', undefined, 404],
  ['GET', '/cis/v1/users/nobody/groups', undefined, 404],
])('%s %s is refused', async (method, path, body, status) => {
  expect(await tenant.send(method, path, body)).toMatchObject({ status, body: { error_code: status } });
});

it('an update leaves alone what it does not name', async () => {
  const group = await newGroup({ description: 'Who may', custom_data: { a: 1 } });
  const path = `/cis/v1/groups/${group.group_id}`;
  const name = `Other ${(serial += 1)}`;
  await tenant.send('PUT', path, { name });
  expect((await tenant.send('GET', path)).body.result).toMatchObject({
    name,
    description: 'Who may',
    custom_data: { a: 1 },
  });
  await tenant.send('PUT', path, { custom_data: { b: 2 } });
  expect((await tenant.send('GET', path)).body.result).toMatchObject({
    name,
    description: 'Who may',
    custom_data: { b: 2 },
  });
});

// Members leave five hundred at a time.
it.each([499, 500, 501, 1000])('a group of %d members is deleted whole', async (count) => {
  const group = await newGroup();
  const users = Array.from({ length: count }, () => ({ email: freshEmail() }));
  const made = await tenant.send('POST', '/cis/v1/users/bulk', { users });
  const ids = (made.body.result.items as { user: ApiUser }[]).map(({ user }) => user.user_id);
  expect((await add(group, ...ids)).status).toBe(204);
  const path = `/cis/v1/groups/${group.group_id}`;
  expect((await tenant.send('DELETE', path)).status).toBe(204);
  expect((await tenant.send('GET', path)).status).toBe(404);
  for (const id of [ids[0]!, ids.at(-1)!]) {
    expect((await tenant.send('GET', `/cis/v1/users/${id}/groups`)).body.result).toEqual([]);
  }
});

it('lists groups by name, and members by ID, page after page', async () => {
  const user = await newUser();
  const names = Array.from({ length: 101 }, (_, n) => `Listed ${String(101 - n).padStart(3, '0')}`);
  const groups: ApiGroup[] = [];
  for (const name of names) groups.push(await newGroup({ name }));
  for (const group of groups.slice(0, 3)) await add(group, user.user_id);
  const named = (answer: Answer) =>
    (answer.body.result as ApiGroup[]).map(({ name }) => name).filter((name) => name.startsWith('Listed'));
  expect(named(await tenant.send('GET', '/cis/v1/groups'))).toEqual([...names].reverse());
  const of = await tenant.send('GET', `/cis/v1/users/${user.user_id}/groups`);
  expect(named(of)).toEqual(names.slice(0, 3).reverse());

  const ids = (await Promise.all(Array.from({ length: 5 }, newUser))).map(({ user_id }) => user_id);
  await add(groups[5]!, ...ids);
  const seen: string[] = [];
  for (const offset of [0, 2, 4]) {
    const path = `/cis/v1/groups/${groups[5]!.group_id}/users?page_offset=${offset}&page_limit=2`;
    seen.push(...((await tenant.send('GET', path)).body.result as ApiUser[]).map(({ user_id }) => user_id));
  }
  expect(seen).toEqual([...ids].sort());
});

it('tells when it changed, and the user when it joined and left', async () => {
  const [group, user] = [await newGroup(), await newUser()];
  const path = `/cis/v1/groups/${group.group_id}`;
  const history = async () =>
    (await tenant.send('GET', `/cis/v1/users/${user.user_id}/history`)).body.result as HistoryEntry[];
  // So that a later time is another one.
  await delay(2);
  const { body } = await tenant.send('PUT', path, { description: 'Who may' });
  expect(body.result.updated_at).toBeGreaterThan(group.updated_at);
  await add(group, user.user_id);
  const joined = await tenant.get(user.user_id);
  expect(joined.updated_at).toBeGreaterThan(user.updated_at);
  await delay(2);
  await tenant.send('DELETE', `${path}/users/${user.user_id}`);
  const left = await tenant.get(user.user_id);
  expect(left.updated_at).toBeGreaterThan(joined.updated_at);
  expect(await history()).toMatchObject([
    { changed_at: left.updated_at, changes: [{ attribute: 'groupIds', before: [group.group_id], after: [] }] },
    { changed_at: joined.updated_at, changes: [{ attribute: 'groupIds', before: [], after: [group.group_id] }] },
    { version: 1 },
  ]);
});
