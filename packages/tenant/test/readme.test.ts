import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openApiDocument, operations, type Operation } from '@tessera/contract';
import { CREDENTIALS, startTestTenant } from './testTenant.ts';

it('the curl lines of the README work when pasted, and show every operation', async () => {
  const page = await readFile(path.resolve(import.meta.dirname, '../../../README.md'), 'utf8');
  const script = /```sh\n(API=[^]*?)```/.exec(page)![1]!;
  const tenant = await startTestTenant();
  try {
    const pasted = script.replace('http://localhost:7070', tenant.url.replace('localhost', '127.0.0.1'));
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', pasted], {
      env: {
        PATH: process.env.PATH,
        TESSERA_CLIENT_ID: CREDENTIALS.clientId,
        TESSERA_CLIENT_SECRET: CREDENTIALS.clientSecret,
      },
    });
    expect(stdout).toContain('"plan":"gold"');
    expect(stdout).toContain('"succeeded":1,"failed":1');
  } finally {
    await tenant.close();
  }
  // What /docs shows of an operation is a line of the README, and so it works too.
  const document = openApiDocument('$API', '0');
  for (const { operationId, method, path: route } of Object.values<Operation>(operations)) {
    const shown = (document.paths as Record<string, any>)[route][method.toLowerCase()]['x-codeSamples'][0]
      .source as string;
    const line = shown
      .replace(`curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' `, 'call ')
      .replace(`curl -H "Authorization: Bearer $USER_TOKEN" -H 'Content-Type: application/json' `, 'me ')
      .replace(`curl -H 'Content-Type: application/json' `, 'call ');
    expect(
      script.includes(line) || script.includes(line.replace('curl ', 'call ')) || operationId === 'getAccessToken',
      line,
    ).toBe(true);
  }
});
