import type { IDataObject, IHttpRequestMethods } from 'n8n-workflow';

/** What came of a job. */
export interface Outcome {
	/** The items that it gives. */
	output: IDataObject[];
	/** What was done, as the summary counts it, such as `updated`. */
	done: string;
}

/** How a job can go with others in one request, where the tenant offers that. */
export interface ManyEntry {
	method: Extract<IHttpRequestMethods, 'POST' | 'PUT'>;
	/** The job in the words of the tenant's request; undefined when it must go by itself after all. */
	entry(): Promise<IDataObject | undefined>;
	outcome(user: IDataObject): Outcome;
	/** What the tenant's refusal of this one comes to; when absent, it fails. */
	refused?(error: Error): Outcome;
}

/** A piece of work for one input item. */
export interface Job {
	/** Jobs with the same key are done one after another. */
	key?: string;
	/** Jobs that ask the same are done once, and each of their items gets the answer. */
	question?: string;
	/** @param maybeDone whether an attempt before may have done it, though nobody said so */
	run(maybeDone: boolean): Promise<Outcome>;
	many?: ManyEntry;
}
