import { setTimeout as delay } from 'node:timers/promises';
import { Connection, requestBytes, type Outcome } from './connection.ts';
import type { Tally } from './tally.ts';
import type { Victim } from './victim.ts';

/** How a request is told of in sentences. */
export interface Telling {
  label: string;
  example?: string;
  /** A server that refuses a large request before it has read it may cut the connection before the answer gets through. */
  mayBeCut?: boolean;
}

export interface Answer {
  status: number;
  body: unknown;
}

/** How long after a cut connection it shows that it was the tenant that ended. */
const END_SHOWS_MS = 500;

/** A client with one connection, which judges every answer. */
export class Caller {
  readonly #victim: () => Victim;
  readonly #tally: Tally;
  readonly #connection: Connection;

  /** @param victim asked for at each request, for the tenant may be started again */
  constructor(victim: () => Victim, tally: Tally) {
    this.#victim = victim;
    this.#tally = tally;
    this.#connection = new Connection(() => victim().port);
  }

  /** @returns undefined when there was no answer */
  async ask(method: string, target: string, body?: unknown): Promise<Answer | undefined> {
    const victim = this.#victim();
    const content = Buffer.from(body === undefined ? '' : JSON.stringify(body));
    const headers = [
      ['authorization', `Bearer ${await victim.token()}`],
      ...(body === undefined ? [] : [['content-type', 'application/json']]),
      ['content-length', String(content.length)],
    ] as [string, string][];
    const outcome = await this.exchange(requestBytes(method, target, headers, content), method, target);
    return outcome.kind === 'answer' ? { status: outcome.status, body: jsonOf(outcome.body) } : undefined;
  }

  /** Sends a request as it is. @param method and target as they are in it, for the judge */
  async exchange(request: Buffer, method: string, target: string, telling?: Telling): Promise<Outcome> {
    const victim = this.#victim();
    this.#tally.requests += 1;
    const outcome = await this.#connection.exchange(request, method === 'HEAD');
    await judge(outcome, victim, this.#tally, method, target, telling ?? { label: `${method} ${shapeOf(target)}` });
    return outcome;
  }

  close(): void {
    this.#connection.close();
  }
}

async function judge(
  outcome: Outcome,
  victim: Victim,
  tally: Tally,
  method: string,
  target: string,
  { label, example, mayBeCut }: Telling,
): Promise<void> {
  switch (outcome.kind) {
    case 'late':
      if (victim.isRunning) tally.add('unanswered', `${label}: no answer within 10 s`, 1, example);
      return;
    case 'cut':
      if (victim.isRunning) await Promise.race([victim.ended, delay(END_SHOWS_MS)]);
      if (victim.isRunning && !mayBeCut) {
        tally.add('unanswered', `${label}: the connection was cut (${outcome.why})`, 1, example);
      }
      return;
    case 'answer': {
      const { status, headers, body } = outcome;
      if (status >= 500 && !(status === 503 && headers.has('retry-after'))) {
        tally.add('serverError', `${label}: ${status}${status === 503 ? ' without Retry-After' : ''}`, 1, example);
        return;
      }
      const fault = victim.document.faultOf(method, target, status, body);
      if (fault) tally.add('outside', `${label}: ${fault}`, 1, example);
    }
  }
}

/** The path without IDs, so that requests alike make one sentence. */
const shapeOf = (target: string): string =>
  target.replace(/\?.*$/s, '').replace(/\/(users|groups)\/[^/]{8,}/, '/$1/ID');

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}
