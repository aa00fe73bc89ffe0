import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
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
  /** Told of the process once it runs. */
  onStart?(pid: number): void;
}

/**
 * Runs a command to its end, in a process group of its own. What it prints goes through a file: n8n ends before a pipe has
 * taken all of a long output.
 * @returns what it printed on standard output
 * @throws CommandError when it fails
 */
export async function runCommand(
  command: string,
  args: string[],
  { signal, onErrorLine, onStart, ...options }: CommandOptions = {},
): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-command-'));
  try {
    const output = await open(path.join(directory, 'output'), 'w+', 0o600);
    try {
      const child = spawn(command, args, { ...options, stdio: ['ignore', output.fd, 'pipe'], detached: true });
      let killing: NodeJS.Timeout | undefined;
      const stop = (): void => {
        killGroup(child.pid, 'SIGTERM');
        // npm would first finish the step it is at, which can take minutes.
        killing = setTimeout(() => killGroup(child.pid, 'SIGKILL'), 1000);
      };
      signal?.addEventListener('abort', stop);
      let tail = '';
      child.stderr!.on('data', (chunk: Buffer) => (tail = (tail + chunk.toString()).slice(-4000)));
      if (onErrorLine) createInterface(child.stderr!).on('line', onErrorLine);
      if (child.pid !== undefined) onStart?.(child.pid);
      const [code] = (await once(child, 'close')) as [number | null];
      signal?.removeEventListener('abort', stop);
      clearTimeout(killing);
      const printed = await readFile(path.join(directory, 'output'), 'utf8');
      if (code === 0) return printed;
      const told = (printed.slice(-4000) + tail).slice(-4000).trim();
      throw new CommandError(`${command} ${args.slice(0, 2).join(' ')} failed (${code}):\n${told}`);
    } finally {
      await output.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
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
