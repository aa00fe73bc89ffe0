import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createUsers, load, median, say, startBench, type Bench } from './harness.ts';
import { machine, table, tell } from './page.ts';

/**
 * Updates of one attribute of random users: the tenant beside what others would use, in turn in one run. Better Auth is on the
 * same PostgreSQL; OpenLDAP has its own store, and is durable as it comes. With `--write` into docs/performance.md.
 */
const USERS = 10_000;
const CONNECTIONS = 32;
const ROUNDS = 3;
const SECONDS = 5;
const PEERS = path.resolve(import.meta.dirname, 'peers');
/** Modifications that each connection of OpenLDAP makes in a round. */
const MODIFICATIONS = 1000;

interface Peer {
  /** Updates a second. */
  measure(): Promise<number>;
  stop(): Promise<void>;
}

async function betterAuth(bench: Bench): Promise<Peer> {
  if (!existsSync(path.join(PEERS, 'node_modules'))) execFileSync('npm', ['ci', '--silent'], { cwd: PEERS });
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
  const settings = { connections: CONNECTIONS, seconds: SECONDS, ids };
  return {
    measure: async () => (await load({ ...bench, url, headers }, request, settings)).rate,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** It keeps each pool in one file, and is not made for many users: it has a tenth of them here. */
const COGNITO_USERS = USERS / 10;

/** cognito-local, a stand-in for Amazon Cognito that developers run. */
async function cognitoLocal(bench: Bench): Promise<Peer> {
  const url = 'http://127.0.0.1:7098';
  const place = path.join(bench.directory, 'cognito');
  await mkdir(place);
  const child = spawn(process.execPath, [path.join(PEERS, 'node_modules/cognito-local/lib/bin/start.js')], {
    cwd: place,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', HOST: '127.0.0.1', PORT: '7098' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const chunk of child.stdout) {
    if (String(chunk).includes('running')) break;
  }
  child.stdout.resume();
  const headers = (operation: string) => ({
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
    authorization: 'AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/cognito-idp/aws4_request',
  });
  const call = async (operation: string, body: object): Promise<unknown> =>
    (await fetch(url, { method: 'POST', headers: headers(operation), body: JSON.stringify(body) })).json();
  const { UserPool: pool } = (await call('CreateUserPool', { PoolName: 'bench' })) as { UserPool: { Id: string } };
  const ids = Array.from({ length: COGNITO_USERS }, (_, n) => `user${n}@example.com`);
  for (const Username of ids) await call('AdminCreateUser', { UserPoolId: pool.Id, Username });
  const request = `return wrk.format("POST", "/", nil, string.format([[{"UserPoolId":"${pool.Id}","Username":"%s","UserAttributes":[{"Name":"name","Value":"n%.0f"}]}]], id, n))`;
  const settings = { connections: CONNECTIONS, seconds: SECONDS, ids };
  return {
    measure: async () =>
      (await load({ ...bench, url, headers: headers('AdminUpdateUserAttributes') }, request, settings)).rate,
    async stop() {
      child.kill('SIGKILL');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** OpenLDAP's slapd, as Debian has it: `mdb`, which flushes each change to disk. */
async function openLdap({ directory }: Bench): Promise<Peer> {
  const place = path.join(directory, 'ldap');
  await mkdir(path.join(place, 'data'), { recursive: true });
  const config = path.join(place, 'slapd.conf');
  const uri = `ldapi://${encodeURIComponent(path.join(place, 'socket'))}`;
  await writeFile(
    config,
    `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${place}/pid
database mdb
maxsize 1073741824
suffix "dc=example"
rootdn "cn=root,dc=example"
rootpw secret
directory ${place}/data
index uid eq
`,
  );
  const people = Array.from(
    { length: USERS },
    (_, n) =>
      `dn: uid=user${n},dc=example\nobjectClass: inetOrgPerson\nuid: user${n}\ncn: Ada Lovelace\nsn: Lovelace\nmail: user${n}@example.com\n`,
  );
  const ldif = path.join(place, 'people.ldif');
  await writeFile(
    ldif,
    ['dn: dc=example\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n', ...people].join(
      '\n',
    ),
  );
  await promisify(execFile)('slapadd', ['-q', '-f', config, '-l', ldif]);
  const child = spawn('slapd', ['-d', '0', '-f', config, '-h', uri], { stdio: 'ignore' });
  while (!existsSync(path.join(place, 'socket'))) await delay(50);
  let serial = 0;
  return {
    async measure() {
      const files = await Promise.all(
        Array.from({ length: CONNECTIONS }, async (_, index) => {
          const changes = Array.from({ length: MODIFICATIONS }, () => {
            const user = Math.floor(Math.random() * USERS);
            return `dn: uid=user${user},dc=example\nchangetype: modify\nreplace: description\ndescription: n${(serial += 1)}\n`;
          });
          const file = path.join(place, `changes${index}.ldif`);
          await writeFile(file, changes.join('\n'));
          return file;
        }),
      );
      const began = performance.now();
      const modify = (file: string) =>
        promisify(execFile)('ldapmodify', ['-x', '-H', uri, '-D', 'cn=root,dc=example', '-w', 'secret', '-f', file], {
          maxBuffer: 2 ** 26,
        });
      await Promise.all(files.map(modify));
      return (CONNECTIONS * MODIFICATIONS) / ((performance.now() - began) / 1000);
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

const bench = await startBench();
const peers: Record<string, Peer> = {};
try {
  const ids = await createUsers(bench, USERS);
  const plain =
    'return wrk.format("PUT", "/cis/v1/users/" .. id, nil, string.format([[{"custom_data":{"n":%.0f}}]], n))';
  const settings = { connections: CONNECTIONS, seconds: SECONDS, ids };
  peers['the tenant'] = {
    measure: async () => (await load(bench, plain, settings)).rate,
    stop: () => Promise.resolve(),
  };
  const versions = JSON.parse(await readFile(path.join(PEERS, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  peers[`Better Auth ${versions.packages['node_modules/better-auth']!.version}, admin update user`] =
    await betterAuth(bench);
  peers[`cognito-local ${versions.packages['node_modules/cognito-local']!.version}, ${COGNITO_USERS} users`] =
    await cognitoLocal(bench);
  peers['OpenLDAP, ldapmodify'] = await openLdap(bench);
  const rates: Record<string, number[]> = {};
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const [name, peer] of Object.entries(peers)) {
      (rates[name] ??= []).push(await peer.measure());
      say(`round ${round}: ${name} ${rates[name].at(-1)!.toFixed(0)}/s`);
    }
  }
  const ours = median(rates['the tenant']!);
  const rows = Object.entries(rates).map(([name, values]) => {
    const rate = median(values);
    return [name, String(Math.round(rate / 10) * 10), `${(ours / rate).toFixed(1)} times`];
  });
  await tell(
    'peers',
    `${machine()}; ${USERS} users, ${CONNECTIONS} connections, medians of ${ROUNDS} rounds.\n\n` +
      table(['Updates of one attribute', 'a second', 'the tenant is'], rows),
  );
} finally {
  for (const peer of Object.values(peers)) await peer.stop();
  await bench.stop();
}
