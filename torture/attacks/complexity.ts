import type { Attack, Stage } from '../attack.ts';
import { Connection, requestBytes } from '../connection.ts';
import type { Measured } from '../complexity/probe.ts';
import { scalables, type Scalable } from '../complexity/requests.ts';
import type { Victim } from '../victim.ts';

/** The most CPU time that one turn of the event loop may take, in microseconds. */
const MOST_TURN = 50_000;
/** How much more CPU time a request of twice the size may take. */
const MOST_GROWTH = 2.5;
/** The same in one step, when both steps together grow no more than they may. What is quadratic grows by four. */
const MOST_STEP = 3.5;
/** Below this, in microseconds, the cost of any request hides how it grows. */
const COUNTS_FROM = 10_000;
/** A collection of garbage or a compilation may fall on any request: the least of so many counts. */
const TRIES = 12;

/**
 * Sends every operation requests of a size n, 2n and 4n, in every shape, and measures the CPU time of the server's main thread:
 * it grows in proportion at most, and no turn of the event loop takes more than 50 ms. The count is how many kinds of request are
 * tried, in percent.
 */
export const complexity: Attack = {
  name: 'complexity',
  full: 100,
  small: 6,
  async run(stage) {
    const victim = await stage.victim({
      storage: { directory: await stage.directory() },
      probe: true,
      settings: {
        TESSERA_TRUSTED_PROXIES: '127.0.0.1',
        TESSERA_LIMIT_SOURCE: '100000000/60',
        TESSERA_LIMIT_CLIENT: '100000000/60',
      },
    });
    const meter = new Meter(stage, victim);
    stage.after(() => meter.close());
    for (const scalable of scalables().slice(0, 200)) await meter.measure(scalable, 4096, true);
    for (const scalable of scalables()) {
      if (stage.random.between(0, 99) >= stage.count) continue;
      await meter.judge(scalable, true);
      if (scalable.withoutToken) await meter.judge(scalable, false);
    }
  },
};

class Meter {
  readonly #stage: Stage;
  readonly #victim: Victim;
  readonly #connection: Connection;

  constructor(stage: Stage, victim: Victim) {
    this.#stage = stage;
    this.#victim = victim;
    this.#connection = new Connection(() => victim.port);
  }

  close(): void {
    this.#connection.close();
  }

  async judge(scalable: Scalable, withToken: boolean): Promise<void> {
    const sizes = [scalable.most / 4, scalable.most / 2, scalable.most].map(Math.floor);
    const costs: Measured[] = [];
    for (const size of sizes) costs.push(await this.measure(scalable, size, withToken));
    for (let tries = 1; tries < TRIES && faultOf(costs); tries += 1) {
      for (const [place, size] of sizes.entries()) {
        const again = await this.measure(scalable, size, withToken);
        const before = costs[place]!;
        costs[place] = { cpu: Math.min(before.cpu, again.cpu), turn: Math.min(before.turn, again.turn) };
      }
    }
    const fault = faultOf(costs);
    if (fault) this.#stage.tally.add('other', `${scalable.label}${withToken ? '' : ', without a token'}: ${fault}`);
  }

  async measure({ method, make, label }: Scalable, size: number, withToken: boolean): Promise<Measured> {
    const { target, headers = [], body } = make(size);
    const own = headers.some(([name]) => name === 'authorization');
    const bytes = requestBytes(
      method,
      target,
      [
        ...(withToken && !own
          ? ([['authorization', `Bearer ${await this.#victim.token()}`]] as [string, string][])
          : []),
        ...headers,
        ['content-length', String(body?.length ?? 0)],
      ],
      body ?? Buffer.alloc(0),
    );
    await this.#victim.ask('reset');
    this.#stage.tally.requests += 1;
    const outcome = await this.#connection.exchange(bytes);
    if (outcome.kind === 'late') this.#stage.tally.add('unanswered', `${label}: no answer within 10 s`);
    if (outcome.kind === 'answer' && outcome.status >= 500 && outcome.status !== 503) {
      this.#stage.tally.add('serverError', `${label}: ${outcome.status}`);
    }
    return (await this.#victim.ask('read')) as Measured;
  }
}

/** What is wrong with the costs of a size n, 2n and 4n. */
function faultOf(costs: Measured[]): string | undefined {
  const long = costs.find(({ turn }) => turn > MOST_TURN);
  if (long) return `one turn of the event loop takes ${(long.turn / 1000).toFixed(1)} ms`;
  const [least, middle, most] = costs.map(({ cpu }) => Math.max(cpu, COUNTS_FROM / MOST_GROWTH)) as [
    number,
    number,
    number,
  ];
  // A collection of garbage in one of the three shows in one of the two steps, and not in both together.
  const growth = Math.max(middle / least, most / middle);
  const isSteady = most / least <= MOST_GROWTH ** 2 && growth <= MOST_STEP;
  return growth <= MOST_GROWTH || isSteady ? undefined : `twice the size takes ${growth.toFixed(1)} times the CPU time`;
}
