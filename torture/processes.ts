import { readdirSync, readFileSync } from 'node:fs';

/** What Linux tells of processes. */

/** The processes that this one started and that still run. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  const status = read(`/proc/${pid}/stat`);
  // The name, in parentheses, may hold anything.
  return status === undefined ? undefined : Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
}

/** The most resident memory that a process has had, in bytes: no peak is missed. 0 when the process is gone. */
export function residentBytes(pid: number): number {
  const [, kilobytes = '0'] = /VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`) ?? '') ?? [];
  return Number(kilobytes) * 1024;
}

/** Sends a signal; a process that is gone needs none. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** A process may go while it is looked at. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
