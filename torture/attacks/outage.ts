import { setTimeout as delay } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../../packages/tenant/src/postgres/embedded.ts';
import type { Attack } from '../attack.ts';
import { Load } from '../load.ts';
import { Proxy } from '../proxy.ts';

const RECOVERY_MS = 5000;

/** Stops PostgreSQL for so many seconds. What comes meanwhile is answered; afterwards the tenant serves by itself. */
export const outage: Attack = {
  name: 'outage',
  full: 30,
  small: 4,
  async run(stage) {
    const directory = await stage.directory();
    let postgres = await startEmbeddedPostgres(directory);
    stage.after(() => postgres.stop());
    const proxy = new Proxy(postgres.connection.host);
    await proxy.open();
    stage.after(() => proxy.cut());
    const { user, database } = postgres.connection;
    const databaseUrl = `postgres://${user}@127.0.0.1:${proxy.port}/${database}`;
    const victim = await stage.victim({ storage: { databaseUrl } });
    const load = await Load.prepare(() => victim, stage.tally);
    load.start();
    await load.underWay();
    await delay(500);

    const over = delay(stage.count * 1000);
    await proxy.cut();
    await postgres.stop();
    postgres = await startEmbeddedPostgres(directory);
    proxy.target = postgres.connection.host;
    await over;
    await proxy.open();

    if ((await load.recovered(RECOVERY_MS)) === undefined) {
      stage.tally.add('other', 'no update succeeded within 5 s of PostgreSQL being back');
    }
    await load.stop();
    await load.check();
  },
};
