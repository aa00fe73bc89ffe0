import type { IDataObject, IHttpRequestMethods } from 'n8n-workflow';
import type { UserName } from './userLookup';

/** What came of a job. */
export interface Outcome {
	/** The items that it gives. */
	output: IDataObject[];
	/** What was done, as the summary counts it, such as `updated`. */
	done: string;
}

/** A job in the words of the tenant's request for many. */
export interface Entry {
	/** POST creates, PUT updates. */
	method: Extract<IHttpRequestMethods, 'POST' | 'PUT'>;
	json: IDataObject;
}

/** How a job can go with others in one request, where the tenant offers that. */
export interface ManyEntry {
	/** The user whom it has to find first: those of many jobs are found together. */
	user?: UserName;
	/** What to send; undefined when it must go by itself after all. */
	entry(): Promise<Entry | undefined>;
	outcome(user: IDataObject, method: Entry['method']): Outcome;
	/** What the tenant's refusal of this one comes to; when absent, it fails. */
	refused?(error: Error): Outcome;
	/** Whether a refusal is one that the job by itself knows what to do about. */
	isPassing?(error: Error): boolean;
}

/** A piece of work for one input item. */
export interface Job {
	/** What an error says it is about, where the item has several: the place in a list, and identifiers. */
	subject?: IDataObject;
	/** What it is about: of jobs with a key in common, one is done after another. Absent, it may be about anything. */
	keys?: string[];
	/** How it names a user: one who is named in two ways has two keys. */
	mode?: string;
	/** Those of its keys that name the user. */
	names?: string[];
	/**
	 * The keys that may name somebody else afterwards; absent when it changes no identifier. An earlier item may give up what one that
	 * changes some is refused for as taken: it is tried again after them.
	 */
	moves?: string[];
	/** Keys that it takes a look-up to tell. */
	moreKeys?(): Promise<string[]>;
	/** Jobs that ask the same are done once, and each of their items gets the answer. */
	question?: string;
	/** @param maybeDone whether an attempt before may have done it, though nobody said so */
	run(maybeDone: boolean): Promise<Outcome>;
	many?: ManyEntry;
}
