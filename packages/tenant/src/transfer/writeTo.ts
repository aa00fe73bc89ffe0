import { once } from 'node:events';
import type { Writable } from 'node:stream';

/**
 * Writes text, and waits until there is room for more.
 * @returns whether the output is still there; why not is told to who listens to its errors
 * @throws the reason of the signal when it is stopped
 */
export async function writeTo(output: Writable, text: string, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  if (output.destroyed) return false;
  if (output.write(text)) return true;
  const waiting = new AbortController();
  const either = { signal: AbortSignal.any([signal, waiting.signal]) };
  try {
    // A full disk or a reader that is gone closes it, and it drains no more; it may have closed just now.
    await Promise.race([once(output, 'drain', either), once(output, 'close', either)]);
  } catch {
    // Stopped, or broken.
  } finally {
    waiting.abort();
  }
  signal.throwIfAborted();
  return !output.destroyed;
}
