import { describe, expect, it } from 'vitest';
import { freshEmail } from '../../packages/tenant/test/testTenant.ts';
import { byId, itemsOf, one, Setting, updateEach } from './setting.ts';

const setting = new Setting();

describe('the pool', () => {
  it.each([
    [undefined, 5],
    [3, 3],
    [1, 1],
  ])('has at most Max Concurrency under way (%s)', async (maxConcurrency, most) => {
    const users = await setting.newUsers(12);
    setting.proxy.faults = () => ({ kind: 'slow', ms: 30 });
    await setting.output(
      'updateUser',
      { ...updateEach, options: { ...one, ...(maxConcurrency && { maxConcurrency }) } },
      itemsOf(users),
    );
    expect(setting.proxy.atOnce).toBe(most);
  });

  it('waits as a whole when the tenant says so', async () => {
    const users = await setting.newUsers(8);
    const times: number[] = [];
    setting.proxy.faults = (_line, place) => {
      if (place < 0) return undefined;
      times.push(Date.now());
      return place === 2 ? { kind: 'answer', status: 429, headers: { 'retry-after': '1' } } : undefined;
    };
    await setting.output('updateUser', { ...updateEach, options: { ...one, maxConcurrency: 3 } }, itemsOf(users));
    // Those that were under way together came before; nobody came in the second after.
    const gaps = times.slice(1).map((time, place) => time - times[place]!);
    expect(Math.max(...gaps)).toBeGreaterThan(700);
    expect(times).toHaveLength(9);
  });

  it('waits for no longer than five minutes, and says so', async () => {
    const user = await setting.newUser();
    for (const [after, said] of [
      ['3600', '60'],
      [new Date(Date.now() + 3_600_000).toUTCString(), '60'],
    ] as const) {
      setting.proxy.reset();
      setting.proxy.faults = (_line, place) =>
        place >= 0 ? { kind: 'answer', status: 429, headers: { 'retry-after': after } } : undefined;
      const { error } = await setting.run('updateUser', { userId: byId(user.user_id), fields: { language: 'en' } });
      expect(error!.message).toContain(`(it says to try again in ${said} minutes)`);
      expect(setting.proxy.apiRequests).toHaveLength(1);
      const later = { ...updateEach, options: { ...one, maxConcurrency: 2 } };
      const { items } = await setting.run(
        'updateUser',
        later,
        itemsOf(Array(20).fill(user) as never),
        'continueRegularOutput',
      );
      expect(items.filter(({ json }) => (json.details as { status?: number }).status === 429)).toHaveLength(20);
      // Those that were under way together, and nobody after them.
      expect(setting.proxy.apiRequests.length).toBeLessThanOrEqual(3);
    }
  });

  it('stops at the first failure, and tells how many were done', async () => {
    const users = await setting.newUsers(20);
    const input = itemsOf(users).map((item, n) => (n === 4 ? { ...item, id: 'nobody' } : item));
    // Those after it are under way when it fails.
    setting.proxy.faults = (_line, place) => (place > 4 ? { kind: 'slow', ms: 100 } : undefined);
    const { error, items } = await setting.run(
      'updateUser',
      { ...updateEach, options: { ...one, maxConcurrency: 2 } },
      input,
    );
    expect(items).toEqual([]);
    expect(error!.message).toMatch(/^There is no such user \[item 4; others done: \d+\]$/);
    const done = Number(/others done: (\d+)/.exec(error!.message)![1]);
    const stored = await Promise.all(users.map(({ user_id }) => setting.tenant.get(user_id)));
    expect(stored.filter(({ language }) => language !== undefined)).toHaveLength(done);
    expect(done).toBeLessThan(8);
    // Nor is anything done that waited for what has failed.
    const [user, other] = await setting.newUsers(2);
    const taken = await setting.run(
      'updateUser',
      { userId: byId(user!.user_id), fields: { email: '={{ $json.email }}' }, options: one },
      [{ email: other!.email!.value }, { email: freshEmail() }],
    );
    expect(taken.error).toMatchObject({ httpCode: '409' });
    expect(await setting.tenant.get(user!.user_id)).toEqual(user);
  });

  it('ends when the execution is cancelled, and begins nothing after that', async () => {
    const users = await setting.newUsers(20);
    const cancel = new AbortController();
    setting.proxy.faults = (_line, place) => {
      if (place === 3) setTimeout(() => cancel.abort(), 20);
      return place > 3 ? { kind: 'slow', ms: 100 } : undefined;
    };
    await setting.run(
      'updateUser',
      { ...updateEach, options: { ...one, maxConcurrency: 2 } },
      itemsOf(users),
      'stopWorkflow',
      {
        cancel: cancel.signal,
      },
    );
    // Those under way may still arrive; in this time, the others would.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(setting.proxy.apiRequests.length).toBeLessThan(10);
  });
});
