import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { CREDENTIALS } from './testTenant.ts';

const MAIN = path.resolve(import.meta.dirname, '../src/main.ts');

/** A tenant in a process of its own, as an operator runs it. */
export interface TenantProcess {
  child: ChildProcess;
  /** Everything printed so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the URL when it serves; rejects with what it printed when it ends first. */
  ready: Promise<string>;
  /** Resolves with the exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
}

/** Runs `tenant --port 0 --data DIRECTORY`, with fixed credentials unless the environment says otherwise. */
export function runTenant(
  directory: string | undefined,
  env: NodeJS.ProcessEnv = {},
  options: SpawnOptions = {},
): TenantProcess {
  const child = spawn(process.execPath, [MAIN, '--port', '0', ...(directory ? ['--data', directory] : [])], {
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
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      const [, url] = /serves at (\S+)/.exec(stdout) ?? [];
      if (url) resolve(url);
    });
    void ended.then((code) => reject(new Error(`The tenant ended (${code}): ${stderr}`)));
  });
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  // A test that only waits for the end does not look at this.
  ready.catch(() => undefined);
  return { child, stdout: () => stdout, stderr: () => stderr, ready, ended };
}
