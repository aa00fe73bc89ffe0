import { describe, expect, it } from 'vitest';
import { byId, locator, Setting } from './setting.ts';

const setting = new Setting();

describe('groups', () => {
  const output = (operation: string, parameters: object = {}) =>
    setting.output(operation, parameters as never, [{}], 'group');

  it('are created, changed, listed and deleted, with their members', async () => {
    const [group] = await output('createGroup', {
      groupName: `Navy ${Date.now()}`,
      groupFields: { description: 'On ships', custom_data: '{"n":1}' },
    });
    const groupId = byId(group!.group_id as string);
    expect(group).toMatchObject({ description: 'On ships', custom_data: { n: 1 } });
    const [changed] = await output('updateGroup', {
      groupId,
      groupFields: { description: 'On any ship', custom_data: '{}' },
    });
    expect(changed).toMatchObject({ description: 'On any ship', custom_data: { n: 1 } });
    expect(await output('getGroup', { groupId })).toEqual([changed]);
    const [numbered] = await output('updateGroup', {
      groupId,
      groupFields: { description: '={{ 77 }}', custom_data: '={{ ({ value: 5 }) }}' },
    });
    expect(numbered).toMatchObject({ description: '77', custom_data: { value: 5 } });
    await output('updateGroup', { groupId, groupFields: { description: 'On any ship', custom_data: '{"n":1}' } });
    const [cleared] = await output('updateGroup', { groupId, clearGroupFields: ['description', 'custom_data'] });
    expect(Object.keys(cleared!)).not.toEqual(expect.arrayContaining(['description']));
    expect(cleared).not.toHaveProperty('custom_data');
    expect(await output('getGroup', { groupId })).toEqual([cleared]);
    expect((await output('getManyGroups', { returnAll: true })).map(({ group_id }) => group_id)).toContain(
      group!.group_id,
    );

    const user = await setting.newUser();
    const named = { groupId, userId: locator('email', user.email!.value) };
    for (let time = 0; time < 2; time += 1) {
      expect(await output('addUserToGroup', named)).toEqual([
        { added: true, group_id: group!.group_id, user_id: user.user_id },
      ]);
    }
    expect((await output('getGroupMembers', { groupId })).map(({ user_id }) => user_id)).toEqual([user.user_id]);
    expect(await output('removeUserFromGroup', named)).toEqual([
      { removed: true, group_id: group!.group_id, user_id: user.user_id },
    ]);
    expect(await output('getGroupMembers', { groupId })).toEqual([]);
    expect(await output('deleteGroup', { groupId })).toEqual([{ deleted: true, group_id: group!.group_id }]);
    const { error } = await setting.run('getGroup', { groupId }, [{}], 'stopWorkflow', { resource: 'group' });
    expect(error).toMatchObject({ httpCode: '404' });
  });
});

it('groups of an API without pages are read once', async () => {
  const groups = [1, 2, 3].map((n) => ({ group_id: `g${n}`, name: `G${n}` }));
  setting.proxy.faults = (line) =>
    line.includes('/groups') ? { kind: 'answer', status: 200, ...json({ result: groups }) } : undefined;
  for (const parameters of [{ limit: 50 }, { returnAll: true }]) {
    expect(await setting.output('getManyGroups', parameters, [{}], 'group')).toEqual(groups);
  }
  expect(await setting.output('getManyGroups', { limit: 2 }, [{}], 'group')).toEqual(groups.slice(0, 2));
  expect(setting.proxy.apiRequests.length).toBeLessThan(6);
  // And to the end where it has pages, and does not tell of them.
  setting.proxy.faults = (line) => {
    const offset = Number(/page_offset=(\d+)/.exec(line)?.[1]);
    const page = groups.slice(offset, offset + 2);
    return line.includes('/groups') ? { kind: 'answer', status: 200, ...json({ result: page }) } : undefined;
  };
  expect(await setting.output('getManyGroups', { returnAll: true }, [{}], 'group')).toEqual(groups);
});

const json = (body: object) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
