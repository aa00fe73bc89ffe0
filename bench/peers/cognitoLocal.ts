import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { load, type Bench } from '../harness.ts';
import { end, LOAD, PEERS, USERS, versionOf, type Peer } from './peer.ts';

/** It keeps each pool in one file, and is not made for many users: it has a tenth of them here. */
const COGNITO_USERS = USERS / 10;

/** cognito-local, a stand-in for Amazon Cognito that developers run. */
export async function cognitoLocal(bench: Bench): Promise<Peer> {
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
  return {
    name: `cognito-local ${await versionOf('cognito-local')}, ${COGNITO_USERS} users`,
    measure: async () =>
      (await load({ ...bench, url, headers: headers('AdminUpdateUserAttributes') }, request, { ...LOAD, ids })).rate,
    stop: () => end(child, 'SIGKILL'),
  };
}
