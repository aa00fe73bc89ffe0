import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../playground/src/freePort.ts';
import { installN8n } from '../playground/src/installN8n.ts';
import { N8n, type Stored } from '../playground/src/n8n.ts';
import { createUsers, CREDENTIALS, startBench } from './harness.ts';
import {
  declarative,
  declarativePackage,
  httpRequest,
  inBulk,
  inBulkComputed,
  mapped,
  oneByOne,
  type Contestant,
} from './n8n/contestants.ts';
import { limitedTo, unreliable } from './n8n/servers.ts';

/**
 * Ten thousand updates in a real n8n, by our node and by what people would use in its place, in one run. What counts is the
 * ratio to the HTTP Request node at its best setting, and that nothing is lost, doubled or out of order. A node's time is
 * n8n's own figure for it, so neither starting n8n nor making the items is part of it. `--straight` leaves out the servers that
 * refuse and break.
 */
const { values } = parseArgs({
  options: { users: { type: 'string', default: '10000' }, straight: { type: 'boolean', default: false } },
});
const USERS = Number(values.users);
const PROMISED = { bulk: 5, mapped: 20, single: 1.2 };
const LIMIT = 200;
const PAGE = 1000;

interface Measured {
  contestant: Contestant;
  ms: number;
  /** Items whose user was not updated, or whose place has another user's result. */
  lost: number;
  misplaced: number;
  megabytes: number;
}

await installN8n();
const bench = await startBench();
const { url: tenantUrl, token } = bench;
const n8n = new N8n(path.join(bench.directory, 'n8n'), await freePort());
await n8n.addTransmitNode();
const packageDirectory = path.join(n8n.folder, '.n8n/nodes/node_modules/n8n-nodes-bench');
await mkdir(packageDirectory, { recursive: true });
for (const [file, content] of Object.entries(declarativePackage)) {
  await writeFile(path.join(packageDirectory, file), content);
}

const ids = await createUsers(bench, USERS);

/** One thing to measure, and the workflow that does it. */
interface Step {
  contestant: Contestant;
  round: number;
  workflow: Stored;
}

const steps: Step[] = [];

/** Adds a step: a contestant against a tenant at a URL. */
function plan(contestant: Contestant, url: string): Step {
  const round = steps.length + 1;
  const workflow = {
    id: `bench${round}`,
    name: contestant.name,
    active: false,
    nodes: [
      node('Start', { type: 'n8n-nodes-base.manualTrigger', typeVersion: 1, parameters: {} }),
      node('Items', {
        type: 'n8n-nodes-base.code',
        typeVersion: 2,
        parameters: {
          jsCode: `return ${JSON.stringify(ids)}.map((id, n) => ({ json: { id, user_id: id, n, round: ${round}, language: 'r${round}n' + n } }));`,
        },
      }),
      node('Update', contestant.node(url, token, credentialOf(url))),
    ],
    connections: {
      Start: { main: [[{ node: 'Items', type: 'main', index: 0 }]] },
      Items: { main: [[{ node: 'Update', type: 'main', index: 0 }]] },
    },
    settings: { executionOrder: 'v1' },
  };
  const step = { contestant, round, workflow };
  steps.push(step);
  return step;
}

const credentialOf = (url: string): string => `bench${new URL(url).port}`;

async function measure({ contestant, round, workflow }: Step): Promise<Measured> {
  let bytes = 0;
  let watching: NodeJS.Timeout | undefined;
  const { took, items } = await n8n
    .execute(workflow.id, (pid) => {
      watching = setInterval(() => void peakBytes(pid).then((peak) => (bytes = Math.max(bytes, peak))), 100);
    })
    .finally(() => clearInterval(watching));
  const output = items.Update ?? [];
  const misplaced = output.filter((json, n) => !('error' in json) && userIdOf(json) !== ids[n]).length;
  const measured = {
    contestant,
    ms: took.Update ?? 0,
    lost: await countLost(output, round),
    misplaced: output.length === USERS ? misplaced : USERS,
    megabytes: Math.round(bytes / 1024 / 1024),
  };
  print(measured);
  return measured;
}

const userIdOf = (json: Record<string, unknown>): unknown =>
  (json.result as { user_id?: string } | undefined)?.user_id ?? json.user_id;

