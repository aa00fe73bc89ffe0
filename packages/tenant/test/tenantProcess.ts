import { execFile, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { expectNoSecret } from './secrets.ts';
import { CREDENTIALS } from './testTenant.ts';

const MAIN = path.resolve(import.meta.dirname, '../dist/main.js');

/** The command `tenant` in a process of its own, as an operator runs it. It is killed when the test is over. */
export interface TenantProcess {
  child: ChildProcess;
  /** Everything printed so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the URL when it serves; rejects with what it printed when it ends first. */
  ready: Promise<string>;
  /** Resolves with the exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
  /** Resolves when it has printed something like this, on either output. */
  printed(pattern: RegExp): Promise<void>;
}

/** Runs `tenant ARGUMENT…`, with fixed credentials unless the environment says otherwise. */
export function runTenant(args: string[], env: NodeJS.ProcessEnv = {}, options: SpawnOptions = {}): TenantProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: {
      PATH: process.env.PATH,
      TESSERA_CLIENT_ID: CREDENTIALS.clientId,
      TESSERA_CLIENT_SECRET: CREDENTIALS.clientSecret,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const printed = async (pattern: RegExp): Promise<void> => {
    const over = ended.then(() => true);
    while (!pattern.test(stdout) && !pattern.test(stderr)) {
      const more = Promise.race([once(child.stdout!, 'data'), once(child.stderr!, 'data')]).then(() => false);
      if (await Promise.race([over, more])) {
        if (pattern.test(stdout) || pattern.test(stderr)) return;
        throw new Error(`The tenant ended (${await ended}): ${stderr}`);
      }
    }
  };
  const ready = printed(/serves at \S+/).then(() => /serves at (\S+)/.exec(stdout)![1]!);
  // A test that only waits for the end does not look at this.
  ready.catch(() => undefined);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    expectNoSecret(stderr);
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ready, ended, printed };
}

/** Serves on a data directory, on a free port. */
export const serve = (directory: string, env: NodeJS.ProcessEnv = {}, options: SpawnOptions = {}): TenantProcess =>
  runTenant(['--port', '0', '--data', directory], env, options);

/** Serves on a database of another PostgreSQL, on a free port. */
export const serveOn = (databaseUrl: string, env: NodeJS.ProcessEnv = {}): TenantProcess =>
  runTenant(['--port', '0'], { DATABASE_URL: databaseUrl, ...env });

/** An empty directory, which goes when the test is over. */
export async function freshDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-process-'));
  // PostgreSQL may still be winding down in there.
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 }));
  return directory;
}

/** A copy of a data directory that no tenant runs on: PostgreSQL takes a second to make one. */
export async function copyOf(directory: string): Promise<string> {
  const copy = path.join(await freshDirectory(), 'data');
  await promisify(execFile)('cp', ['-a', directory, copy]);
  return copy;
}
