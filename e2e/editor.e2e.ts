import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiUser } from '@tessera/contract';
import { CREDENTIALS, freshEmail, startTestTenant, type TestTenant } from '../packages/tenant/test/testTenant.ts';
import { transmit } from '../playground/src/engine.ts';
import { CREDENTIAL_ID } from '../playground/src/exampleWorkflow.ts';
import type { N8n, Stored } from '../playground/src/n8n.ts';
import { launchBrowser, openPage, OWNER, signIn } from './browser.ts';
import { makeN8n, mosaicAccount } from './testN8n.ts';

const SCREENSHOTS = path.resolve(import.meta.dirname, 'screenshots');

let tenant: TestTenant;
let user: ApiUser;
let n8n: N8n;
let remove: () => Promise<void>;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  tenant = await startTestTenant();
  user = await tenant.create({ email: freshEmail(), name: { first_name: 'Ada', last_name: 'Byron' } });
  ({ n8n, remove } = await makeN8n());
  await n8n.start();
  await n8n.makeOwner(OWNER);
  browser = await launchBrowser();
  page = await openPage(browser);
  await mkdir(SCREENSHOTS, { recursive: true });
});
afterAll(async () => {
  await browser.close();
  await remove();
  await tenant.close();
});

/** An element by the ID that n8n gives its elements for tests. */
const byId = (id: string): Locator => page.locator(`[data-test-id="${id}"]`);
const input = (name: string): Locator => byId(`parameter-input-${name}`).locator('input, textarea').first();
const picture = (name: string) => page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });

/** Keeps a picture of where it went wrong. */
const step = (name: string, run: () => Promise<void>) =>
  it(name, async () => {
    try {
      await run();
    } catch (error) {
      await picture(`failed ${name}`);
      throw error;
    }
  });

step('signs in', () => signIn(page, n8n.url));

step('creates the credential, whose test tells right from wrong', async () => {
  await page.goto(`${n8n.url}/home/credentials`);
  await byId('add-resource-credential').click();
  await byId('new-credential-type-select').locator('input').fill('Mosaic');
  await page.getByText('Mosaic API', { exact: true }).click();
  await byId('new-credential-type-button').click();
  // The name that n8n makes of the credential type's display name.
  expect(await byId('credential-name').innerText()).toBe('Mosaic account');

  await byId('parameter-input-environment').click();
  await page.getByText('Custom URL', { exact: true }).last().click();
  await input('baseUrl').fill(tenant.url.replace('localhost', '127.0.0.1'));
  await input('clientId').fill(CREDENTIALS.clientId);
  expect(await input('clientSecret').getAttribute('type')).toBe('password');
  await input('clientSecret').fill('wrong');
  await byId('credential-save-button').click();
  await page.getByText('Couldn’t connect with these settings').waitFor();
  await page.getByText('More details').click();
  await page.getByText('The client ID or the client secret is wrong').waitFor();
  await picture('credential-wrong');

  await input('clientSecret').fill(CREDENTIALS.clientSecret);
  await byId('credential-save-button').click();
  await page.getByText('Connection tested successfully').waitFor();
  await picture('credential');
  await page.keyboard.press('Escape');
});

step('places the node by its action, and finds the credential chosen', async () => {
  await page.goto(`${n8n.url}/workflow/new`);
  await byId('canvas-plus-button').click();
  await page.getByText('Trigger manually').first().click();
  await byId('node-creator-plus-button').first().click();
  await byId('node-creator-search-bar').fill('Transmit');
  await byId('node-creator-item-name').getByText('Transmit', { exact: true }).click();
  await page.getByText('Update user', { exact: true }).first().click();
  await byId('ndv').waitFor();
  await expect.poll(() => byId('node-credentials-select').locator('input').first().inputValue()).toBe('Mosaic account');
});

