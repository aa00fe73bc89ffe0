import { timeLimit, withTimeLimit } from '../../database/timeLimit.ts';
import type { Database } from '../../database/database.ts';
import { DatabaseUnavailable } from '../../database/errors.ts';
import type { Writer } from '../../database/writer.ts';
import type { User } from '../rules/user.ts';
import { updateBlind, type BlindUpdate } from './blindUpdate.ts';

/**
 * Makes a blind change to a user, together with others that are asked for at the same time.
 * @returns the user after the change, once it is committed; undefined as `updateBlind` leaves one out
 */
export type UpdateTogether = (writer: Writer, update: Omit<BlindUpdate, 'clientId'>) => Promise<User | undefined>;

interface Waiting extends BlindUpdate {
  tenantId: string;
  /** The time limit of the request that asks for it. */
  limit: AbortSignal | undefined;
  resolve(user: User | undefined): void;
  reject(error: unknown): void;
}

/** Two: while one batch waits for the disk, the next one is worked out. */
const MOST_UNDER_WAY = 2;
const MOST_IN_A_BATCH = 128;
/** A batch is nobody's request alone, so it has a time limit of its own. */
const BATCH_MS = 8000;

/**
 * Lets concurrent updates share a statement and a commit. An update that comes alone goes at once;
 * those that come while others are under way wait for them, and then go together.
 *
 * An update is
 *
 * - WAITING from when it is asked for, in the order of asking; one whose request was given up is dropped. It goes UNDER WAY as soon as fewer than MOST_UNDER_WAY batches
 *   are, with all that wait beside it and fit: one tenant's, one for each user and none for a user who is in a batch under
 *   way, at most MOST_IN_A_BATCH.
 * - UNDER WAY in a batch: one statement, one commit. When that succeeds, it is DONE.
 * - SPLIT after PostgreSQL refused its batch, which changed nothing then: each half of the batch goes UNDER WAY after the
 *   other, so that what is wrong with one update fails that one. Alone, it is DONE or FAILED.
 * - DONE: its promise has the user, or undefined. FAILED: its promise is rejected. A database that does not answer fails
 *   the whole batch: nobody knows whether it was committed.
 */
export function shareCommits(database: Database): UpdateTogether {
  let waiting: Waiting[] = [];
  let underWay = 0;
  const busy = new Set<string>();

  async function send(batch: Waiting[]): Promise<void> {
    const { tenantId } = batch[0]!;
    try {
      const stored = await withTimeLimit(AbortSignal.timeout(BATCH_MS), () => updateBlind(database, tenantId, batch));
      const users = new Map(stored.map((user) => [user.user_id, user]));
      for (const { userId, resolve } of batch) resolve(users.get(userId));
    } catch (error) {
      if (batch.length === 1 || error instanceof DatabaseUnavailable || (error as Error).name === 'TimeoutError') {
        for (const { reject } of batch) reject(asUnavailable(error));
        return;
      }
      const half = Math.ceil(batch.length / 2);
      await send(batch.slice(0, half));
      await send(batch.slice(half));
    }
  }

  /** The longest waiting of one tenant; of two for one user, the second goes with a later batch. */
  function nextBatch(): Waiting[] {
    // What was given up while it waited is not begun.
    waiting = waiting.filter(({ limit }) => !limit?.aborted);
    const first = waiting.find((update) => !busy.has(keyOf(update)));
    if (!first) return [];
    const taken = new Set<string>();
    const batch: Waiting[] = [];
    const rest: Waiting[] = [];
    for (const update of waiting) {
      const key = keyOf(update);
      const fits = update.tenantId === first.tenantId && !busy.has(key) && !taken.has(key);
      (fits && batch.length < MOST_IN_A_BATCH ? batch : rest).push(update);
      taken.add(key);
    }
    waiting = rest;
    return batch;
  }

  function sendNext(): void {
    while (underWay < MOST_UNDER_WAY) {
      const batch = nextBatch();
      if (batch.length === 0) return;
      const keys = batch.map(keyOf);
      for (const key of keys) busy.add(key);
      underWay += 1;
      void send(batch).finally(() => {
        for (const key of keys) busy.delete(key);
        underWay -= 1;
        sendNext();
      });
    }
  }

  return (writer, update) =>
    new Promise((resolve, reject) => {
      waiting.push({ ...writer, ...update, limit: timeLimit(), resolve, reject });
      sendNext();
    });
}

const keyOf = ({ tenantId, userId }: Waiting): string => `${tenantId} ${userId}`;

/** The limit of a batch says no more to a request than a database that does not answer. */
const asUnavailable = (error: unknown): unknown =>
  (error as Error).name === 'TimeoutError' ? new DatabaseUnavailable(error) : error;
