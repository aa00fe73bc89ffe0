import { spawn, type ChildProcess } from 'node:child_process';
import { open, type FileHandle } from 'node:fs/promises';
import type { StandIn } from './standIn.ts';

/** A cluster directory as a PostgreSQL program is given it. */
export interface Place {
  /** What the program is told, for `-D`. */
  path: string;
  /** Held open for a program that could not open the path itself. */
  handle?: FileHandle;
  standIn: StandIn | undefined;
}

/**
 * As root, the directory may lie where only root may enter, so the stand-in inherits the open directory itself
 * and reaches it through its own file descriptor 3.
 */
export async function openPlace(directory: string, standIn: StandIn | undefined): Promise<Place> {
  if (!standIn || process.platform !== 'linux') return { path: directory, standIn };
  return { path: '/proc/self/fd/3', handle: await open(directory, 'r'), standIn };
}

/** Starts a program that works on the directory, as the stand-in when there is one. */
export function runIn({ handle, standIn }: Place, program: string, args: string[]): ChildProcess {
  return spawn(program, args, {
    ...standIn,
    cwd: '/',
    // A session of its own: Ctrl-C in the terminal is for the tenant, which then stops PostgreSQL in order.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe', handle?.fd ?? 'ignore'],
    // A lock left behind by this very process ID, as in a restarted container, is not taken for a living server.
    env: { PATH: process.env.PATH, TZ: 'UTC', PG_GRANDPARENT_PID: String(process.pid) },
  });
}
