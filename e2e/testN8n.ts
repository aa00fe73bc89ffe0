import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
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
  id: 'tesseraMosaicAcct',
  name: 'Mosaic account',
  type: 'mosaicApi',
  data: { environment: 'custom', baseUrl: url.replace('localhost', '127.0.0.1'), ...CREDENTIALS, clientSecret: secret },
});

/** The example workflow, for another user and with other settings of its Transmit node. */
export async function exampleWorkflow(userId: string, changes: Record<string, unknown> = {}): Promise<Stored> {
  const file = path.resolve(import.meta.dirname, '../examples/update-a-user.json');
  const workflow = JSON.parse(await readFile(file, 'utf8')) as Stored & { nodes: Record<string, any>[] };
  const node = workflow.nodes.find(({ type }) => type === 'n8n-nodes-mosaic.transmit')!;
  node.parameters.userId.value = userId;
  Object.assign(node, changes);
  return workflow;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
