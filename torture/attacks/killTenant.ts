import { setTimeout as delay } from 'node:timers/promises';
import type { Attack } from '../attack.ts';
import { Load } from '../load.ts';

/** Kills the tenant while it updates, starts it again on the same data, and looks each acknowledged update up. */
export const killTenant: Attack = {
  name: 'kill-tenant',
  full: 200,
  small: 3,
  async run(stage) {
    const storage = { directory: await stage.directory() };
    let victim = await stage.victim({ storage });
    const load = await Load.prepare(() => victim, stage.tally);
    for (let round = 0; round < stage.count; round += 1) {
      load.start();
      if (!(await load.underWay())) stage.tally.add('other', 'no update was acknowledged within 10 s');
      await delay(stage.random.between(0, 500));
      await victim.kill();
      await load.stop();
      victim = await stage.victim({ storage });
      await load.check();
    }
  },
};
