import { spawn } from 'node:child_process';
import path from 'node:path';
import { load, type Bench } from '../harness.ts';
import { end, LOAD, PEERS, USERS, versionOf, type Peer } from './peer.ts';

/** Better Auth with its admin plugin, on the same PostgreSQL: see betterAuth.mjs. */
export async function betterAuth(bench: Bench): Promise<Peer> {
  const { host, user, database } = bench.postgres;
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    DATABASE_URL: `postgres:///${database}?host=${encodeURIComponent(host)}&user=${user}`,
  };
  const child = spawn(process.execPath, [path.join(PEERS, 'betterAuth.mjs'), String(USERS)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.includes('\n')) break;
  }
  const { url, cookie, ids } = JSON.parse(output) as { url: string; cookie: string; ids: string[] };
  const headers = { cookie, origin: url, 'content-type': 'application/json' };
  const request =
    'return wrk.format("POST", "/api/auth/admin/update-user", nil, string.format([[{"userId":"%s","data":{"name":"n%.0f"}}]], id, n))';
  return {
    name: `Better Auth ${await versionOf('better-auth')}, admin update user`,
    measure: async () => (await load({ ...bench, url, headers }, request, { ...LOAD, ids })).rate,
    stop: () => end(child),
  };
}
