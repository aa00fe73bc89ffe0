import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../packages/tenant/src/postgres/embedded.ts';
import type { Random } from './random.ts';
import type { Tally } from './tally.ts';
import { Victim, type VictimOptions } from './victim.ts';

/** One kind of attack. */
export interface Attack {
  name: string;
  /** How often, how many or how long: what counts is the attack's own affair. */
  full: number;
  small: number;
  run(stage: Stage): Promise<void>;
}

/** Where one attack takes place: all that is put up here is taken down when it is over. */
export class Stage {
  readonly tally: Tally;
  readonly random: Random;
  readonly seed: number;
  readonly count: number;
  #cleanups: (() => unknown)[] = [];

  constructor(tally: Tally, random: Random, seed: number, count: number) {
    this.tally = tally;
    this.random = random;
    this.seed = seed;
    this.count = count;
  }

  /** Remembers what is to be done when the attack is over. */
  after(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  async clear(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }

  async directory(): Promise<string> {
    const directory = await mkdtemp(path.join(tmpdir(), 'tessera-torture-'));
    // PostgreSQL may still be winding down in there.
    this.after(() => rm(directory, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 }));
    return directory;
  }

  /** A PostgreSQL of the harness's own, for a tenant with DATABASE_URL. */
  async postgres(): Promise<EmbeddedPostgres & { url: string }> {
    const postgres = await startEmbeddedPostgres(await this.directory());
    this.after(() => postgres.stop());
    const { host, user, database } = postgres.connection;
    return { ...postgres, url: `postgres:///${database}?host=${encodeURIComponent(host)}&user=${user}` };
  }

  async victim(options: VictimOptions): Promise<Victim> {
    const victim = await Victim.start(options, this.tally);
    this.after(async () => {
      if (!victim.hasEnded && !(await victim.stop())) {
        this.tally.add('other', 'the tenant did not end within 10 s of SIGTERM');
      }
    });
    return victim;
  }
}
