import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const TENANT = path.resolve(import.meta.dirname, '../packages/tenant');
const run = promisify(execFile);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tessera-package-'));
});
afterAll(() => rm(directory, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 }));

it('the tenant as npm packs it is installed into an empty directory, and serves', async () => {
  await run('npm', ['pack', '--pack-destination', directory], { cwd: TENANT });
  const [tarball] = (await readdir(directory)).filter((file) => file.endsWith('.tgz'));
  await writeFile(path.join(directory, 'package.json'), '{}');
  await run('npm', ['install', '--no-audit', '--no-fund', `./${tarball}`], { cwd: directory });

  const child = spawn(path.join(directory, 'node_modules/.bin/tenant'), ['--port', '0', '--data', 'data'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
    // Nothing that npm tells scripts, such as where it was called from.
    env: { PATH: process.env.PATH, HOME: directory },
  });
  try {
    let output = '';
    for await (const chunk of child.stdout) {
      output += String(chunk);
      if (output.includes('serves at')) break;
    }
    const [, clientId] = /client ID +(\S+)/.exec(output)!;
    const [, clientSecret] = /client secret +(\S+)/.exec(output)!;
    const [, url] = /serves at (\S+)/.exec(output)!;
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId!,
      client_secret: clientSecret!,
    });
    const { access_token } = (await (await fetch(`${url}/oidc/token`, { method: 'POST', body })).json()) as {
      access_token: string;
    };
    const made = await fetch(`${url}/cis/v1/users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      // A password, so that the threads that hash are there as well.
      body: JSON.stringify({ email: 'ada@example.com', credentials: { password: 'the analytical engine' } }),
    });
    expect(made.status).toBe(201);
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
});
