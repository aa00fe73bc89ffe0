import type { IDataObject, INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Run } from '../run/run';
import { clearableOptions, createFields } from './attributes';
import { clearIn } from './clearing';
import { exactJson } from './exactJson';
import { bodyOfFields, bodyOfRow, textOf, type EmptyValues } from './userBody';

/** What the attributes are for. */
type Purpose = 'create' | 'update';

/** What an item wants of the attributes of a user. */
export interface Specified {
	body: IDataObject;
	/** The user that the row itself names, by one of its columns. */
	match?: { column: string; value: unknown };
}

interface Columns {
	mappingMode: 'autoMapInputData' | 'defineBelow';
	value?: IDataObject | null;
	matchingColumns?: string[];
}

interface FieldOptions {
	emptyValues: EmptyValues;
	allowedFields: string[];
}

/** What a new user can be given. */
const CREATABLE = new Set(createFields.map(({ name }) => name));

const WAYS: INodePropertyOptions[] = [
	{ name: 'Below', value: 'below', description: 'Add the fields one by one' },
	{
		name: 'JSON',
		value: 'json',
		description: "One JSON object, in the API's names",
	},
	{
		name: 'Map Automatically',
		value: 'columns',
		description: 'Columns of the input to attributes of the same name; the way for many items',
	},
];

/** The methods that tell which columns there are, by what n8n calls their purpose. */
const COLUMNS = {
	add: 'getCreateColumns',
	update: 'getUpdateColumns',
	upsert: 'getUpsertColumns',
} as const;

/**
 * The parameters that say which attributes to send.
 * @param mode what n8n calls the purpose of the columns
 */
export function specifyFields(
	fields: INodeProperties[],
	mode: keyof typeof COLUMNS,
	describes: string,
): INodeProperties[] {
	return [
		{
			displayName: 'Specify Fields',
			name: 'specifyFields',
			type: 'options',
			noDataExpression: true,
			options: WAYS,
			default: 'below',
			description: 'How to say which attributes to send',
		},
		{
			displayName: 'Fields',
			name: 'fields',
			type: 'collection',
			placeholder: 'Add Field',
			default: {},
			description: describes,
			displayOptions: { show: { specifyFields: ['below'] } },
			options: fields,
		},
		{
			displayName: 'Columns',
			name: 'columns',
			type: 'resourceMapper',
			noDataExpression: true,
			required: true,
			default: { mappingMode: 'autoMapInputData', value: null },
			description:
				'Columns by API name, such as language or address.city. A name or an address is replaced whole: bring all of its columns.',
			displayOptions: { show: { specifyFields: ['columns'] } },
			typeOptions: {
				loadOptionsDependsOn: ['operation'],
				resourceMapper: {
					resourceMapperMethod: COLUMNS[mode],
					mode,
					fieldWords: { singular: 'attribute', plural: 'attributes' },
					addAllFields: false,
					multiKeyMatch: false,
					supportAutoMap: true,
				},
			},
		},
		{
			displayName: 'JSON',
			name: 'json',
			type: 'json',
			default: '{}',
			description:
				'An object of attributes in the API\'s names, such as {"language": "en", "address": {"city": "London"}}',
			displayOptions: { show: { specifyFields: ['json'] } },
		},
	];
}

/** Names attributes to empty, whatever else is sent. */
export const clearFields: INodeProperties = {
	displayName: 'Clear Fields',
	name: 'clearFields',
	type: 'multiOptions',
	options: clearableOptions,
	default: [],
	description: 'Attributes to empty',
};

/**
 * The body that an item asks for.
 * @throws NodeOperationError naming the field that cannot be sent
 */
export function specified(run: Run, item: number, purpose: Purpose): Specified {
	const options = run.options<FieldOptions>(item);
	const empty = options.emptyValues ?? (run.version === 1 ? 'sendAsIs' : 'ignore');
	const made = ofWay(run, item, empty, purpose);
	if (purpose === 'create') made.body = withoutNull(made.body);
	else clearIn(run.node, made.body, run.parameters.get<string[]>('clearFields', item, []));
	// One that was added and turns out to be nothing allows nothing.
	if (options.allowedFields) checkAllowed(run, made.body, options.allowedFields);
	return made;
}

function ofWay(run: Run, item: number, empty: EmptyValues, purpose: Purpose): Specified {
	const { node, parameters } = run;
	switch (parameters.get<string>('specifyFields', 0, 'below')) {
		case 'columns':
			return ofColumns(run, item, empty, purpose);
		case 'json': {
			const given = parameters.get<unknown>('json', item, '{}');
			const body = typeof given === 'string' ? exactJson(node, "'JSON'", given) : given;
			if (typeof body !== 'object' || body === null || Array.isArray(body)) {
				throw new NodeOperationError(node, "'JSON' must be an object of attributes");
			}
			if ('user_id' in body) {
				throw new NodeOperationError(
					node,
					"'JSON' must not have user_id, which is no attribute: the user is named by a parameter of its own",
				);
			}
			return { body: { ...(body as IDataObject) } };
		}
		default:
			return { body: bodyOfFields(node, parameters.get<IDataObject>('fields', item, {}), empty) };
	}
}

function ofColumns(run: Run, item: number, empty: EmptyValues, purpose: Purpose): Specified {
	const {
		mappingMode,
		value,
		matchingColumns = [],
	} = run.parameters.get<Columns>('columns', item, {
		mappingMode: 'autoMapInputData',
	});
	const automatic = mappingMode === 'autoMapInputData';
	const row = automatic ? run.context.getInputData()[item].json : (value ?? {});
	const [column = purpose === 'create' ? undefined : 'user_id'] = matchingColumns;
	const attributes = Object.fromEntries(
		// The ID names the user and is none of its attributes; an identifier that names the user stays as it is.
		Object.entries(row).filter(
			([name]) => name !== 'user_id' && (purpose === 'create' || name !== column),
		),
	);
	const { body, unknown } = bodyOfRow(run.node, attributes, empty);
	for (const name of unknown) run.unknownColumns.add(name);
	if (purpose === 'create') {
		// As the API shows users: what only the tenant gives them.
		for (const name of Object.keys(body).filter((one) => !CREATABLE.has(one))) {
			run.unknownColumns.add(name);
			delete body[name];
		}
	}
	return { body, ...(column !== undefined && { match: { column, value: textOf(row[column]) } }) };
}

const withoutNull = (body: IDataObject): IDataObject =>
	Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));

function checkAllowed({ node }: Run, body: IDataObject, allowed: string[]): void {
	const refused = Object.keys(body).filter((name) => !allowed.includes(name));
	if (refused.length === 0) return;
	const names = refused.map((name) => `"${name}"`).join(', ');
	throw new NodeOperationError(
		node,
		`${names} may not be sent: 'Allowed Fields' has ${allowed.length > 0 ? `only ${allowed.join(', ')}` : 'none'}`,
	);
}
