import { median, startBench } from './harness.ts';

/** Create many and update many beside the same work call by call on one connection, in turn. What counts is the ratio. */
const USERS = 1000;
const ROUNDS = 3;
const LEAST_RATIO = 5;

const bench = await startBench();

async function send<Result>(method: string, route: string, body: unknown): Promise<Result> {
  const reply = await fetch(`${bench.url}/cis/v1/${route}`, {
    method,
    headers: bench.headers,
    body: JSON.stringify(body),
  });
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
  await bench.stop();
}
process.stdout.write(`${USERS} users at once beside one by one on one connection, medians of ${ROUNDS} rounds\n`);
for (const [what, values] of Object.entries(ratios)) {
  process.stdout.write(`  ${what}  ${median(values).toFixed(1)} times faster (at least ${LEAST_RATIO} is promised)\n`);
  if (median(values) < LEAST_RATIO) process.exitCode = 1;
}
