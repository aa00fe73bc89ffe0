import { write } from 'node:fs';
import { workerData } from 'node:worker_threads';

/** The thread of the watchdog: see `watchdog.ts`. */

const CHECK_MS = 1000;
/** So many checks in a row without a beat end the process. */
const MISSED_CHECKS = 10;
/** How long the log may take to accept the line. */
const LOG_MS = 1000;
const STANDARD_ERROR = 2;

const beats = workerData as Int32Array;
let last = Atomics.load(beats, 0);
let missed = 0;

const checks = setInterval(() => {
  const now = Atomics.load(beats, 0);
  missed = now === last ? missed + 1 : 0;
  last = now;
  if (missed < MISSED_CHECKS) return;
  clearInterval(checks);
  const end = (): void => void process.kill(process.pid, 'SIGKILL');
  const line = {
    level: 60,
    time: new Date().toISOString(),
    msg: 'the event loop has not turned for 10 seconds: exiting',
  };
  write(STANDARD_ERROR, `${JSON.stringify(line)}\n`, end);
  setTimeout(end, LOG_MS);
}, CHECK_MS);
