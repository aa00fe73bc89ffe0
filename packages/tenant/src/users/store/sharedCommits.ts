import pg from 'pg';
import type { User } from '../rules/user.ts';
import { updateBlind, type BlindUpdate } from './blindUpdate.ts';
import type { Database } from '../../database/database.ts';
import type { Writer } from '../../database/writer.ts';

/**
 * Makes a blind change to a user, together with others that are asked for at the same time.
 * @returns the user after the change, once it is committed; undefined as `updateBlind` leaves one out
 */
export type UpdateTogether = (writer: Writer, update: Omit<BlindUpdate, 'clientId'>) => Promise<User | undefined>;

interface Waiting extends BlindUpdate {
  tenantId: string;
  resolve(user: User | undefined): void;
  reject(error: unknown): void;
}

/** Two: while one batch waits for the disk, the next one is worked out. */
const MOST_UNDER_WAY = 2;
const MOST_IN_A_BATCH = 128;

/**
 * Lets concurrent updates share a statement and a commit. An update that comes alone goes at once;
 * those that come while others are under way wait for them, and then go together.
 *
 * An update is
 *
 * - WAITING from when it is asked for, in the order of asking. It goes UNDER WAY as soon as fewer than MOST_UNDER_WAY batches
 *   are, with all that wait beside it and fit: one tenant's, one for each user, at most MOST_IN_A_BATCH.
 * - UNDER WAY in a batch: one statement, one commit. When that succeeds, it is DONE.
 * - ALONE after PostgreSQL refused its batch, which changed nothing then: the updates of the batch go one after another,
 *   so that what is wrong with one fails that one. It is DONE or FAILED.
 * - DONE: its promise has the user, or undefined. FAILED: its promise is rejected. An error that is not PostgreSQL's
 *   answer, such as a connection that broke, fails the whole batch: nobody knows whether it was committed.
 */
export function shareCommits(database: Database): UpdateTogether {
  let waiting: Waiting[] = [];
  let underWay = 0;

  async function send(batch: Waiting[]): Promise<void> {
    const { tenantId } = batch[0]!;
    try {
      const users = new Map((await updateBlind(database, tenantId, batch)).map((user) => [user.user_id, user]));
      for (const { userId, resolve } of batch) resolve(users.get(userId));
    } catch (error) {
      if (batch.length === 1 || !(error instanceof pg.DatabaseError)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      // PostgreSQL refused the statement and changed nothing: what is wrong with one must not fail the others.
      for (const update of batch) await send([update]);
    }
  }

  function sendNext(): void {
    while (underWay < MOST_UNDER_WAY && waiting.length > 0) {
      const { batch, rest } = nextBatch(waiting);
      waiting = rest;
      underWay += 1;
      void send(batch).finally(() => {
        underWay -= 1;
        sendNext();
      });
    }
  }

  return (writer, update) =>
    new Promise((resolve, reject) => {
      waiting.push({ ...writer, ...update, resolve, reject });
      sendNext();
    });
}

/** The longest waiting of one tenant; of two for one user, the second goes with a later batch. */
function nextBatch(waiting: Waiting[]): { batch: Waiting[]; rest: Waiting[] } {
  const { tenantId } = waiting[0]!;
  const users = new Set<string>();
  const batch: Waiting[] = [];
  const rest: Waiting[] = [];
  for (const update of waiting) {
    const fits = update.tenantId === tenantId && !users.has(update.userId) && batch.length < MOST_IN_A_BATCH;
    (fits ? batch : rest).push(update);
    users.add(update.userId);
  }
  return { batch, rest };
}
