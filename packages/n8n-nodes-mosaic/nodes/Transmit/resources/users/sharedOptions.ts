import type { INodeProperties } from 'n8n-workflow';
import { attributeOptions } from '../../fields/attributes';
import {
	DEFAULT_CONCURRENCY,
	DEFAULT_RETRIES,
	MOST_CONCURRENCY,
	MOST_RETRIES,
} from '../../run/run';

/** Options of every operation that sends a request an item. */
export const requestOptions: INodeProperties[] = [
	{
		displayName: 'Max Concurrency',
		name: 'maxConcurrency',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: MOST_CONCURRENCY },
		default: DEFAULT_CONCURRENCY,
		description: 'How many requests to have under way at once',
	},
	{
		displayName: 'Max Retries',
		name: 'maxRetries',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: MOST_RETRIES },
		default: DEFAULT_RETRIES,
		description:
			'How often to repeat a request that failed in passing. What may have been carried out is repeated only when that changes nothing.',
	},
];

/** Whether to use what only tenants of one's own have. */
export const manyAtOnceOption: INodeProperties = {
	displayName: 'Many at Once',
	name: 'manyAtOnce',
	type: 'boolean',
	default: true,
	description:
		'Whether to send up to 500 users in one request where the tenant takes that (Custom URL only; each user still succeeds or fails alone)',
};

export const emptyValuesOption: INodeProperties = {
	displayName: 'Empty Values',
	name: 'emptyValues',
	type: 'options',
	options: [
		{ name: 'Clear', value: 'clear', description: 'Empty the attribute of the user' },
		{ name: 'Ignore', value: 'ignore', description: 'Leave the attribute as it is' },
		{ name: 'Send As Is', value: 'sendAsIs', description: 'Let the tenant decide' },
	],
	default: 'ignore',
	description:
		'What to do with fields and columns that turn out empty. Null in fields and JSON clears in every case; in a column, it is empty. An expression that gives nothing at all leaves the attribute alone.',
};

export const allowedFieldsOption: INodeProperties = {
	displayName: 'Allowed Fields',
	name: 'allowedFields',
	type: 'multiOptions',
	options: attributeOptions,
	default: [],
	description:
		'The only attributes that may be sent: any other one fails the item, and every one does when none is chosen. For agents, which choose attributes by themselves.',
};

/** The collection that a list of options makes: in the order of the alphabet, as n8n wants it. */
export const optionsCollection = (options: INodeProperties[]): INodeProperties => ({
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add Option',
	default: {},
	options: [...options].sort((a, b) => a.displayName.localeCompare(b.displayName)),
});
