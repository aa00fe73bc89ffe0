import { availableParallelism } from 'node:os';
import path from 'node:path';
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
    filename: new URL(`worker${path.extname(import.meta.url)}`, import.meta.url).href,
    minThreads: 0,
    maxThreads: Math.max(1, availableParallelism() - 1),
    maxQueue: MAX_WAITING,
    stricterFIFO: true,
    idleTimeout: 30_000,
  });
  return pool;
}

/**
 * To be asked before work that ends in a hash: many who must come again are told so before they cost anything.
 * @throws HashingBusy when the queue is full
 */
export function wantHashingRoom(): void {
  if (pool && pool.queueSize >= MAX_WAITING) throw new HashingBusy();
}

async function run(task: HashingTask): Promise<string | boolean> {
  const limit = timeLimit();
  limit?.throwIfOver();
  // The pool is not told of the limit: tasks with a signal of their own stand beside its queue, in no order and uncounted.
  const hashing = hashingPool().run(task);
  try {
    return await (limit ? limit.until(hashing) : hashing);
  } catch (error) {
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
