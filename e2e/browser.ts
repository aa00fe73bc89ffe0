import { chromium, type Browser, type Page } from 'playwright-core';

export const OWNER = { email: 'owner@example.com', password: 'End-to-end-1' };

/** Starts Chromium: Debian's, unless `CHROMIUM` names another. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--no-first-run'],
  });

/** Opens a page of a size that pictures can be taken of. */
export async function openPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1360, height: 860 }, deviceScaleFactor: 1 });
  page.setDefaultTimeout(30_000);
  return page;
}

/** Signs the owner in. */
export async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/signin`);
  await page.locator('input[name=emailOrLdapLoginId]').fill(OWNER.email);
  await page.locator('input[type=password]').fill(OWNER.password);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/home/);
}
