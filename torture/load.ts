import { setTimeout as delay } from 'node:timers/promises';
import { Caller } from './caller.ts';
import type { Tally } from './tally.ts';
import type { Victim } from './victim.ts';

/** One user, whom one worker updates: each update sets `custom_data` to {n}, with the next n. */
interface Updated {
  id: string;
  sent: number;
  acknowledged: number;
  /** Sent since the last check and answered with 2xx; the check finds each in the user's history. */
  unchecked: Set<number>;
  /** Sent and not answered with 2xx: each may have been made, or be made yet. */
  unknown: Set<number>;
}

interface HistoryPage {
  page_info: { has_next_page: boolean };
  result: { changes: { attribute: string; after?: unknown }[] }[];
}

const UPDATERS = 12;
const READERS = 4;
/** A worker whose request was refused does not hammer. */
const PAUSE_MS = 20;
const RECOVERY_EVERY_MS = 50;
/** The most that one page of a history holds. */
const PAGE_LIMIT = 5000;

/** Updates and reads without a pause, which remembers what was acknowledged. */
export class Load {
  readonly #victim: () => Victim;
  readonly #tally: Tally;
  readonly #users: Updated[] = [];
  #running = false;
  #workers: Promise<unknown> = Promise.resolve();
  #acknowledgedSinceStart = 0;

  private constructor(victim: () => Victim, tally: Tally) {
    this.#victim = victim;
    this.#tally = tally;
  }

  /** @param victim asked for at each request, for the tenant may be started again */
  static async prepare(victim: () => Victim, tally: Tally): Promise<Load> {
    const load = new Load(victim, tally);
    const caller = new Caller(victim, tally);
    for (let place = 0; place < UPDATERS; place += 1) {
      const email = `load-${process.pid}-${place}@example.com`;
      const answer = await caller.ask('POST', '/cis/v1/users', { email, custom_data: { n: 0 } });
      if (answer?.status !== 201) throw new Error(`The load's users cannot be created: ${answer?.status}`);
      const { user_id: id } = (answer.body as { result: { user_id: string } }).result;
      load.#users.push({ id, sent: 0, acknowledged: 0, unchecked: new Set(), unknown: new Set() });
    }
    caller.close();
    return load;
  }

  start(): void {
    this.#running = true;
    this.#acknowledgedSinceStart = 0;
    this.#workers = Promise.all([
      ...this.#users.map((user) => this.#work((caller) => this.#update(caller, user))),
      ...this.#users
        .slice(0, READERS)
        .map(({ id }) =>
          this.#work(async (caller) => (await caller.ask('GET', `/cis/v1/users/${id}`))?.status === 200),
        ),
    ]);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#workers;
  }

  /** Waits until the load is under way: an update was acknowledged since it was started. */
  async underWay(): Promise<boolean> {
    const deadline = Date.now() + 10_000;
    while (this.#acknowledgedSinceStart === 0 && Date.now() < deadline) await delay(5);
    return this.#acknowledgedSinceStart > 0;
  }

  /** Tries until an update succeeds, beside the load. @returns how long that took; undefined when it took too long */
  async recovered(withinMs: number): Promise<number | undefined> {
    const caller = new Caller(this.#victim, this.#tally);
    const begun = Date.now();
    const { id } = this.#users.at(-1)!;
    try {
      while (Date.now() - begun < withinMs) {
        // Not `n`, which is the load's; the profile has it beside what the check looks at.
        const answer = await caller.ask('PUT', `/cis/v1/users/${id}`, { language: 'en' });
        if (answer?.status === 200) return Date.now() - begun;
        await delay(RECOVERY_EVERY_MS);
      }
      return undefined;
    } finally {
      caller.close();
    }
  }

  /** Looks up each acknowledged update, in the profile and in the history; call it while the load is stopped. */
  async check(): Promise<void> {
    const caller = new Caller(this.#victim, this.#tally);
    for (const user of this.#users) {
      const { id, acknowledged, unchecked, unknown } = user;
      const path = `/cis/v1/users/${id}`;
      const profile = await insist(caller, path);
      const missing = await this.#missingInHistory(caller, path, unchecked);
      if (!profile || !missing) {
        this.#tally.add('other', 'an updated user could not be read for the check');
        continue;
      }
      const { custom_data: data } = (profile as { result: { custom_data?: { n?: number } } }).result;
      const stored = data?.n ?? -1;
      if (stored !== acknowledged && !unknown.has(stored)) {
        this.#tally.add('lost', 'a profile does not have the last acknowledged update, nor one of unknown outcome');
      }
      this.#tally.add('lost', 'an acknowledged update is not in the history', missing.size);
      unchecked.clear();
    }
    caller.close();
  }

  /** Those that no entry of the history sets, the newest first read; undefined when it cannot be read. */
  async #missingInHistory(caller: Caller, path: string, wanted: Set<number>): Promise<Set<number> | undefined> {
    const missing = new Set(wanted);
    for (let offset = 0; missing.size > 0; offset += PAGE_LIMIT) {
      const page = await insist(caller, `${path}/history?page_offset=${offset}&page_limit=${PAGE_LIMIT}`);
      if (!page) return undefined;
      const { result, page_info } = page as HistoryPage;
      for (const { attribute, after } of result.flatMap(({ changes }) => changes)) {
        if (attribute === 'custom_data') missing.delete((after as { n: number }).n);
      }
      if (!page_info.has_next_page) break;
    }
    return missing;
  }

  async #work(step: (caller: Caller) => Promise<boolean>): Promise<void> {
    const caller = new Caller(this.#victim, this.#tally);
    while (this.#running && !this.#victim().hasEnded && !this.#victim().doomed) {
      if (!(await step(caller))) await delay(PAUSE_MS);
    }
    caller.close();
  }

  async #update(caller: Caller, user: Updated): Promise<boolean> {
    const n = (user.sent += 1);
    const answer = await caller.ask('PUT', `/cis/v1/users/${user.id}`, { custom_data: { n } });
    if (answer?.status !== 200) {
      user.unknown.add(n);
      return false;
    }
    user.acknowledged = n;
    user.unchecked.add(n);
    this.#tally.acknowledged += 1;
    this.#acknowledgedSinceStart += 1;
    return true;
  }
}

/** Reads, again when the tenant has no answer for a while. */
export async function insist(caller: Caller, target: string): Promise<unknown> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const answer = await caller.ask('GET', target);
    if (answer?.status === 200) return answer.body;
    if (answer && answer.status < 500) return undefined;
    await delay(250);
  }
  return undefined;
}
