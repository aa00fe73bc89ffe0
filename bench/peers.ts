import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createUsers, load, median, say, startBench, type Bench } from './harness.ts';
import { machine, table, tell } from './page.ts';
import { betterAuth } from './peers/betterAuth.ts';
import { cognitoLocal } from './peers/cognitoLocal.ts';
import { directus } from './peers/directus.ts';
import { openLdap } from './peers/openLdap.ts';
import { LOAD, PEERS, USERS, type Peer } from './peers/peer.ts';

/**
 * Updates of one attribute of random users: the tenant beside what others would use, in turn in one run. Better Auth and
 * Directus are on the same PostgreSQL; OpenLDAP has its own store, and is durable as it comes. With `--write` into
 * docs/performance.md.
 */
const ROUNDS = 3;

async function tenant(bench: Bench): Promise<Peer> {
  const ids = await createUsers(bench, USERS);
  const plain =
    'return wrk.format("PUT", "/cis/v1/users/" .. id, nil, string.format([[{"custom_data":{"n":%.0f}}]], n))';
  return {
    name: 'the tenant',
    measure: async () => (await load(bench, plain, { ...LOAD, ids })).rate,
    stop: () => Promise.resolve(),
  };
}

if (!existsSync(path.join(PEERS, 'node_modules'))) execFileSync('npm', ['ci', '--silent'], { cwd: PEERS });
const bench = await startBench();
const peers: Peer[] = [];
try {
  for (const start of [tenant, betterAuth, directus, cognitoLocal, openLdap]) peers.push(await start(bench));
  const rates = new Map<Peer, number[]>(peers.map((peer) => [peer, []]));
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const [peer, measured] of rates) {
      measured.push(await peer.measure());
      say(`round ${round}: ${peer.name} ${measured.at(-1)!.toFixed(0)}/s`);
    }
  }
  const ours = median(rates.get(peers[0]!)!);
  const rows = [...rates].map(([{ name }, values]) => {
    const rate = median(values);
    return [name, String(Math.round(rate / 10) * 10), `${(ours / rate).toFixed(1)} times`];
  });
  await tell(
    'peers',
    `${machine()}; ${USERS} users, ${LOAD.connections} connections, medians of ${ROUNDS} rounds.\n\n` +
      table(['Updates of one attribute', 'a second', 'the tenant is'], rows),
  );
} finally {
  for (const peer of peers) await peer.stop();
  await bench.stop();
}
