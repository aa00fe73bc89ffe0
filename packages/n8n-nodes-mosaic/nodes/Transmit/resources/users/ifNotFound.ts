import type { INodeProperties } from 'n8n-workflow';
import { isNotFound } from '../../requests/refusal';
import type { Outcome } from '../../run/job';

export interface NotFoundOptions {
	ifNotFound: 'fail' | 'skip' | 'empty';
}

export const ifNotFoundOption: INodeProperties = {
	displayName: 'If User Is Not Found',
	name: 'ifNotFound',
	type: 'options',
	options: [
		{ name: 'Fail', value: 'fail', description: 'The item fails' },
		{ name: 'Return Empty Item', value: 'empty', description: 'The item is empty' },
		{ name: 'Skip', value: 'skip', description: 'There is no item' },
	],
	default: 'fail',
	description: 'What to do when there is no such user',
};

/** What an item comes to when its user is not there. @throws every other error, and this one unless an option says otherwise */
export function notFoundOutcome(
	error: Error,
	{ ifNotFound = 'fail' }: Partial<NotFoundOptions>,
): Outcome {
	if (ifNotFound === 'fail' || !isNotFound(error)) throw error;
	return { output: ifNotFound === 'empty' ? [{}] : [], done: 'not found' };
}
