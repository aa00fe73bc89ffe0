import { sleep } from 'n8n-workflow';
import { Cancelled, Refusal } from '../requests/refusal';

/** Long waits are cut in slices, for older versions of n8n do not wake a sleeper when the execution is cancelled. */
const SLICE_MS = 500;

/**
 * What all requests of a run pass: it is
 *
 * - OPEN: requests go through.
 * - CLOSED until a time that the tenant named: all wait, and not just the request that was told so.
 * - SHUT, since that time is too far away to wait for: nobody goes through any more.
 */
export class Gate {
	private closedUntil = 0;

	private shutBy: Refusal | undefined;

	constructor(private readonly signal: AbortSignal | undefined) {}

	/** Lets nobody through for so many milliseconds. */
	close(ms: number): void {
		this.closedUntil = Math.max(this.closedUntil, Date.now() + ms);
	}

	/** Lets nobody through any more. @param refusal what they are told, of whom nothing was done */
	shut(refusal: Refusal): void {
		this.shutBy = new Refusal(refusal.message, refusal.details);
	}

	/** Waits until it is open. @throws Cancelled; Refusal when it is shut */
	async pass(): Promise<void> {
		this.check();
		while (!this.shutBy && Date.now() < this.closedUntil)
			await this.slice(this.closedUntil - Date.now());
		if (this.shutBy) throw this.shutBy;
	}

	/** Waits for so many milliseconds. @throws Cancelled */
	async wait(ms: number): Promise<void> {
		const until = Date.now() + ms;
		while (Date.now() < until) await this.slice(until - Date.now());
	}

	/** @throws Cancelled */
	check(): void {
		if (this.signal?.aborted) throw new Cancelled();
	}

	private async slice(ms: number): Promise<void> {
		await sleep(Math.min(ms, SLICE_MS));
		this.check();
	}
}