/** Picks an entry of the menu "Add Field". */
async function addField(name: string): Promise<void> {
  // Away from the field before, whose hint would lie over the button.
  await page.getByText('Fields', { exact: true }).click();
  await byId('collection-parameter-add').first().click();
  await page.getByText(name, { exact: true }).last().click();
}

step('adds three fields, executes, and reads the Result', async () => {
  await byId('rlc-mode-selector').first().click();
  await page.getByText('By ID', { exact: true }).last().click();
  await byId('rlc-input').first().fill(user.user_id);
  await byId('collection-parameter-add').first().click();
  await page.getByText('External Account ID', { exact: true }).last().click({ trial: true });
  await picture('add-field');
  await page.keyboard.press('Escape');

  await addField('Language');
  await input('language').fill('en-GB');
  await addField('Username');
  await input('username').fill('ada');
  await addField('Status');
  await byId('node-execute-button').first().click();
  await byId('output-panel').getByText('user_id').first().waitFor();
  await byId('output-panel').locator('[data-test-id=radio-button-json]').click();
  await byId('output-panel').getByText('"en-GB"').first().waitFor();
  await picture('result');

  const shown = await byId('output-panel').innerText();
  const stored = await tenant.get(user.user_id);
  expect(stored).toMatchObject({ language: 'en-GB', username: 'ada', status: 'Active', name: user.name });
  for (const value of [stored.user_id, stored.username!, stored.email!.value, String(stored.updated_at)]) {
    expect(shown).toContain(value);
  }
});

step('reads in the editor why the tenant refused', async () => {
  await input('language').fill('x'.repeat(300));
  await byId('node-execute-button').first().click();
  await byId('output-panel').getByText('language must have at most 255 characters').first().waitFor();
  await picture('refused');
  expect((await tenant.get(user.user_id)).language).toBe('en-GB');
});

/** What the editor says of a mistake of ours. */
const complaints: string[] = [];
const transmitNode = (id: string, name: string, place: number, parameters: Record<string, unknown>) => ({
  id,
  name,
  type: 'n8n-nodes-mosaic.transmit',
  typeVersion: 1.1,
  position: [240 + (place % 6) * 220, Math.floor(place / 6) * 200],
  parameters,
  credentials: { mosaicApi: { id: CREDENTIAL_ID, name: 'Mosaic account' } },
});

/** Opens a stored workflow in the editor. */
async function openWorkflow(workflow: Stored): Promise<void> {
  await n8n.importWorkflow(workflow);
  await page.goto(`${n8n.url}/workflow/${workflow.id}`);
  await byId('canvas-wrapper').waitFor();
}

