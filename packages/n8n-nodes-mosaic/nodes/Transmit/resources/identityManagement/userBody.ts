import type { IDataObject, INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

/** Attributes that are objects of the user's own making, typed as JSON. */
const JSON_FIELDS: Record<string, string> = {
	custom_app_data: 'Custom App Data',
	custom_data: 'Custom Data',
};
/** Attributes that are groups of fields, of which those left empty are not part of the value. */
const GROUPS = ['address', 'credentials', 'delegated_access', 'name'];
const LISTS = ['secondary_emails', 'secondary_phone_numbers', 'permissions'];

/**
 * Makes the body of a request from the fields that were added.
 * @param fields by API name, as n8n gives a collection: groups wrapped in `value`, JSON as text or object
 * @throws NodeOperationError naming the field whose JSON cannot be read
 */
export function userBody(node: INode, fields: IDataObject): IDataObject {
	const body: IDataObject = {};
	for (const [name, value] of Object.entries(fields)) {
		if (name in JSON_FIELDS) body[name] = parsed(node, name, value);
		else if (GROUPS.includes(name)) body[name] = group(value);
		else if (LISTS.includes(name)) body[name] = list(value);
		else body[name] = value;
	}
	return body;
}

function parsed(node: INode, name: string, value: IDataObject[string]): IDataObject[string] {
	if (typeof value !== 'string') return value;
	try {
		return JSON.parse(value) as IDataObject;
	} catch (error) {
		throw new NodeOperationError(
			node,
			`${JSON_FIELDS[name]} (${name}) is not valid JSON: ${(error as Error).message}`,
		);
	}
}

function group(value: IDataObject[string]): IDataObject[string] {
	if (value === null || typeof value !== 'object') return value;
	const { value: members = value } = value as { value?: IDataObject };
	return Object.fromEntries(
		Object.entries(members)
			.filter(([, member]) => member !== '' && member !== undefined)
			.map(([name, member]) => [name, LISTS.includes(name) ? list(member) : member]),
	) as IDataObject;
}

/** Entries of a list; an expression may give one of several, or the whole list. */
function list(value: IDataObject[string]): IDataObject[string] {
	if (value === null) return value;
	return [value].flat(2).filter((entry) => entry !== '') as string[];
}
