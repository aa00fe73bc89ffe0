import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { operations, type Operation } from '@tessera/contract';
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
  for (const operation of Object.values<Operation>(operations)) {
    const shown = operation.path.replaceAll(/\{\w+\}/g, 'X');
    const paths = [...script.matchAll(/\$API(\/[^\s"'?)]*)/g)].map(([, called]) =>
      called!.replaceAll(/\$\w+|%2B\d+|[\w.]+@[\w.]+/g, 'X').replace(/(username|external-user-id)\/[\w-]+$/, '$1/X'),
    );
    expect(paths, operation.operationId).toContain(shown);
  }
});
