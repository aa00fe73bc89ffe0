import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import fc, { type Arbitrary } from 'fast-check';
import type { Attack, Stage } from '../attack.ts';
import { Caller } from '../caller.ts';
import { requestBytes } from '../connection.ts';
import { drafts, render, type Draft } from '../fuzz/draft.ts';
import { mutations } from '../fuzz/mutations.ts';
import { notHttp, throwAt } from '../fuzz/notHttp.ts';
import { OWN_EMAIL, OWN_GROUP, OWN_USER } from '../fuzz/values.ts';
import { insist } from '../load.ts';
import type { Victim } from '../victim.ts';

const CALLERS = 8;
/** So many are made up at a time. */
const BATCH = 500;
/** Of so many requests that may change the caller's user, one is looked at from before and after. */
const SAMPLE_EVERY = 4;
const TELL_EVERY = 50_000;
/** A larger request may be refused before it was read. */
const LARGE_BYTES = 50_000;

/** A request to send as it is drafted, or bytes. */
type Plan = Draft | Buffer;

/** Sends so many requests made up by the OpenAPI document: valid-looking ones, mutated ones, and what is no HTTP. */
export const fuzz: Attack = {
  name: 'fuzz',
  full: 1_000_000,
  small: 2000,
  async run(stage) {
    const victim = await stage.victim({ storage: { directory: await stage.directory() } });
    const valid = drafts(victim.document.openApi);
    const mutated = fc
      .tuple(valid, fc.array(mutations, { minLength: 1, maxLength: 3 }))
      .map(([draft, changes]) => changes.reduce((changed, change) => change(changed), draft));
    const plans = numbered(
      fc.oneof({ weight: 33, arbitrary: valid }, { weight: 64, arbitrary: mutated }, { weight: 3, arbitrary: notHttp }),
      stage,
    );
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        const fuzzer = await Fuzzer.make(victim, stage);
        // The callers share the one sequence.
        for (let next = plans.next(); !next.done && victim.isRunning; next = plans.next()) {
          await fuzzer.send(...next.value);
        }
        fuzzer.close();
      }),
    );
  },
};

function* numbered(plans: Arbitrary<Plan>, { seed, count }: Stage): Generator<[number: number, plan: Plan]> {
  for (let first = 0; first < count; first += BATCH) {
    if (first > 0 && first % TELL_EVERY === 0) process.stderr.write(`  ${first} requests\n`);
    const batch = fc.sample(plans, { seed: seed + first, numRuns: Math.min(BATCH, count - first) });
    for (const [place, plan] of batch.entries()) yield [first + place, plan];
  }
}

/** A caller with a user and a group that no other caller touches. */
class Fuzzer {
  readonly #victim: Victim;
  readonly #stage: Stage;
  readonly #caller: Caller;
  #userId = '';
  #groupId = '';
  #email = '';

  private constructor(victim: Victim, stage: Stage) {
    this.#victim = victim;
    this.#stage = stage;
    this.#caller = new Caller(() => victim, stage.tally);
  }

  static async make(victim: Victim, stage: Stage): Promise<Fuzzer> {
    const fuzzer = new Fuzzer(victim, stage);
    await fuzzer.#renewUser();
    await fuzzer.#renewGroup();
    return fuzzer;
  }

  close(): void {
    this.#caller.close();
  }

  async send(number: number, plan: Plan): Promise<void> {
    const { seed, tally } = this.#stage;
    if (Buffer.isBuffer(plan)) {
      await throwAt(this.#victim, plan, tally, `seed ${seed} request ${number}: ${shown(plan)}`);
      return;
    }
    const rendered = render(plan);
    const target = this.#own(rendered.target);
    const body = Buffer.from(this.#own(rendered.body.toString('latin1')), 'latin1');
    const { method, operationId } = plan;
    const request = requestBytes(
      method,
      Buffer.from(target, 'latin1'),
      await this.#headers(plan, body),
      framed(plan, body),
    );
    const example = `seed ${seed} request ${number}: ${shown(request)}`;

    const touches = method !== 'GET' && (target.includes(this.#userId) || body.includes(this.#userId));
    const sampled = touches && number % SAMPLE_EVERY === 0;
    const before = sampled ? await this.#profile() : undefined;
    const telling = { label: operationId, example, mayBeCut: request.length > LARGE_BYTES };
    const outcome = await this.#caller.exchange(request, method, target, telling);
    if (outcome.kind !== 'answer') return;
    const refused = outcome.status >= 400 && outcome.status < 500;
    if (before !== undefined && refused && !isDeepStrictEqual(before, await this.#profile())) {
      tally.add('changed', `${operationId}: the user is another after ${outcome.status}`, 1, example);
    }
    if (method === 'DELETE' && outcome.status === 204) {
      if (target.includes('/manage/')) await this.#renewUser();
      else if (target.includes('/groups/')) await this.#renewGroup();
    }
  }

  async #headers({ secured, mediaType, headers, chunked }: Draft, body: Buffer): Promise<[string, string][]> {
    return [
      ...(secured ? [['authorization', `Bearer ${await this.#victim.token()}`] as [string, string]] : []),
      ...(mediaType === undefined ? [] : [['content-type', mediaType] as [string, string]]),
      ...headers,
      chunked ? ['transfer-encoding', 'chunked'] : ['content-length', String(body.length)],
    ];
  }

  /** Puts the IDs in the place of the marks. */
  #own(text: string): string {
    return text
      .replaceAll(OWN_USER, this.#userId)
      .replaceAll(OWN_GROUP, this.#groupId)
      .replaceAll(OWN_EMAIL, this.#email)
      .replaceAll(encodeURIComponent(OWN_EMAIL), encodeURIComponent(this.#email));
  }

  async #profile(): Promise<unknown> {
    return insist(this.#caller, `/cis/v1/users/${this.#userId}`);
  }

  async #renewUser(): Promise<void> {
    this.#email = `fuzz-${randomUUID()}@example.com`;
    const answer = await this.#caller.ask('POST', '/cis/v1/users', { email: this.#email });
    this.#userId = (answer?.body as { result?: { user_id: string } } | undefined)?.result?.user_id ?? 'none-was-made';
  }

  async #renewGroup(): Promise<void> {
    const answer = await this.#caller.ask('POST', '/cis/v1/groups', { name: randomUUID() });
    this.#groupId =
      (answer?.body as { result?: { group_id: string } } | undefined)?.result?.group_id ?? 'none-was-made';
  }
}

/** A body as the header says it comes: whole, or in two chunks. */
function framed({ chunked }: Draft, body: Buffer): Buffer {
  if (!chunked) return body;
  const half = Math.floor(body.length / 2);
  const chunks = [body.subarray(0, half), body.subarray(half)].filter((chunk) => chunk.length > 0);
  return Buffer.concat([
    ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
    Buffer.from('0\r\n\r\n'),
  ]);
}

/** A request in a line, without its token. */
function shown(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1').replace(/authorization: Bearer ey[^\r]{100,}\r\n/, ''));
  return text.length > 600 ? `${text.slice(0, 600)} … (${bytes.length} bytes)` : text;
}