const openNode = async (name: string): Promise<void> => {
  await page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`).dblclick({ force: true });
  await byId('ndv').waitFor();
};

/** The parameters of an operation that show before anything is chosen, and those of others. */
function parametersOf(resource: string, operation: string) {
  const shows = ({ displayOptions }: INodeProperties) => {
    const { show = {}, hide = {} } = displayOptions ?? {};
    const chosen: Record<string, unknown> = {
      resource,
      operation,
      specifyFields: 'below',
      findBy: 'filters',
      returnAll: false,
    };
    return (
      Object.entries(show).every(([name, values]) => (values as unknown[]).includes(chosen[name])) &&
      !Object.entries(hide).some(([name, values]) => (values as unknown[]).includes(chosen[name]))
    );
  };
  const { properties } = transmit.description;
  const shown = properties.filter(shows).map(({ displayName }) => displayName);
  const all = properties.map(({ displayName }) => displayName);
  return { shown, hidden: [...new Set(all)].filter((name) => !shown.includes(name)) };
}

const operations = transmit.description.properties
  .filter(({ name }) => name === 'operation')
  .flatMap(({ displayOptions, options }) =>
    (options as INodePropertyOptions[]).map(({ name, value }) => ({
      resource: (displayOptions!.show!.resource as string[])[0]!,
      operation: value as string,
      name,
    })),
  );

step('opens every operation, each with the parameters that belong to it', async () => {
  await n8n.importCredential(mosaicAccount(tenant.url));
  page.on('console', (message) => {
    // n8n itself asks for what it has no right to, and says so.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  await openWorkflow({
    id: 'everyOperation',
    name: 'Every operation',
    active: false,
    nodes: operations.map(({ resource, operation }, place) =>
      transmitNode(`op${place}`, operation, place, { resource, operation }),
    ),
    connections: {},
    settings: { executionOrder: 'v1' },
  });
  for (const { resource, operation } of operations) {
    await openNode(operation);
    const { shown, hidden } = parametersOf(resource, operation);
    const lines = async () =>
      (await byId('ndv-parameters').or(byId('node-parameters')).first().innerText()).split('\n');
    await expect.poll(lines, { message: operation }).toEqual(expect.arrayContaining(shown));
    const told = await lines();
    expect(
      hidden.filter((name) => told.includes(name)),
      operation,
    ).toEqual([]);
    await page.keyboard.press('Escape');
    await byId('ndv').waitFor({ state: 'detached' });
  }
  expect(complaints).toEqual([]);
});

step('finds a user in the list, as one types', async () => {
  await tenant.create({ email: 'listed@example.com', name: { first_name: 'Grace', last_name: 'Hopper' } });
  await openNode('getUser');
  await byId('rlc-input').first().click();
  await byId('rlc-search').fill('listed@');
  await page.getByText('Grace Hopper (listed@example.com)').click();
  await picture('user-from-list');
  await byId('node-execute-button').first().click();
  await byId('output-panel').getByText('listed@example.com').first().waitFor();
  await page.keyboard.press('Escape');
});

step('maps columns, and tells of a thousand updates in one line, in the light and in the dark', async () => {
  const users = Array.from({ length: 1000 }, () => ({ email: freshEmail() }));
  const made = await tenant.send('POST', '/cis/v1/users/bulk', { users });
  const ids = (made.body.result.items as { user: ApiUser }[]).map((item) => item.user.user_id);
  await openWorkflow({
    id: 'thousand',
    name: 'A thousand updates',
    active: false,
    nodes: [
      {
        id: 'start',
        name: 'Start',
        type: 'n8n-nodes-base.manualTrigger',
        typeVersion: 1,
        position: [0, 0],
        parameters: {},
      },
      {
        id: 'rows',
        name: 'Rows',
        type: 'n8n-nodes-base.code',
        typeVersion: 2,
        position: [120, 0],
        parameters: {
          jsCode: `return ${JSON.stringify(ids)}.map((id) => ({ json: { user_id: id, language: 'en' } }));`,
        },
      },
      transmitNode('map', 'Update', 0, {
        resource: 'identityManagement',
        operation: 'updateUser',
        specifyFields: 'columns',
        columns: { mappingMode: 'autoMapInputData', value: null, matchingColumns: ['user_id'], schema: [] },
        options: { output: 'simplified' },
      }),
    ],
    connections: {
      Start: { main: [[{ node: 'Rows', type: 'main', index: 0 }]] },
      Rows: { main: [[{ node: 'Update', type: 'main', index: 0 }]] },
    },
    settings: { executionOrder: 'v1' },
  });
  await byId('execute-workflow-button').first().click();
  await expect.poll(async () => (await tenant.get(ids[999]!)).language, { timeout: 60_000 }).toBe('en');
  await openNode('Update');
  await byId('output-panel').getByText('1,000 updated').waitFor();
  await byId('node-parameters').getByText('Attribute to match on').waitFor();
  await picture('thousand-updates');
  await page.evaluate(() => localStorage.setItem('N8N_THEME', 'dark'));
  await page.reload();
  await byId('canvas-wrapper').waitFor();
  await openNode('Update');
  await picture('mapper-dark');
  expect(complaints).toEqual([]);
});
