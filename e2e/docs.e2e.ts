import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { startTestTenant } from '../packages/tenant/test/testTenant.ts';

it('the docs page shows the operations and errors, and nothing of the viewer’s own', async () => {
  const tenant = await startTestTenant();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--no-first-run'],
  });
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