/** How many users the tenant has without this round's update, or whose item tells of a failure. */
async function countLost(output: Record<string, unknown>[], round: number): Promise<number> {
  let updated = 0;
  for (let offset = 0; offset < USERS; offset += PAGE) {
    const page = await fetch(`${tenantUrl}/cis/v1/users?page_offset=${offset}&page_limit=${PAGE}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { result } = (await page.json()) as { result: { language?: string }[] };
    updated += result.filter(({ language }) => language?.startsWith(`r${round}n`)).length;
  }
  const told = output.filter((json) => !('error' in json)).length;
  return USERS - Math.min(updated, told);
}

function print({ contestant, ms, lost, misplaced, megabytes }: Measured): void {
  process.stdout.write(
    `  ${contestant.name.padEnd(42)} ${(ms / 1000).toFixed(1).padStart(6)} s  ${String(lost).padStart(6)} lost  ${String(misplaced).padStart(6)} out of place  ${String(megabytes).padStart(5)} MB\n`,
  );
}

const heading = (text: string): void => void process.stdout.write(`${text}\n`);
const fastest = (measured: Measured[]): Measured => [...measured].sort((a, b) => a.lost - b.lost || a.ms - b.ms)[0]!;

async function inTurn(list: Step[]): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const step of list) measured.push(await measure(step));
  return measured;
}

function ratio(best: Measured, ours: Measured, least: number): void {
  const times = best.ms / ours.ms;
  const memory = ours.megabytes / best.megabytes;
  process.stdout.write(
    `  ${ours.contestant.name.padEnd(42)} ${times.toFixed(1)} times faster (at least ${least} is promised), ${memory.toFixed(2)} of its memory\n`,
  );
  if (times < least || ours.lost > 0 || ours.misplaced > 0) process.exitCode = 1;
}

const limited = await limitedTo(tenantUrl, LIMIT);
const shaky = await unreliable(tenantUrl);
const servers = [tenantUrl, limited.url, shaky.url];
try {
  const rivals = [undefined, 50, 500].map((batchSize) =>
    plan(httpRequest(batchSize ? { batchSize, batchInterval: 1 } : undefined), tenantUrl),
  );
  const withoutCode = plan(declarative, tenantUrl);
  const ours = {
    bulk: plan(inBulk, tenantUrl),
    computed: plan(inBulkComputed, tenantUrl),
    mapped: plan(mapped, tenantUrl),
    slow: plan(oneByOne(5), tenantUrl),
    single: plan(oneByOne(20), tenantUrl),
  };
  const faulty = (values.straight ? [] : [limited, shaky]).map(({ url }) => ({
    rivals: [httpRequest({ batchSize: LIMIT, batchInterval: 1000 }), httpRequest(), declarative].map((one) =>
      plan(one, url),
    ),
    ours: [inBulk, mapped, oneByOne(5)].map((one) => plan(one, url)),
  }));
  await n8n.importCredential(
    ...servers.map((baseUrl) => ({
      id: credentialOf(baseUrl),
      name: 'Mosaic account',
      type: 'mosaicApi',
      data: { environment: 'custom', baseUrl, ...CREDENTIALS },
    })),
  );
  await n8n.importWorkflow(...steps.map(({ workflow }) => workflow));

  heading(`${USERS} updates in n8n, straight to the tenant`);
  const best = fastest(await inTurn(rivals));
  await measure(withoutCode);
  const bulk = await measure(ours.bulk);
  await measure(ours.computed);
  const byColumns = await measure(ours.mapped);
  const single = fastest(await inTurn([ours.slow, ours.single]));
  heading(`beside ${best.contestant.name}`);
  ratio(best, bulk, PROMISED.bulk);
  ratio(best, byColumns, PROMISED.mapped);
  ratio(best, single, PROMISED.single);

  const servings = [`a limit of ${LIMIT} requests a second`, '1% of the connections cut, 1% of the answers 503'];
  for (const [place, { rivals: theirs, ours: mine }] of faulty.entries()) {
    heading(`${USERS} updates behind ${servings[place]}`);
    await inTurn(theirs);
    const measured = await inTurn(mine);
    if (measured.some(({ lost, misplaced }) => lost + misplaced > 0)) process.exitCode = 1;
  }
} finally {
  await limited.close();
  await shaky.close();
  await bench.stop();
}

function node(name: string, rest: Record<string, unknown>): Record<string, unknown> {
  return { id: name, name, position: [0, 0], ...rest };
}

/** The most memory that a process has had, in bytes; Linux tells it. */
async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}
