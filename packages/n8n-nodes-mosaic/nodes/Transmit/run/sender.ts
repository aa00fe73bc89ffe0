import type { IDataObject } from 'n8n-workflow';
import type { Account, Request } from '../requests/account';
import { checkStatus, listOf, nothingOf, objectOf, type Answer } from '../requests/answer';
import { attempt, Refusal } from '../requests/refusal';
import { LONGEST_WAIT_MS } from '../requests/retryAfter';
import type { Gate } from './gate';
import type { Pool } from './pool';

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 10_000;
const LEAST_WAIT_MS = 50;
/** So many requests in a row, each tried as often as it may be, without any answer. */
const MOST_UNANSWERED = 3;
/** A limit of requests is no fault of the one that meets it: such waits count for less. */
const BUSY_FACTOR = 10;

/** What sending a request twice does. */
export type Repeat =
	/** The same as sending it once. */
	| 'harmless'
	/** Maybe something else: it is sent again only when it is certain that nothing was done. */
	| 'harmful';

/** Sends the requests of a run: again when that helps and does no harm, and no faster than the tenant takes them. */
export class Sender {
	private unanswered = 0;

	constructor(
		readonly account: Account,
		private readonly gate: Gate,
		private readonly pool: Pool,
		private readonly maxRetries: number,
	) {}

	/** The one object that a request gives, such as a user. @throws Refusal, Cancelled */
	object(request: Request, repeat: Repeat): Promise<IDataObject> {
		return this.send(request, repeat, objectOf);
	}

	/** Does what gives no object. @throws Refusal, Cancelled */
	nothing(request: Request, repeat: Repeat): Promise<void> {
		return this.send(request, repeat, nothingOf);
	}

	/** The objects of a page. @throws Refusal, Cancelled */
	list(request: Request): Promise<IDataObject[]> {
		return this.send(request, 'harmless', listOf);
	}

	/** Whether an attempt that failed so may be followed by another. */
	mayTryAgain({ details }: Refusal, tried: number): boolean {
		return details.retryable && tried <= this.maxRetries;
	}

	/** Waits before another attempt: twice as long each time, and never the same for two who failed together. @throws Cancelled */
	async backOff(tried: number): Promise<void> {
		const most = Math.min(FIRST_BACKOFF_MS * 2 ** (tried - 1), LONGEST_BACKOFF_MS);
		await this.gate.wait(most * (0.5 + Math.random() / 2));
	}

	/** @param read reads a success; what it throws is the failure of the request */
	async send<T>(request: Request, repeat: Repeat, read: (answer: Answer) => T): Promise<T> {
		for (let faults = 0, waits = 0; ;) {
			await this.gate.pass();
			const value = await attempt(this.once(request, read));
			if (!(value instanceof Refusal)) {
				this.pool.speedUp();
				this.unanswered = 0;
				return value;
			}
			const { details, maybeDone, waitMs } = value;
			if (details.status !== undefined) this.unanswered = 0;
			if (waitMs !== undefined && waitMs > LONGEST_WAIT_MS) {
				this.gate.shut(value);
				throw value;
			}
			// Whoever waits at the gate is told as well.
			if (waitMs !== undefined) {
				// "At once" is no time to wait for the one that was just told to.
				this.gate.close(Math.max(waitMs, LEAST_WAIT_MS * Math.min(waits, 10)));
				this.pool.slowDown();
				waits += 1;
			} else {
				faults += 1;
			}
			// Where nobody has answered for some time, one attempt is enough to see whether somebody does.
			const isDead = details.status === undefined && this.unanswered >= MOST_UNANSWERED;
			const again = !isDead && details.retryable && (repeat === 'harmless' || !maybeDone);
			if (!again || faults > this.maxRetries || waits > this.maxRetries * BUSY_FACTOR) {
				if (details.status === undefined) this.unanswered += 1;
				throw value;
			}
			if (waitMs === undefined) await this.backOff(faults);
		}
	}

	private async once<T>(request: Request, read: (answer: Answer) => T): Promise<T> {
		const answer = await this.account.send(request);
		checkStatus(answer);
		return read(answer);
	}
}
