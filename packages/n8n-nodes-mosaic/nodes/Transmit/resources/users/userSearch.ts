import type { IDataObject, INode, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Run } from '../../run/run';

interface Row {
	attribute: string;
	key?: unknown;
	operator: string;
	value?: unknown;
}

const ATTRIBUTES = [
	{ name: 'Birthday', value: 'birthday' },
	{ name: 'Created At', value: 'created_at' },
	{ name: 'Custom App Data', value: 'custom_app_data' },
	{ name: 'Email', value: 'email' },
	{ name: 'External Account ID', value: 'external_account_id' },
	{ name: 'External User ID', value: 'external_user_id' },
	{ name: 'First Name', value: 'name.first_name' },
	{ name: 'Last Authentication', value: 'last_auth' },
	{ name: 'Last Name', value: 'name.last_name' },
	{ name: 'Middle Name', value: 'name.middle_name' },
	{ name: 'Phone Number', value: 'phone_number' },
	{ name: 'Secondary Email', value: 'secondary_emails' },
	{ name: 'Secondary Phone Number', value: 'secondary_phone_numbers' },
	{ name: 'Status', value: 'status' },
	{ name: 'Updated At', value: 'updated_at' },
];

/** The parameters that say which users. */
export const searchParameters: INodeProperties[] = [
	{
		displayName: 'Find By',
		name: 'findBy',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'All Users', value: 'all' },
			{ name: 'Filters', value: 'filters' },
			{ name: 'Search', value: 'search', description: 'An expression of your own' },
		],
		default: 'filters',
		description: 'How to say which users',
	},
	{
		displayName: 'Must Match',
		name: 'mustMatch',
		type: 'options',
		options: [
			{ name: 'All Filters', value: 'and' },
			{ name: 'Any Filter', value: 'or' },
		],
		default: 'and',
		description: 'Which of the filters a user must match',
		displayOptions: { show: { findBy: ['filters'] } },
	},
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		default: {},
		placeholder: 'Add Filter',
		description: 'What users must be like; without any, all users are found',
		displayOptions: { show: { findBy: ['filters'] } },
		options: [
			{
				displayName: 'Filter',
				name: 'rows',
				values: [
					{
						displayName: 'Attribute',
						name: 'attribute',
						type: 'options',
						options: ATTRIBUTES,
						default: 'email',
						description: 'What to look at',
					},
					{
						displayName: 'Key',
						name: 'key',
						type: 'string',
						default: '',
						placeholder: 'e.g. plan.level',
						description: 'Which value of the custom app data',
						displayOptions: { show: { attribute: ['custom_app_data'] } },
					},
					{
						displayName: 'Operator',
						name: 'operator',
						type: 'options',
						options: [
							{ name: 'Equals', value: 'eq' },
							{ name: 'Greater or Equal', value: 'ge' },
							{ name: 'Greater Than', value: 'gt' },
							{ name: 'Is Present', value: 'pr' },
							{ name: 'Less or Equal', value: 'le' },
							{ name: 'Less Than', value: 'lt' },
							{ name: 'Not Equals', value: 'ne' },
							{ name: 'Starts With', value: 'sw' },
						],
						default: 'eq',
						description: 'How to compare',
					},
					{
						displayName: 'Value',
						name: 'value',
						type: 'string',
						default: '',
						description:
							'What to compare with; times as a date, such as 2026-01-31, in UTC unless it has an offset, or in milliseconds',
						displayOptions: { hide: { operator: ['pr'] } },
					},
				],
			},
		],
	},
	{
		displayName: 'Search',
		name: 'search',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. status eq "Active" and created_at ge "2026-01-01"',
		description:
			'A SCIM filter with the operators eq, ne, gt, ge, lt, le, sw and pr, joined by and, or and parentheses',
		displayOptions: { show: { findBy: ['search'] } },
	},
];

/** The search of an item; undefined finds all users. @throws NodeOperationError for a row that says nothing */
export function searchOf({ node, parameters }: Run, item: number): string | undefined {
	switch (parameters.get<string>('findBy', 0, 'filters')) {
		case 'search':
			return plainSearch(node, parameters.get<unknown>('search', item, ''));
		case 'filters': {
			const { rows = [] } = parameters.get<{ rows?: Row[] }>('filters', item, {});
			const link = parameters.get('mustMatch', item, 'and');
			const parts = rows.map(({ attribute, key, operator, value }, place) => {
				const path = String(key ?? '').trim();
				if (attribute === 'custom_app_data' && !/^[^\s()"]+$/.test(path)) {
					throw new NodeOperationError(
						node,
						`'Filters': the key of filter ${place + 1} is ${path === '' ? 'missing' : 'no name of a value, such as plan.level'}`,
					);
				}
				if (operator !== 'pr' && isMissing(value)) {
					throw new NodeOperationError(
						node,
						`'Filters': the value of filter ${place + 1} is missing`,
					);
				}
				const name = attribute === 'custom_app_data' ? `${attribute}.${path}` : attribute;
				return operator === 'pr' ? `${name} pr` : `${name} ${operator} ${quoted(value)}`;
			});
			return parts.length > 0 ? parts.join(` ${link} `) : undefined;
		}
		default:
			return undefined;
	}
}

/** @throws NodeOperationError for one that says nothing: it would find all users */
function plainSearch(node: INode, search: unknown): string {
	if (typeof search === 'string' && search.trim() !== '') return search.trim();
	throw new NodeOperationError(node, "'Search' is missing; to find all users, say so in 'Find By'");
}

/** Compared with nothing, an attribute is found or not found whatever it is. */
const isMissing = (value: unknown): boolean =>
	value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

const quoted = (value: unknown): string => {
	const text =
		typeof value === 'object' && value !== null
			? (JSON.stringify(value) as string).replace(/^"|"$/g, '')
			: String(value ?? '');
	return JSON.stringify(text);
};

/** A search with a further condition. */
export const both = (search: string | undefined, condition: string): string =>
	search === undefined ? condition : `(${search}) and ${condition}`;

/** The query of a search. */
export const queryOf = (search: string | undefined): IDataObject =>
	search === undefined ? {} : { search };
