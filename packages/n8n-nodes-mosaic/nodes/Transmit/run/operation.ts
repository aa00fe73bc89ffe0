import type { INodeProperties } from 'n8n-workflow';
import type { Job } from './job';
import type { Run } from './run';

/** An operation of the node: what it is called, what it asks for, and what it does. */
export interface Operation {
	name: string;
	value: string;
	action: string;
	description: string;
	/** Whether its jobs can go together: those of several items, or a list that one item brings. */
	many?: 'items' | 'list';
	/** Its own parameters; when they are shown is added by the table of operations. */
	parameters: INodeProperties[];
	/**
	 * What an input item wants done.
	 * @throws NodeOperationError for parameters that make no request
	 */
	jobs(run: Run, item: number): Job[];
}
