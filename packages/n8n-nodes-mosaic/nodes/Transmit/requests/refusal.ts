/** What is known of a request that did not do what it should. */
export interface RefusalDetails {
	/** HTTP status of the answer, when there was one. */
	status?: number;
	/** The tenant's own code for it, or the network's. */
	code?: string;
	/** A sentence for each fault. */
	faults?: string[];
	/** What the tenant calls the request in its log. */
	requestId?: string;
	/** Whether the same request can succeed later. */
	retryable: boolean;
}

/** A request that the tenant refused, or that had no answer of the tenant's. */
export class Refusal extends Error {
	override name = 'Refusal';

	readonly details: RefusalDetails;

	/** Whether the tenant may have done what was asked, though it did not say so. */
	readonly maybeDone: boolean;

	/** How long to wait before anything is sent again, in milliseconds, when the tenant said. */
	readonly waitMs: number | undefined;

	constructor(
		message: string,
		details: RefusalDetails,
		more: { maybeDone?: boolean; waitMs?: number } = {},
	) {
		super(message);
		this.details = details;
		this.maybeDone = more.maybeDone ?? false;
		this.waitMs = more.waitMs;
	}
}

/** The run was cancelled: nothing more is sent. */
export class Cancelled extends Error {
	override name = 'Cancelled';

	constructor() {
		super('The execution was cancelled');
	}
}

export const isNotFound = (error: unknown): boolean =>
	error instanceof Refusal && error.details.status === 404;

export const isConflict = (error: unknown): boolean =>
	error instanceof Refusal && error.details.status === 409;

/** Waits for work, and gives a refusal in place of throwing it. @throws everything else */
export async function attempt<T>(work: Promise<T>): Promise<T | Refusal> {
	return await work.catch((error: Error) => {
		if (error instanceof Refusal) return error;
		throw error;
	});
}

/** Waits for work; undefined when what it is about is not there. @throws everything else */
export async function unlessNotFound<T>(work: Promise<T>): Promise<T | undefined> {
	return await work.catch((error: Error) => {
		if (isNotFound(error)) return undefined;
		throw error;
	});
}
