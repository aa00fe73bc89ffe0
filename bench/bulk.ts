import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { startTenant } from '../packages/tenant/src/index.ts';

/** Create many and update many beside the same work call by call on one connection, in turn. What counts is the ratio. */
const USERS = 1000;
const ROUNDS = 3;
const LEAST_RATIO = 5;

const directory = await mkdtemp(path.join(tmpdir(), 'tessera-bench-'));
const credentials = { clientId: 'bench', clientSecret: 'bench-secret' };
const tenant = await startTenant({
  port: 0,
  host: '127.0.0.1',
  storage: { directory },
  connections: 16,
  credentials,
  log: pino({ level: 'silent' }),
});
const grant = {
  grant_type: 'client_credentials',
  client_id: credentials.clientId,
  client_secret: credentials.clientSecret,
};
const answer = await fetch(`${tenant.url}/oidc/token`, { method: 'POST', body: new URLSearchParams(grant) });
const { access_token } = (await answer.json()) as { access_token: string };

async function send<Result>(method: string, route: string, body: unknown): Promise<Result> {
  const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
  const reply = await fetch(`${tenant.url}/cis/v1/${route}`, { method, headers, body: JSON.stringify(body) });
  if (!reply.ok) throw new Error(`${method} ${route}: HTTP status ${reply.status}`);
  return ((await reply.json()) as { result: Result }).result;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

let serial = 0;
const people = () =>
  Array.from({ length: USERS }, () => ({ email: `user${(serial += 1)}@example.com`, language: 'en' }));
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const ratios: Record<'create' | 'update', number[]> = { create: [], update: [] };
try {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const ids: string[] = [];
    const createOne = await timed(async () => {
      for (const user of people()) ids.push((await send<{ user_id: string }>('POST', 'users', user)).user_id);
    });
    const createMany = await timed(() => send('POST', 'users/bulk', { users: people() }));
    const updateOne = await timed(async () => {
      for (const [n, id] of ids.entries()) await send('PUT', `users/${id}`, { custom_data: { n } });
    });
    const updates = ids.map((user_id, n) => ({ user_id, custom_data: { n } }));
    const updateMany = await timed(() => send('PUT', 'users/bulk', { updates }));
    ratios.create.push(createOne / createMany);
    ratios.update.push(updateOne / updateMany);
  }
} finally {
  await tenant.close();
  await rm(directory, { recursive: true, force: true });
}
process.stdout.write(`${USERS} users at once beside one by one on one connection, medians of ${ROUNDS} rounds\n`);
for (const [what, values] of Object.entries(ratios)) {
  process.stdout.write(`  ${what}  ${median(values).toFixed(1)} times faster (at least ${LEAST_RATIO} is promised)\n`);
  if (median(values) < LEAST_RATIO) process.exitCode = 1;
}
