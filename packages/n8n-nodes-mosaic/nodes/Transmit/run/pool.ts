/**
 * Does work side by side, so much of it at once and no more. Work with a key in common is done one after another, in the
 * order of asking. How much is done at once halves when a server says that it is too much, and grows again while it does not.
 */
export class Pool {
	private limit: number;

	private running = 0;

	private successes = 0;

	private readonly waiting: Array<() => void> = [];

	private readonly last = new Map<string, Promise<unknown>>();

	constructor(private readonly most: number) {
		this.limit = most;
	}

	/** Waits for a place. Whoever got one gives it back by `leave`. */
	async enter(): Promise<void> {
		while (this.running >= this.limit)
			await new Promise<void>((resolve) => this.waiting.push(resolve));
		this.running += 1;
	}

	/** Takes a place at once, beyond the limit if need be: for work that has given its own up to wait for others. */
	comeBack(): void {
		this.running += 1;
	}

	leave(): void {
		this.running -= 1;
		this.wake();
	}

	/** Does work after all that was asked for before under any of these keys. */
	async inOrder<T>(keys: string[], work: () => Promise<T>): Promise<T> {
		const before = this.settled(keys);
		const mine = (async () => {
			await before;
			return await work();
		})();
		for (const key of keys) this.last.set(key, mine);
		try {
			return await mine;
		} finally {
			for (const key of keys) if (this.last.get(key) === mine) this.last.delete(key);
		}
	}

	/** Waits for all work that was asked for before under any of these keys. */
	async settled(keys: string[]): Promise<void> {
		await Promise.allSettled(keys.map((key) => this.last.get(key)));
	}

	slowDown(): void {
		this.limit = Math.max(1, Math.floor(this.limit / 2));
		this.successes = 0;
	}

	speedUp(): void {
		this.successes += 1;
		if (this.successes < 2 * this.limit || this.limit >= this.most) return;
		this.limit += 1;
		this.successes = 0;
		this.wake();
	}

	private wake(): void {
		while (this.waiting.length > 0 && this.running < this.limit) {
			// It looks for itself whether there is a place, and so counts itself.
			this.waiting.shift()!();
			return;
		}
	}
}
