import { isLocked, isUniqueViolation, isUntold, type Database } from './database.ts';
import { DatabaseUnavailable, TimeLimitReached } from './errors.ts';
import { timeLimit, withinMs, type TimeLimit } from './timeLimit.ts';

/** Work that is asked for by many requests at once, and is done for all of them together. */
export interface SharedWork<Item, Answer> {
  /**
   * Does it for some that were asked for.
   * @returns an answer for each, in their order; an error is the answer to that one alone
   * @throws what went wrong for all of them; when that may be the fault of one, each half is tried alone
   */
  work(database: Database, items: Item[]): Promise<(Answer | Error)[]>;
  /** Those of one group may go together, such as one tenant's; any may when absent. */
  groupOf?(item: Item): string;
  /** Of two with a key in common the second waits until the first is done; none waits for another when absent. */
  keysOf?(item: Item): string[];
  /** The answer to one that somebody else is in the way of, by a lock or a unique value; it fails when absent. */
  inTheWay?: Answer;
  /**
   * Whether a lock that is in the way of one gives that answer to all of its batch at once. To look for the one would hold up
   * the others; but the order in which they were asked for is lost.
   */
  scatters?: boolean;
  /**
   * Whether a batch goes beside another as soon as it is as full. What waits for a disk gains by that; what only reads does not,
   * and is answered in its order when it does not.
   */
  overlaps?: boolean;
}

/** A batch that has not come back after so long is waiting for a disk or a lock: the next one need not wait for it. */
const PATIENCE_MS = 5;
const MOST_UNDER_WAY = 4;
const MOST_IN_A_BATCH = 128;
/** A batch is nobody's request alone, so it has a time limit of its own. */
const BATCH_MS = 8000;
const tooLate = (): Error => new DatabaseUnavailable(new TimeLimitReached());

interface Waiting<Item, Answer> {
  item: Item;
  keys: string[];
  /** The time limit of the request that asks for it. */
  limit: TimeLimit | undefined;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Lets what requests ask of a database at the same time share a statement, a trip and a commit. What is answered was begun
 * after it was asked for, so that it is as true as an answer of its own.
 *
 * An item is
 *
 * - WAITING from when it is asked for, in the order of asking; one whose request was given up is dropped. It goes UNDER WAY
 *   when all that came in with it are there and no batch is under way, or, of work that `overlaps`, as many wait as are under
 *   way, so that the tenant, the database and its disk all have something to do; or when those under way take longer than
 *   PATIENCE_MS. With it goes all that waits
 *   beside it and fits: of one group, one for each key and none with a key in a batch under way, at most MOST_IN_A_BATCH. No
 *   more than MOST_UNDER_WAY batches are under way. The fuller a batch, the less each of it costs.
 * - UNDER WAY in a batch. When its work succeeds, it is DONE, or FAILED where the answer is an error.
 * - SPLIT after the work failed: each half of the batch goes UNDER WAY after the other, so that what is wrong with one item, or
 *   in its way, fails that one. Alone, it is DONE or FAILED. Work that `scatters` is not split for a lock: all of the batch are
 *   DONE.
 * - DONE: its promise has the answer. FAILED: its promise is rejected. A database that does not answer fails the whole batch:
 *   nobody knows what it has done.
 */
export function shared<Item, Answer>(
  definition: SharedWork<Item, Answer>,
): (database: Database, item: Item) => Promise<Answer> {
  const queues = new WeakMap<Database, (item: Item) => Promise<Answer>>();
  return (database, item) => {
    let queue = queues.get(database);
    if (!queue) queues.set(database, (queue = makeQueue(database, definition)));
    return queue(item);
  };
}

function makeQueue<Item, Answer>(
  database: Database,
  {
    work,
    groupOf = () => '',
    keysOf = () => [],
    inTheWay,
    scatters = false,
    overlaps = false,
  }: SharedWork<Item, Answer>,
): (item: Item) => Promise<Answer> {
  let waiting: Waiting<Item, Answer>[] = [];
  let underWay = 0;
  let itemsUnderWay = 0;
  let scheduled = false;
  let impatient: NodeJS.Timeout | undefined;
  const busy = new Set<string>();

  async function send(batch: Waiting<Item, Answer>[]): Promise<void> {
    try {
      const items = batch.map(({ item }) => item);
      const answers = await withinMs(BATCH_MS, tooLate, () => work(database, items));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index]!;
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      }
    } catch (error) {
      const blocked = isLocked(error) || isUniqueViolation(error) || isUntold(error);
      if (blocked && inTheWay !== undefined && (batch.length === 1 || (scatters && isLocked(error)))) {
        for (const { resolve } of batch) resolve(inTheWay);
        return;
      }
      if (batch.length === 1 || (error instanceof DatabaseUnavailable && !blocked)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      const half = Math.ceil(batch.length / 2);
      await send(batch.slice(0, half));
      await send(batch.slice(half));
    }
  }

  /** The longest waiting of one group; of two with a key in common, the second goes with a later batch. */
  function nextBatch(): Waiting<Item, Answer>[] {
    // What was given up while it waited is not begun.
    waiting = waiting.filter(({ limit }) => !limit?.reason);
    const taken = new Set(busy);
    const batch: Waiting<Item, Answer>[] = [];
    const rest: Waiting<Item, Answer>[] = [];
    let group: string | undefined;
    for (const one of waiting) {
      const free = !one.keys.some((key) => taken.has(key));
      if (free) group ??= groupOf(one.item);
      const fits = free && batch.length < MOST_IN_A_BATCH && groupOf(one.item) === group;
      (fits ? batch : rest).push(one);
      for (const key of one.keys) taken.add(key);
    }
    waiting = rest;
    return batch;
  }

  function sendNext(): void {
    scheduled = false;
    if (underWay >= MOST_UNDER_WAY) return;
    const batch = nextBatch();
    // All of them wait for one under way.
    if (batch.length === 0) return;
    const keys = batch.flatMap((one) => one.keys);
    for (const key of keys) busy.add(key);
    underWay += 1;
    itemsUnderWay += batch.length;
    void send(batch).finally(() => {
      for (const key of keys) busy.delete(key);
      underWay -= 1;
      itemsUnderWay -= batch.length;
      clearTimeout(impatient);
      impatient = undefined;
      schedule();
    });
    schedule();
  }

  /** Sends the next batch once all is read that has come in by now, when there is enough for one; otherwise a little later. */
  function schedule(): void {
    if (scheduled || waiting.length === 0 || underWay >= MOST_UNDER_WAY) return;
    if (underWay === 0 || (overlaps && waiting.length >= itemsUnderWay)) {
      scheduled = true;
      setImmediate(sendNext);
    } else {
      impatient ??= setTimeout(() => {
        impatient = undefined;
        sendNext();
      }, PATIENCE_MS);
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, keys: keysOf(item), limit: timeLimit(), resolve, reject });
      schedule();
    });
}
