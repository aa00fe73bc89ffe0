import { describe, expect, it } from 'vitest';
import { freshEmail } from '../../packages/tenant/test/testTenant.ts';
import { itemsOf, locator, one, Setting, updateEach } from './setting.ts';

const setting = new Setting();

describe('many at once', () => {
  it('goes in batches, each item with its own result, in order', async () => {
    const made = await setting.tenant.send('POST', '/cis/v1/users/bulk', {
      users: Array.from({ length: 999 }, () => ({ email: freshEmail() })),
    });
    const users = (made.body.result.items as { user: { user_id: string } }[]).map(({ user }) => user);
    const input = [
      ...itemsOf(users),
      { id: 'nobody', n: 1 },
      ...itemsOf(users.slice(0, 3)).map(({ id }) => ({ id, n: 5000 })),
    ];
    const { items, error, hints } = await setting.run('updateUser', updateEach, input, 'continueRegularOutput');
    expect(error).toBeUndefined();
    expect(items.map(({ pairedItem }) => pairedItem)).toEqual(input.map((_, item) => ({ item })));
    for (const [n, { json }] of items.entries()) {
      if (n === 999)
        expect(json).toMatchObject({ id: 'nobody', error: 'There is no such user', details: { status: 404 } });
      else expect([json.user_id, json.language]).toEqual([input[n]!.id, `l${input[n]!.n}`]);
    }
    expect(setting.proxy.apiRequests).toEqual(Array.from({ length: 3 }, () => 'PUT /cis/v1/users/bulk'));
    expect(hints).toEqual(['1,002 updated, 1 refused']);
  });

  it('does what is for one user in order, also of several batches', async () => {
    const made = await setting.tenant.send('POST', '/cis/v1/users/bulk', {
      users: Array.from({ length: 500 }, () => ({ email: freshEmail() })),
    });
    const users = (made.body.result.items as { user: { user_id: string } }[]).map(({ user }) => user);
    let bulk = 0;
    setting.proxy.faults = (line) =>
      line.endsWith('/bulk') && (bulk += 1) === 1 ? { kind: 'slow', ms: 300 } : undefined;
    const input = [...itemsOf(users), { id: users[0]!.user_id, n: 500 }, { id: users[1]!.user_id, n: 501 }];
    await setting.run('updateUser', updateEach, input, 'continueRegularOutput');
    expect(bulk).toBe(2);
    for (const n of [0, 1]) expect((await setting.tenant.get(users[n]!.user_id)).language).toBe(`l${n + 500}`);
  });

  it('begins no batch after a failure', async () => {
    const made = await setting.tenant.send('POST', '/cis/v1/users/bulk', {
      users: Array.from({ length: 1000 }, () => ({ email: freshEmail() })),
    });
    const users = (made.body.result.items as { user: { user_id: string } }[]).map(({ user }) => user);
    const input = itemsOf(users).map((item, n) => (n === 10 ? { ...item, id: 'nobody' } : item));
    const { error } = await setting.run('updateUser', updateEach, input);
    expect(error!.message).toBe('There is no such user [item 10; others done: 499]');
    expect(setting.proxy.apiRequests).toHaveLength(1);
  });

  it('is not broken by rows that change nothing, and what is for one user stays in order', async () => {
    const made = await setting.tenant.send('POST', '/cis/v1/users/bulk', {
      users: Array.from({ length: 60 }, () => ({ email: freshEmail() })),
    });
    const users = (made.body.result.items as { user: { user_id: string } }[]).map(({ user }) => user);
    const columns = { mappingMode: 'autoMapInputData', value: null, matchingColumns: ['user_id'] };
    const rows = users.map(({ user_id }, n) => ({ user_id, language: n % 2 ? '' : `l${n}` }));
    // The second row of a user shows what the first one has made of it.
    rows.push({ user_id: users[0]!.user_id, language: '' });
    const output = await setting.output('updateUser', { specifyFields: 'columns', columns }, rows);
    expect(output.map(({ language }) => language)).toEqual([
      ...users.map((_, n) => (n % 2 ? undefined : `l${n}`)),
      'l0',
    ]);
    expect(setting.proxy.apiRequests.filter((line) => line.endsWith('/bulk'))).toHaveLength(1);
  });

  it('has no more requests under way than Max Concurrency says', async () => {
    const made = await setting.tenant.send('POST', '/cis/v1/users/bulk', {
      users: Array.from({ length: 1000 }, () => ({ email: freshEmail() })),
    });
    const users = (made.body.result.items as { user: { user_id: string } }[]).map(({ user }) => user);
    setting.proxy.reset();
    await setting.run(
      'updateUser',
      { ...updateEach, options: { maxConcurrency: 1 } },
      itemsOf(users),
      'continueErrorOutput',
    );
    expect(setting.proxy.apiRequests).toHaveLength(2);
    expect(setting.proxy.atOnce).toBe(1);
  });

  it('is not asked of the vendor’s cloud, nor when the option says no, nor for one item', async () => {
    const users = await setting.newUsers(2);
    await setting.output('updateUser', { ...updateEach, options: one }, itemsOf(users));
    await setting.output('updateUser', updateEach, itemsOf(users.slice(0, 1)));
    expect(setting.proxy.requests).not.toContain('GET /openapi.json');
    expect(setting.proxy.apiRequests.some((line) => line.endsWith('/bulk'))).toBe(false);
  });

  it('is done one by one where the tenant does not offer it', async () => {
    const users = await setting.newUsers(3);
    setting.proxy.faults = (line) =>
      line.endsWith('/openapi.json') ? { kind: 'answer', status: 404, body: 'no' } : undefined;
    const updated = await setting.output('updateUser', updateEach, itemsOf(users));
    expect(updated.map(({ language }) => language)).toEqual(['l0', 'l1', 'l2']);
    expect(setting.proxy.apiRequests).toHaveLength(3);
  });

  it('finds users by their identifiers first', async () => {
    const users = await setting.newUsers(3);
    const updated = await setting.output(
      'updateUser',
      { ...updateEach, userId: locator('email', '={{ $json.email }}') },
      users.map(({ email }, n) => ({ email: email!.value, n })),
    );
    expect(updated.map(({ user_id }) => user_id)).toEqual(users.map(({ user_id }) => user_id));
    expect(setting.proxy.apiRequests).toEqual([
      expect.stringMatching(/^GET \/cis\/v1\/users\?search=/),
      'PUT /cis/v1/users/bulk',
    ]);
  });

  it('creates or updates rows of which some are there, with two requests of each kind', async () => {
    const users = await setting.newUsers(3);
    const rows = Array.from({ length: 100 }, (_, n) => ({
      email: n < 3 ? users[n]!.email!.value.toUpperCase() : freshEmail(),
      language: `l${n}`,
    }));
    // Twice the same key: the second is an update.
    rows.push({ ...rows[50]!, language: 'again' });
    const columns = { mappingMode: 'autoMapInputData', value: null, matchingColumns: ['email'] };
    const output = await setting.output('createOrUpdateUser', { specifyFields: 'columns', columns }, rows);
    expect(output.map(({ language }) => language)).toEqual(rows.map(({ language }) => language));
    expect(output.slice(0, 3).map(({ user_id }) => user_id)).toEqual(users.map(({ user_id }) => user_id));
    expect(output[100]!.user_id).toBe(output[50]!.user_id);
    expect(setting.proxy.apiRequests.filter((line) => line.endsWith('/bulk')).sort()).toEqual([
      'POST /cis/v1/users/bulk',
      'PUT /cis/v1/users/bulk',
    ]);
  });
});
