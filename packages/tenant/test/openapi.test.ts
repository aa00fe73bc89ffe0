import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { validate } from '@scalar/openapi-parser';
import { operations, type Operation } from '@tessera/contract';
import { startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());

const fetchJson = async (path: string): Promise<any> => (await fetch(tenant.url + path)).json();

it('serves an OpenAPI document that is valid and lists every operation', async () => {
  const document = await fetchJson('/openapi.json');
  expect(await validate(document)).toMatchObject({ valid: true });
  for (const { method, path, operationId } of Object.values<Operation>(operations)) {
    expect(document.paths[path][method.toLowerCase()], operationId).toMatchObject({ operationId });
  }
  expect(document.servers).toEqual([{ url: tenant.url }]);
  expect(document.components.schemas.UpdateUserInput.properties.email).toMatchObject({ type: ['string', 'null'] });
});

it('tells every kind of error, as docs/errors.md does', async () => {
  const { info } = await fetchJson('/openapi.json');
  const page = await readFile(path.resolve(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
  const kinds = (text: string): string => text.slice(text.indexOf('## Status'));
  expect(kinds(page)).toContain('### `identifier_is_taken`');
  // `npm run docs` makes the page anew.
  expect(kinds(page)).toBe(kinds(info.description as string));
});

it('leads to the page from its root', async () => {
  const answer = await fetch(tenant.url);
  expect(new URL(answer.url).pathname).toMatch(/^\/docs\/?$/);
  expect(answer.status).toBe(200);
});

it('serves a page to read it on, which asks nothing of the internet', async () => {
  const answer = await fetch(`${tenant.url}/docs`);
  expect(answer.status).toBe(200);
  const page = await answer.text();
  const sources = [...page.matchAll(/src="([^"]+)"/g)].map(([, source]) => new URL(source!, answer.url));
  expect(sources.length).toBeGreaterThan(0);
  for (const source of sources) {
    expect(source.origin).toBe(tenant.url);
    expect((await fetch(source)).status).toBe(200);
  }
});

it('serves the page under one name for each file, and compressed to those who accept it', async () => {
  const [plain, packed] = await Promise.all(
    ['identity', 'gzip'].map((encoding) =>
      fetch(`${tenant.url}/docs/js/scalar.js`, { headers: { 'accept-encoding': encoding } }),
    ),
  );
  expect([plain!.headers.get('content-encoding'), packed!.headers.get('content-encoding')]).toEqual([null, 'gzip']);
  expect(await plain!.text()).toBe(await packed!.text());
  expect(plain!.headers.get('etag')).not.toBe(packed!.headers.get('etag'));
  const known = { 'if-none-match': plain!.headers.get('etag')!, 'accept-encoding': 'identity' };
  expect((await fetch(`${tenant.url}/docs/js/scalar.js`, { headers: known })).status).toBe(304);
  for (const path of ['/docs/%6as/scalar.js', '/docs//js/scalar.js', '/docs/nothing']) {
    expect((await fetch(tenant.url + path)).status).toBe(404);
  }
});

it('says that it lives and is ready', async () => {
  expect(await fetchJson('/healthz')).toEqual({ status: 'ok' });
  expect(await fetchJson('/readyz')).toEqual({ status: 'ok' });
});
