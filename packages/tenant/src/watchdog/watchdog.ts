import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { execArgv } from 'node:process';

/** How often the event loop shows that it turns. */
const BEAT_MS = 500;

/**
 * Ends the process when its event loop has not turned for ten seconds: no request is answered then, and no signal is heard. A
 * supervisor starts it anew. The thread that watches logs the reason first. It counts its own seconds, so that a process that is
 * suspended or starved as a whole is left alone.
 * @returns what ends the watch
 */
export function watchEventLoop(): () => Promise<unknown> {
  // A debugger may stop the event loop for as long as it likes.
  if ([...execArgv, process.env.NODE_OPTIONS ?? ''].some((option) => option.includes('--inspect'))) {
    return () => Promise.resolve();
  }
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const beat = setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS).unref();
  const thread = new Worker(new URL(`thread${path.extname(import.meta.url)}`, import.meta.url), {
    workerData: beats,
    stdout: false,
    stderr: false,
    // It needs next to nothing.
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
  });
  thread.unref();
  // Without the thread, the server serves as well.
  thread.on('error', () => clearInterval(beat));
  return () => {
    clearInterval(beat);
    return thread.terminate();
  };
}
