import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiUser } from '@tessera/contract';
import { freshEmail, startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());

describe('who acts for a user', () => {
  it('is another user of the tenant, until that one is deleted', async () => {
    const [actor, dependent] = [
      await tenant.create({ email: freshEmail() }),
      await tenant.create({ email: freshEmail() }),
    ];
    const link = (actor_id: string) =>
      tenant.update(dependent.user_id, { delegated_access: { actor_id, permissions: ['read'] } });
    for (const [actor_id, reason] of [
      ['nobody', /^delegated_access\.actor_id must be a user of the tenant/],
      [dependent.user_id, /^delegated_access\.actor_id must be another user/],
    ] as const) {
      expect(await link(actor_id)).toMatchObject({ status: 400, body: { message: [expect.stringMatching(reason)] } });
    }
    expect((await link(actor.user_id)).body.result.delegated_access.actor_id).toBe(actor.user_id);
    const acted = { email: freshEmail(), delegated_access: { actor_id: actor.user_id, permissions: [] } };
    const made = await tenant.create(acted);
    const first = await tenant.send('GET', `/cis/v1/users/${made.user_id}/history`);
    expect(first.body.result).toMatchObject([{ version: 1 }]);
    const created = await tenant.send('POST', '/cis/v1/users/bulk', {
      users: ['nobody', actor.user_id].map((actor_id) => ({
        email: freshEmail(),
        delegated_access: { actor_id, permissions: [] },
      })),
    });
    expect(created.body.result).toMatchObject({ succeeded: 1, failed: 1 });
    const second = created.body.result.items[1].user.user_id as string;
    expect((await tenant.send('DELETE', `/cis/v1/manage/users/${actor.user_id}`)).status).toBe(204);
    for (const id of [dependent.user_id, second]) expect((await tenant.get(id)).delegated_access).toBeUndefined();
    const history = await tenant.send('GET', `/cis/v1/users/${dependent.user_id}/history`);
    expect(history.body.result[0].changes).toEqual([
      { attribute: 'delegated_access', before: { actor_id: actor.user_id, permissions: ['read'] } },
    ]);
  });

  it('is deleted, for however many', async () => {
    const actor = await tenant.create({ email: freshEmail() });
    const users = Array.from({ length: 250 }, () => ({
      email: freshEmail(),
      delegated_access: { actor_id: actor.user_id, permissions: [] },
    }));
    const created = await tenant.send('POST', '/cis/v1/users/bulk', { users });
    expect(created.body.result).toMatchObject({ succeeded: users.length });
    const deletion = (headers?: Record<string, string>) =>
      tenant.send('DELETE', `/cis/v1/manage/users/${actor.user_id}`, undefined, headers);
    // At another version than is asked for, nobody loses it.
    expect((await deletion({ 'if-match': '"7"' })).status).toBe(412);
    for (const { user } of created.body.result.items as { user: { user_id: string } }[]) {
      expect((await tenant.get(user.user_id)).delegated_access).toBeDefined();
    }
    expect((await deletion()).status).toBe(204);
    for (const { user } of created.body.result.items as { user: { user_id: string } }[]) {
      expect((await tenant.get(user.user_id)).delegated_access).toBeUndefined();
    }
  });

  it('stays who has just been made it, while the one before is deleted', async () => {
    const [before, after] = [
      await tenant.create({ email: freshEmail() }),
      await tenant.create({ email: freshEmail() }),
    ];
    const by = ({ user_id }: ApiUser) => ({ delegated_access: { actor_id: user_id, permissions: [] } });
    const users = Array.from({ length: 80 }, () => ({ email: freshEmail(), ...by(before) }));
    const created = await tenant.send('POST', '/cis/v1/users/bulk', { users });
    const ids = (created.body.result.items as { user: ApiUser }[]).map(({ user }) => user.user_id);
    const deletion = tenant.send('DELETE', `/cis/v1/manage/users/${before.user_id}`);
    const changes = await Promise.all(ids.reverse().map((id) => tenant.update(id, by(after))));
    expect((await deletion).status).toBe(204);
    expect(changes.map(({ status }) => status)).toEqual(ids.map(() => 200));
    for (const id of ids) expect((await tenant.get(id)).delegated_access?.actor_id).toBe(after.user_id);
    expect((await tenant.send('DELETE', `/cis/v1/manage/users/${after.user_id}`)).status).toBe(204);
    for (const id of ids) expect((await tenant.get(id)).delegated_access).toBeUndefined();
  });
});
