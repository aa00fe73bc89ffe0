import type { Writable } from 'node:stream';
import type { Database } from '../database/database.ts';
import { usersAfter } from '../users/store/listUsers.ts';
import { writeTo } from './writeTo.ts';
import { lineOfUser } from './userLine.ts';

/** Users can have 130 KB each. */
const BATCH = 100;

/**
 * Writes every user of a tenant as a line of JSON, by user ID. It holds a batch of users at a time.
 * @param appId the application whose data of the users is written
 * @returns how many
 * @throws the reason of the signal when it is stopped
 */
export async function exportUsers(
  database: Database,
  tenantId: string,
  appId: string,
  output: Writable,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  let last = '';
  for (;;) {
    signal.throwIfAborted();
    const users = await usersAfter(database, tenantId, last, BATCH);
    if (users.length === 0) return count;
    const text = users.map((user) => `${JSON.stringify(lineOfUser(user, appId))}\n`).join('');
    if (!(await writeTo(output, text, signal))) return count;
    count += users.length;
    last = users.at(-1)!.user_id;
  }
}
