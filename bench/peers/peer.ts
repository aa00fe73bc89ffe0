import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** Where the JavaScript peers are installed. */
export const PEERS = import.meta.dirname;

/** How many users each has, and how it is loaded. */
export const USERS = 10_000;
export const LOAD = { connections: 32, seconds: 5 };

/** What does the same work as the tenant, with users of its own. */
export interface Peer {
  /** What the table calls it. */
  name: string;
  /** Makes updates of random users for a while. @returns how many a second */
  measure(): Promise<number>;
  stop(): Promise<void>;
}

/** The version of a package that a peer's lockfile names. */
export async function versionOf(name: string, directory = PEERS): Promise<string> {
  const lock = JSON.parse(await readFile(path.join(directory, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  return lock.packages[`node_modules/${name}`]!.version;
}

/** Stops a peer's process. */
export async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  child.kill(signal);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
