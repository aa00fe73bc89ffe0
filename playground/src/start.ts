import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeLog, startTenant, StartError } from '@tessera/tenant';
import { CREDENTIAL_ID, exampleWorkflow } from './exampleWorkflow.ts';
import { installN8n, PLAYGROUND } from './installN8n.ts';
import { N8n } from './n8n.ts';
import { tell } from './progress.ts';
import { CommandError, runCommand } from './runCommand.ts';
import { seedTenant } from './seedTenant.ts';

const USAGE = `Usage: npm start [-- options]

Starts a tenant and an n8n with the Transmit node, and runs the workflow "Update a user" once.

  --once             without the editor: print the Result as JSON and exit
  --tenant-port PORT where the tenant listens (7070; with --once, a free one)
  --n8n-port PORT    where the n8n editor listens (5678)
`;

const ROOT = path.resolve(PLAYGROUND, '..');
const OWNER = { email: 'owner@example.com', password: 'Tessera-playground-1' };

async function start(signal: AbortSignal): Promise<void> {
  const { once, help, ...ports } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      'tenant-port': { type: 'string' },
      'n8n-port': { type: 'string', default: '5678' },
    },
  }).values;
  if (help) return tell(USAGE);
  const n8nPort = Number(ports['n8n-port']);
  if (!once) await wantFreePort(n8nPort);

  await installN8n(signal);
  tell('Building the Transmit node …');
  const cli = path.join(ROOT, 'node_modules/.bin/n8n-node');
  await runCommand(cli, ['build'], { cwd: path.join(ROOT, 'packages/n8n-nodes-mosaic'), signal });

  tell('Starting the tenant …');
  // Made up at each start: only this process and n8n's own store of credentials know the secret.
  const credentials = { clientId: 'playground', clientSecret: randomBytes(32).toString('base64url') };
  const tenant = await startTenant({
    port: Number(ports['tenant-port'] ?? (once ? 0 : 7070)),
    host: '127.0.0.1',
    storage: { directory: path.join(PLAYGROUND, once ? '.tenant/once' : '.tenant/editor') },
    connections: 16,
    credentials,
    log: makeLog('warn'),
  });
  const n8n = new N8n(path.join(PLAYGROUND, once ? '.n8n/once' : '.n8n/editor'), n8nPort, signal);
  try {
    signal.throwIfAborted();
    const user = await seedTenant(tenant.url, credentials);
    tell('Storing the credential "Mosaic account" and the workflow "Update a user" in n8n …');
    await n8n.addTransmitNode();
    const url = tenant.url.replace('localhost', '127.0.0.1');
    await n8n.importCredential({
      id: CREDENTIAL_ID,
      name: 'Mosaic account',
      type: 'mosaicApi',
      data: { environment: 'custom', baseUrl: url, ...credentials },
    });
    const workflow = await exampleWorkflow(user.user_id);
    await n8n.importWorkflow(workflow);
    tell('Running the workflow "Update a user" in n8n …');
    const { status, items, error } = await n8n.execute(workflow.id);
    const result = items['Update User']?.[0];
    if (status !== 'success' || !result) throw new CommandError(`The workflow failed: ${error ?? status}`);
    tell('The Result:');
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    if (once) return;

    tell('Starting the n8n editor …');
    await n8n.start();
    await n8n.makeOwner(OWNER);
    tell(`
  n8n editor   ${n8n.url}/workflow/${workflow.id}
               sign in as ${OWNER.email} with the password ${OWNER.password}
  tenant       ${tenant.url}   (its API: ${tenant.url}/docs)

Ctrl-C stops both.`);
    await Promise.race([aborted(signal), n8n.ended().then(() => Promise.reject(new CommandError('n8n ended')))]);
  } finally {
    tell('Stopping …');
    await n8n.stop();
    await tenant.close();
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });

/** Says so before the long way to it, when another program has the editor's port. */
function wantFreePort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', () =>
      reject(new StartError(`Port ${port} is in use by another program: give another --n8n-port.`)),
    );
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
}

const stopping = new AbortController();
// npm passes a Ctrl-C on that came from the terminal already: the second one changes nothing.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort());

try {
  await start(stopping.signal);
} catch (error) {
  if (!stopping.signal.aborted) {
    process.exitCode = 1;
    const known = error instanceof StartError || error instanceof CommandError;
    tell(known ? error.message : String((error as Error).stack));
  }
}
process.exit();
