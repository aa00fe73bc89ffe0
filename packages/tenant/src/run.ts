import { setTimeout as delay } from 'node:timers/promises';
import type { MadeCredentials } from './access/firstStart.ts';
import { readConfig, USAGE } from './config.ts';
import { makeLog } from './log.ts';
import { StartError } from './startError.ts';

/** A stop that takes longer than this is cut short: supervisors kill at 10 s, and none should have to. */
const STOP_MS = 5000;

/** The command `tenant`: serves until it is asked to stop, or imports, exports or manages. */
export async function run(): Promise<void> {
  // npm runs scripts in the package's own directory, and tells where it was called from.
  const config = readConfig(process.argv.slice(2), process.env, process.env.INIT_CWD ?? process.cwd());
  if (config === 'help') {
    process.stdout.write(USAGE);
    return;
  }
  const log = makeLog(config.logLevel);
  for (const name of config.unknownSettings) log.warn(`${name} is no setting of the tenant: it changes nothing`);
  const asked = stopAsked();
  const { command } = config;
  if (command.name === 'manage') {
    void asked.then(() => {
      process.stderr.write('Stopped before the end.\n');
      // What it has not committed is undone, and a PostgreSQL that it has started ends with it.
      process.exit(1);
    });
    const { runManage } = await import('./manage/commands.ts');
    return runManage({ ...config, ...command, log }, command.words);
  }
  if (command.name !== 'serve') {
    const { runDump, runExport, runImport, runRestore } = await import('./transfer/commands.ts');
    const options = { ...config, log, onNewCredentials: (made: MadeCredentials[]) => showOnce(made, process.stderr) };
    const stop = new AbortController();
    void asked.then(() => {
      stop.abort(new StartError('Stopped before the end.'));
      // A pipe that nobody reads is opened by a thread that waits for ever, and an exit would wait for the thread.
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_MS).unref();
    });
    if (command.name === 'export') return runExport(options, command.file, stop.signal);
    if (command.name === 'dump') return runDump(options, command.file, stop.signal);
    if (command.name === 'restore') return runRestore(options, command.file, stop.signal);
    process.exitCode = (await runImport(options, command.file, stop.signal)) ? 0 : 1;
    return;
  }
  // Whoever has closed it reads nothing of this.
  process.stdout.on('error', () => {});
  const starting = import('./tenant.ts').then(({ startTenant }) =>
    startTenant({ ...config, log, onNewCredentials: (made) => showOnce(made, process.stdout) }),
  );
  const early = await Promise.race([asked, starting.then(() => undefined)]);
  if (early) {
    log.info({ signal: early }, 'stopping');
    // What has begun is waited for, as long as it takes no longer than a stop.
    const closed = starting.then((tenant) => tenant.close()).catch(() => {});
    await Promise.race([closed, delay(STOP_MS)]);
    process.exit();
  }
  const tenant = await starting;
  const { watchEventLoop } = await import('./watchdog/watchdog.ts');
  const endWatch = watchEventLoop();
  process.stdout.write(`The tenant serves at ${tenant.url} (API: ${tenant.url}/docs)\n`);

  const why = await Promise.race([asked, tenant.databaseEnded.then(() => 'database' as const)]);
  if (why === 'database') {
    log.fatal('the embedded PostgreSQL ended');
    process.exitCode = 1;
  } else {
    log.info({ signal: why }, 'stopping');
  }
  await endWatch();
  const stopped = await Promise.race([tenant.close().then(() => true), delay(STOP_MS, false)]);
  if (!stopped) log.warn('not everything stopped in time');
  process.exit();
}

const REACH = {
  management: 'Management application: reaches the whole tenant, its applications and groups too',
  ordinary: 'Default application: reaches the users of the tenant and itself, and signs users in',
};

function showOnce(made: MadeCredentials[], output: NodeJS.WriteStream): void {
  output.write('\nThis tenant is new. These credentials are shown only this once:\n');
  for (const { role, clientId, clientSecret } of made) {
    output.write(`\n  ${REACH[role]}\n    client ID      ${clientId}\n    client secret  ${clientSecret}\n`);
  }
  output.write('\n');
}

/** Resolves at the first request to stop. Later ones change nothing: npm passes on a Ctrl-C that the process got already. */
function stopAsked(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, resolve);
  });
}
