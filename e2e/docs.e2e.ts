import { expect, it } from 'vitest';
import { startTestTenant } from '../packages/tenant/test/testTenant.ts';
import { launchBrowser } from './browser.ts';

it('the docs page shows the operations and errors, and nothing of the viewer’s own', async () => {
  const tenant = await startTestTenant();
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(tenant.url)) elsewhere.push(request.url());
    });
    await page.goto(tenant.url);
    await page.getByRole('heading', { name: 'Tessera tenant' }).waitFor();
    await page.getByRole('heading', { name: 'identifier_is_taken' }).waitFor();
    const text = await page.locator('body').innerText();
    expect(text).not.toMatch(/scalar|developer tools|\bMCP\b|deploy|VS code/i);
    expect(elsewhere).toEqual([]);
  } finally {
    await browser.close();
    await tenant.close();
  }
});
