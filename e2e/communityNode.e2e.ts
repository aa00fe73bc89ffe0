import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshEmail, startTestTenant, type TestTenant } from '../packages/tenant/test/testTenant.ts';
import manifest from '../packages/n8n-nodes-mosaic/package.json' with { type: 'json' };
import { exampleWorkflow } from '../playground/src/exampleWorkflow.ts';
import { freePort } from '../playground/src/freePort.ts';
import { N8n, packTransmitNode } from '../playground/src/n8n.ts';
import { launchBrowser, openPage, OWNER, signIn } from './browser.ts';
import { startRegistry, type Registry } from './registry.ts';
import { mosaicAccount } from './testN8n.ts';

let folder: string;
let registry: Registry;
let tenant: TestTenant;
let n8n: N8n;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tessera-n8n-'));
  registry = await startRegistry(await packTransmitNode(folder), manifest, folder);
  tenant = await startTestTenant();
  n8n = new N8n(folder, await freePort(), { env: registry.env });
  await n8n.start();
  await n8n.makeOwner(OWNER);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await n8n.stop();
  await tenant.close();
  await registry.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

it('what would be published installs through n8n’s own screen, and runs from there', async () => {
  const page = await openPage(browser);
  try {
    await signIn(page, n8n.url);
    await page.goto(`${n8n.url}/settings/community-nodes`);
    await page
      .getByRole('button', { name: /install/i })
      .first()
      .click();
    await page.locator('input[name=packageNameInput]').fill(manifest.name);
    await page.getByText(/I understand the risks/).click();
    await page.locator('[data-test-id=communityPackageInstall-modal]').getByRole('button', { name: 'Install' }).click();
    await page.getByText('Package installed').waitFor({ timeout: 60_000 });
  } catch (error) {
    await page.screenshot({ path: path.join(import.meta.dirname, 'screenshots/failed community node.png') });
    throw error;
  }
  expect(registry.requests.some((asked) => asked.endsWith('.tgz'))).toBe(true);

  const user = await tenant.create({ email: freshEmail() });
  await n8n.importCredential(mosaicAccount(tenant.url));
  const workflow = await exampleWorkflow(user.user_id);
  await n8n.importWorkflow(workflow);
  await n8n.stop();
  const { status, items } = await n8n.execute(workflow.id);
  expect(status).toBe('success');
  expect(items['Update User']).toEqual([await tenant.get(user.user_id)]);
});
