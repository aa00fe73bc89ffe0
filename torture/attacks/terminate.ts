import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Attack } from '../attack.ts';
import { Load } from '../load.ts';

const RECOVERY_MS = 5000;

/** Ends connections of the tenant, one at a time, as an administrator of PostgreSQL may. */
export const terminate: Attack = {
  name: 'terminate',
  full: 200,
  small: 20,
  async run(stage) {
    const postgres = await stage.postgres();
    const administrator = new pg.Client(postgres.connection);
    await administrator.connect();
    stage.after(() => administrator.end());
    const victim = await stage.victim({ storage: { databaseUrl: postgres.url } });
    const load = await Load.prepare(() => victim, stage.tally);
    load.start();
    await load.underWay();
    let ended = 0;
    // Between two of its connections the tenant may have none for a moment.
    for (let attempt = 0; ended < stage.count && attempt < 10 * stage.count && victim.isRunning; attempt += 1) {
      const { rowCount } = await administrator.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'tessera' order by random() limit 1`,
      );
      ended += rowCount ?? 0;
      await delay(stage.random.between(20, 150));
    }
    if (ended < stage.count) stage.tally.add('other', `only ${ended} connections could be ended`);
    if ((await load.recovered(RECOVERY_MS)) === undefined) stage.tally.add('other', 'no update succeeded within 5 s');
    await load.stop();
    await load.check();
  },
};
