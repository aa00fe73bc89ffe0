import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeLog, startTenant, StartError } from '@tessera-identity/tenant';
import type { OneCredential, RunnableWorkflow } from './engine.ts';
import { CREDENTIAL_ID, exampleWorkflow } from './exampleWorkflow.ts';
import { installN8n, PLAYGROUND } from './installN8n.ts';
import { openMailbox } from './mailbox.ts';
import { N8n } from './n8n.ts';
import { tell } from './progress.ts';
import { CommandError, runCommand } from './runCommand.ts';
import { seedTenant } from './seedTenant.ts';

const USAGE = `Usage: npm start [-- options]

Starts a tenant, runs the workflow "Update a user" once, and opens it in an n8n with the Transmit node.

  --once             without the editor: run it in n8n, print the Result as JSON and exit
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

  tell('Building the Transmit node …');
  const cli = path.join(ROOT, 'node_modules/.bin/n8n-node');
  await runCommand(cli, ['build'], { cwd: path.join(ROOT, 'packages/n8n-nodes-mosaic'), signal });

  tell('Starting the tenant …');
  // Made up at each start: only this process and n8n's own store of credentials know the secret.
  const credentials = { clientId: 'playground', clientSecret: randomBytes(32).toString('base64url') };
  const mailbox = await openMailbox();
  const tenant = await startTenant({
    // Identity providers and gateways to try are on this machine.
    privateAddresses: ['127.0.0.0/8', '::1'],
    port: Number(ports['tenant-port'] ?? (once ? 0 : 7070)),
    host: '127.0.0.1',
    storage: { directory: path.join(PLAYGROUND, once ? '.tenant/once' : '.tenant/editor') },
    connections: 16,
    credentials,
    delivery: { smtpUrl: mailbox.smtpUrl },
    log: makeLog('warn'),
  });
  const n8n = new N8n(path.join(PLAYGROUND, once ? '.n8n/once' : '.n8n/editor'), n8nPort, { signal });
  try {
    signal.throwIfAborted();
    const user = await seedTenant(tenant.url, credentials, mailbox);
    const workflow = await exampleWorkflow(user.user_id);
    const account = { environment: 'custom', baseUrl: tenant.url.replace('localhost', '127.0.0.1'), ...credentials };
    if (!once) {
      await showFirstResult(workflow, account);
      tell(`
That was the Transmit node in n8n's own engine, updating a user of the tenant that serves at ${tenant.url}
(its API: ${tenant.url}/docs). Next comes the n8n editor, with this workflow in it; Ctrl-C stops it all.
`);
    }

    await installN8n(signal);
    tell('Storing the credential "Mosaic account" and the workflow "Update a user" in n8n …');
    await n8n.addTransmitNode();
    await n8n.importCredential({ id: CREDENTIAL_ID, name: 'Mosaic account', type: 'mosaicApi', data: account });
    await n8n.importWorkflow(workflow);
    if (once) return await showN8nResult(n8n, workflow.id);

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
    await mailbox.close();
  }
}

/** Runs the workflow in n8n's engine alone, which is installed already. */
async function showFirstResult(
  workflow: RunnableWorkflow,
  account: ConstructorParameters<typeof OneCredential>[0],
): Promise<void> {
  tell('Running the workflow "Update a user" …');
  // The engine loads the node, which has just been built.
  const { OneCredential, runWorkflow } = await import('./engine.ts');
  const { items, error } = await runWorkflow(workflow, new OneCredential(account));
  if (error) throw new CommandError(`The workflow failed: ${error.message}`);
  showResult(items[0]?.json);
}

/** Runs the workflow in the whole n8n. */
async function showN8nResult(n8n: N8n, workflowId: string): Promise<void> {
  tell('Running the workflow "Update a user" in n8n …');
  const { status, items, error } = await n8n.execute(workflowId);
  const result = items['Update User']?.[0];
  if (status !== 'success' || !result) throw new CommandError(`The workflow failed: ${error ?? status}`);
  showResult(result);
}

function showResult(result: unknown): void {
  tell('The Result:');
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
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

// Nobody listens any more, as after `npm start | head`.
for (const output of [process.stdout, process.stderr]) output.on('error', () => stopping.abort());

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
