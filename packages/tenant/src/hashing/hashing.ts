import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { timeLimit, withoutTimeLimit } from '../database/timeLimit.ts';
import { HashingBusy } from './errors.ts';
import type { HashingTask } from './worker.ts';

/** A hash takes tens of milliseconds, so that many take a second to come off the queue. */
const MAX_WAITING = 64;

let pool: Piscina<HashingTask, string | boolean> | undefined;

/**
 * Threads of its own, one fewer than there are cores: what hashes never holds up what signs, verifies and answers, and the
 * threads that Node shares are left to those.
 */
function hashingPool(): Piscina<HashingTask, string | boolean> {
  pool ??= new Piscina<HashingTask, string | boolean>({
    filename: new URL('worker.ts', import.meta.url).href,
    minThreads: 0,
    maxThreads: Math.max(1, availableParallelism() - 1),
    maxQueue: MAX_WAITING,
    idleTimeout: 30_000,
  });
  return pool;
}

async function run(task: HashingTask): Promise<string | boolean> {
  try {
    return await hashingPool().run(task, { signal: timeLimit() ?? null });
  } catch (error) {
    timeLimit()?.throwIfAborted();
    if (/queue is at limit/i.test((error as Error).message)) throw new HashingBusy();
    throw error;
  }
}

/** Hashes a secret or password with Argon2id and a salt of its own; gives a PHC string. @throws HashingBusy */
export const hashSecret = (secret: string): Promise<string> => run({ secret }) as Promise<string>;

let decoy: Promise<string> | undefined;

/**
 * Compares a secret with its hash in constant time.
 * @param hashed undefined when there is nothing to compare with: false, after as long as a real comparison takes
 * @throws HashingBusy
 */
export async function isSecret(secret: string, hashed: string | undefined): Promise<boolean> {
  if (hashed !== undefined) return run({ secret, hashed }) as Promise<boolean>;
  decoy ??= withoutTimeLimit(() => hashSecret('decoy'));
  decoy.catch(() => (decoy = undefined));
  await run({ secret, hashed: await decoy });
  return false;
}
