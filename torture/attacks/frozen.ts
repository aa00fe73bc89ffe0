import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Attack } from '../attack.ts';
import { Load } from '../load.ts';
import { signal } from '../processes.ts';

const RECOVERY_MS = 5000;

/** Stops PostgreSQL's side of each of the tenant's connections for so many seconds: they stay open and say nothing. */
export const frozen: Attack = {
  name: 'frozen',
  full: 15,
  small: 12,
  async run(stage) {
    const postgres = await stage.postgres();
    const administrator = new pg.Client(postgres.connection);
    await administrator.connect();
    stage.after(() => administrator.end());
    const victim = await stage.victim({ storage: { databaseUrl: postgres.url } });
    const load = await Load.prepare(() => victim, stage.tally);
    load.start();
    await load.underWay();
    await delay(500);

    const { rows } = await administrator.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'tessera'`,
    );
    const thaw = (): void => rows.forEach(({ pid }) => signal(pid, 'SIGCONT'));
    stage.after(thaw);
    const stopped = rows.filter(({ pid }) => signal(pid, 'SIGSTOP'));
    if (stopped.length === 0) stage.tally.add('other', 'the tenant had no connection to freeze');
    await delay(stage.count * 1000);
    thaw();

    if ((await load.recovered(RECOVERY_MS)) === undefined) {
      stage.tally.add('other', 'no update succeeded within 5 s of the thaw');
    }
    await load.stop();
    await load.check();
  },
};
