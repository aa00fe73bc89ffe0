import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshEmail, startTestTenant, type TestTenant } from '../packages/tenant/test/testTenant.ts';
import type { N8n } from '../playground/src/n8n.ts';
import { exampleWorkflow } from '../playground/src/exampleWorkflow.ts';
import { makeN8n, mosaicAccount } from './testN8n.ts';

let tenant: TestTenant;
let n8n: N8n;
let remove: () => Promise<void>;
beforeAll(async () => {
  tenant = await startTestTenant();
  ({ n8n, remove } = await makeN8n());
  await n8n.importCredential(mosaicAccount(tenant.url));
});
afterAll(async () => {
  await remove();
  await tenant.close();
});

it('a real n8n runs the example workflow: the Result is what the tenant stored', async () => {
  const before = await tenant.create({ email: freshEmail(), custom_data: { plan: 'trial' } });
  const workflow = await exampleWorkflow(before.user_id);
  await n8n.importWorkflow(workflow);
  const { status, items } = await n8n.execute(workflow.id);
  expect(status).toBe('success');
  const stored = await tenant.get(before.user_id);
  expect(items['Update User']).toEqual([stored]);
  expect(stored).toEqual({
    ...before,
    name: { title: 'Countess', first_name: 'Ada', middle_name: 'King', last_name: 'Lovelace' },
    birthday: '1815-12-10',
    language: 'en-GB',
    address: expect.objectContaining({ city: 'London', type: 'Home', updated_at: stored.updated_at }),
    custom_data: { plan: 'trial', updated_by: 'Update a user', engines: ['difference', 'analytical'] },
    status: 'Active',
    status_changed_at: new Date(stored.updated_at).toISOString(),
    updated_at: expect.any(Number),
  });
});

it('a user who is not there stops the workflow with the tenant’s words', async () => {
  const workflow = await exampleWorkflow('nobody');
  await n8n.importWorkflow(workflow);
  await expect(n8n.execute(workflow.id)).rejects.toThrow('There is no such user');
});

it('n8n’s own store of credentials keeps the token, and renews one that is refused', async () => {
  const other = await startTestTenant();
  try {
    // The token that n8n has kept by now is of the first tenant, and no good here.
    const { user_id } = await other.create({ email: freshEmail() });
    const account = mosaicAccount(other.url);
    await n8n.importCredential({ ...account, data: { ...(account.data as object), accessToken: 'expired' } });
    const workflow = await exampleWorkflow(user_id);
    await n8n.importWorkflow(workflow);
    expect((await n8n.execute(workflow.id)).status).toBe('success');
  } finally {
    await other.close();
  }
});
