import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Attack } from '../attack.ts';
import { Load } from '../load.ts';
import { childrenOf, signal } from '../processes.ts';

/** Crash recovery of a small database takes a second. */
const RECOVERY_MS = 30_000;

/**
 * Kills one of PostgreSQL's processes, whichever: the postmaster then ends all connections and recovers from the log.
 * The tenant must live through that.
 */
export const killPostgres: Attack = {
  name: 'kill-postgres',
  full: 200,
  small: 5,
  async run(stage) {
    const directory = await stage.directory();
    let victim = await stage.victim({ storage: { directory } });
    const load = await Load.prepare(() => victim, stage.tally);
    for (let round = 0; round < stage.count; round += 1) {
      load.start();
      if (!(await load.underWay())) stage.tally.add('other', 'no update was acknowledged within 10 s');
      await delay(stage.random.between(0, 500));
      const lock = await readFile(path.join(directory, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '');
      const chosen = stage.random.pick(childrenOf(Number.parseInt(lock, 10)));
      if (chosen === undefined || !signal(chosen, 'SIGKILL')) stage.tally.add('other', 'there was nothing to kill');
      // Until the postmaster has noticed, an update may still succeed.
      await delay(100);
      if ((await load.recovered(RECOVERY_MS)) === undefined && victim.isRunning) {
        stage.tally.add('other', 'no update succeeded within 30 s');
      }
      await load.stop();
      if (victim.hasEnded) victim = await stage.victim({ storage: { directory } });
      await load.check();
    }
  },
};
