import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { freshDatabase } from '../freshDatabase.ts';
import { freshDirectory, serveOn } from '../tenantProcess.ts';

/** A module that holds the event loop for ever once the process gets SIGUSR2. */
async function blocker(): Promise<string> {
  const file = path.join(await freshDirectory(), 'block.mjs');
  await writeFile(file, "process.on('SIGUSR2', () => { for (;;); });");
  return `--import=${file}`;
}

it('a server whose event loop does not turn for ten seconds says so and exits', async () => {
  const { url } = await freshDatabase();
  const server = serveOn(url, { NODE_OPTIONS: await blocker() });
  await server.ready;
  server.child.kill('SIGUSR2');
  expect(await server.ended).toBe('SIGKILL');
  expect(server.stderr()).toContain('the event loop has not turned for 10 seconds: exiting');
}, 60_000);

it('a server that was suspended for longer goes on', async () => {
  const { url } = await freshDatabase();
  const server = serveOn(url, { NODE_OPTIONS: await blocker() });
  const address = await server.ready;
  server.child.kill('SIGSTOP');
  await delay(12_000);
  server.child.kill('SIGCONT');
  await delay(1500);
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
}, 60_000);
