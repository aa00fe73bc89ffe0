import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { hashSync, verifySync, type Algorithm } from '@node-rs/argon2';

/** OWASP's first recommendation for Argon2id: 19 MiB, two passes, one lane. */
const SETTINGS = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };
/** How far below the other threads this one stands: on a busy machine it still gets a tenth of a core (sched(7)). */
const NICE = 10;

/** What a thread of the hashing pool is asked: to hash a secret, or to compare it with a hash. */
export type HashingTask = { secret: string; hashed?: string };

/** @returns a PHC string, or whether the secret has the hash */
export default function work({ secret, hashed }: HashingTask): string | boolean {
  return hashed === undefined ? hashSync(secret, SETTINGS) : verifySync(hashed, secret);
}

// Who waits for a hash waits a little longer, so that nobody else does. Linux alone has priorities of threads.
try {
  setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), NICE);
} catch {
  // All threads are alike then.
}
