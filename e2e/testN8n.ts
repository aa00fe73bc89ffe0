import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CREDENTIAL_ID } from '../playground/src/exampleWorkflow.ts';
import { freePort } from '../playground/src/freePort.ts';
import { N8n, type Stored } from '../playground/src/n8n.ts';
import { CREDENTIALS } from '../packages/tenant/test/testTenant.ts';

/** A fresh n8n with the Transmit node, in a folder that `remove` takes away. */
export async function makeN8n(): Promise<{ n8n: N8n; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tessera-n8n-'));
  const n8n = new N8n(folder, await freePort());
  await n8n.addTransmitNode();
  return {
    n8n,
    async remove() {
      await n8n.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** The credential "Mosaic account" for a test tenant, as n8n imports it. */
export const mosaicAccount = (url: string, secret = CREDENTIALS.clientSecret): Stored => ({
  id: CREDENTIAL_ID,
  name: 'Mosaic account',
  type: 'mosaicApi',
  data: { environment: 'custom', baseUrl: url.replace('localhost', '127.0.0.1'), ...CREDENTIALS, clientSecret: secret },
});
