import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyLimitOf, operations, type Operation } from '@tessera/contract';
import { startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());

const KILOBYTE = 1024;
const withBody = Object.values<Operation>(operations).filter(({ body }) => body);

/** Sends a body of a size. */
async function send({ method, path, bodyType = 'application/json', secured }: Operation, size: number) {
  const text = bodyType === 'application/json' ? JSON.stringify('x'.repeat(size - 2)) : 'x'.repeat(size);
  const answer = await fetch(tenant.url + path.replaceAll(/\{\w+\}/g, 'x'), {
    method,
    headers: { 'content-type': bodyType, ...(secured && { authorization: `Bearer ${tenant.token}` }) },
    body: text,
  });
  return { status: answer.status, text: await answer.text() };
}

describe('a body', () => {
  it.each(withBody.filter(({ signedIn }) => !signedIn))(
    'of $operationId is taken up to the limit that the contract declares',
    async (operation) => {
      const limit = bodyLimitOf(operation);
      const words = limit < 1024 * KILOBYTE ? `${limit / KILOBYTE} kB` : `${limit / KILOBYTE / KILOBYTE} MB`;
      expect((await send(operation, limit + 1)).text).toContain(`The body must be at most ${words}`);
      expect((await send(operation, limit)).text).not.toContain('The body must be at most');
    },
  );

  it('has at most 16 kB where nobody has authenticated an application', () => {
    for (const operation of withBody) {
      if (!operation.secured || operation.signedIn) expect(bodyLimitOf(operation)).toBe(16 * KILOBYTE);
    }
  });

  it('of a path that is none is not read beyond that', async () => {
    const answer = await fetch(`${tenant.url}/nowhere`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify('x'.repeat(17 * KILOBYTE)),
    });
    expect(answer.status).toBe(413);
  });
});

it('a source is counted before its body is read', async () => {
  const limited = await startTestTenant({ limits: { source: { count: 2, seconds: 60 } } });
  for (const path of ['/cis/v1/auth/password/login', '/cis/v1/token']) {
    const ask = () =>
      fetch(limited.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' });
    const statuses = [(await ask()).status, (await ask()).status, (await ask()).status];
    // Both routes count together.
    expect(statuses).toEqual(path.endsWith('login') ? [400, 400, 429] : [429, 429, 429]);
  }
  await limited.close();
});
