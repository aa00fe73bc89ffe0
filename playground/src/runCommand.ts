import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A command that failed, with the end of what it printed. */
export class CommandError extends Error {
  override name = 'CommandError';
}

/** How a command is run; `signal` ends it, and with it all it started. */
export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  /** Told of each line on standard error. */
  onErrorLine?(line: string): void;
}

/**
 * Runs a command to its end, in a process group of its own.
 * @returns what it printed on standard output
 * @throws CommandError when it fails
 */
export function runCommand(
  command: string,
  args: string[],
  { signal, onErrorLine, ...options }: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let killing: NodeJS.Timeout | undefined;
    const stop = (): void => {
      killGroup(child.pid, 'SIGTERM');
      // npm would first finish the step it is at, which can take minutes.
      killing = setTimeout(() => killGroup(child.pid, 'SIGKILL'), 1000);
    };
    signal?.addEventListener('abort', stop);
    let stdout = '';
    let tail = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      tail = (tail + chunk.toString()).slice(-4000);
    });
    child.stderr.on('data', (chunk: Buffer) => (tail = (tail + chunk.toString()).slice(-4000)));
    if (onErrorLine) createInterface(child.stderr).on('line', onErrorLine);
    child.on('error', reject);
    child.on('close', (code) => {
      signal?.removeEventListener('abort', stop);
      clearTimeout(killing);
      if (code === 0) resolve(stdout);
      else reject(new CommandError(`${command} ${args.slice(0, 2).join(' ')} failed (${code}):\n${tail.trim()}`));
    });
  });
}

/** Signals a process and all it started; one that is gone already is no fault. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
