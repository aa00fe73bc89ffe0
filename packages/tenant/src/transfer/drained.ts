import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Resolves when more can be written to an output, or never will be. */
export async function drained(output: Writable): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race(['drain', 'close'].map((event) => once(output, event, over)));
  } finally {
    // The one that did not come waits no longer.
    over.abort();
  }
}
