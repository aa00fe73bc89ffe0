import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into the server under attack: reports how much CPU time its main thread takes, in all and in one turn of the event
 * loop. CPU time, since whatever else runs on the machine takes none of it.
 */
export interface Measured {
  /** Microseconds of the main thread since the last reset. */
  cpu: number;
  /** The most microseconds in one turn of the event loop. */
  turn: number;
}

const cpuNow = (): number => {
  const { user, system } = process.threadCpuUsage();
  return user + system;
};

if (isMainThread && process.send) {
  let begun = cpuNow();
  let last = begun;
  let turn = 0;
  const look = (): void => {
    const now = cpuNow();
    turn = Math.max(turn, now - last);
    last = now;
  };
  // Timers that are due run once a turn.
  setInterval(look, 1).unref();
  process.on('message', (message) => {
    look();
    if (message === 'read') return void process.send!({ cpu: last - begun, turn } satisfies Measured);
    begun = last;
    turn = 0;
    process.send!('reset');
  });
}
