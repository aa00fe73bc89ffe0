import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long work may hold the event loop at once. */
const TURN_MS = 8;

/** Lets other requests run while one does much work. */
export class Pace {
  #began = performance.now();

  /** To be awaited between two pieces of work: waits for the next turn of the event loop when this one has lasted long enough. */
  async step(): Promise<void> {
    if (performance.now() - this.#began < TURN_MS) return;
    await nextTurn();
    this.#began = performance.now();
  }
}

/** Starts work on each item, in their order and at that pace. @returns the results, in the order of the items */
export async function paced<Item, Result>(items: Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const pace = new Pace();
  const started: Promise<Result>[] = [];
  for (const item of items) {
    started.push(work(item));
    await pace.step();
  }
  return Promise.all(started);
}
