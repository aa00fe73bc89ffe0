import type { IDataObject, INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { ATTRIBUTES, isClearable, type Attribute, type Member } from './attributes';
import { exactJson } from './exactJson';

/** What becomes of values that are empty: text of no characters, lists and groups with nothing in them. */
export type EmptyValues =
	/** They are sent; but what was added and left untouched is not. */
	| 'sendAsIs'
	/** The stored value stays. */
	| 'ignore'
	/** The stored value is cleared. */
	| 'clear';

/** Stands for a value with nothing in it. */
const EMPTY = Symbol('empty');

/**
 * Makes the body of a request of fields: groups wrapped in `value` as n8n gives them, JSON as text or object. `null` clears.
 * @param fields by API name
 * @throws NodeOperationError naming the field that cannot be read
 */
export function bodyOfFields(node: INode, fields: IDataObject, empty: EmptyValues): IDataObject {
	const body: IDataObject = {};
	for (const [name, value] of Object.entries(fields)) {
		const attribute = ATTRIBUTES.get(name);
		if (!attribute) throw new NodeOperationError(node, `There is no attribute "${name}" of a user`);
		put(body, attribute, value === null ? null : valueOf(node, attribute, value), value, empty);
	}
	return body;
}

/**
 * Makes the body of a request of a row: a column an attribute, by API name, and `address.city` for a member of a group. Text
 * is read as what the attribute wants: lists from values between commas, objects from JSON. A cell that is `null` is empty.
 * @returns the body, and the columns that are no attributes
 * @throws NodeOperationError naming the column that cannot be read
 */
export function bodyOfRow(
	node: INode,
	row: IDataObject,
	empty: EmptyValues,
): { body: IDataObject; unknown: string[] } {
	const fields: IDataObject = {};
	const unknown: string[] = [];
	for (const [column, cell] of Object.entries(row)) {
		const [name, memberName, ...deeper] = column.split('.');
		const attribute = ATTRIBUTES.get(name);
		const member = memberName === undefined ? attribute : memberOf(attribute, memberName);
		if (!attribute || !member || deeper.length > 0) {
			unknown.push(column);
			continue;
		}
		let value = cell === null || cell === undefined ? '' : valueOfCell(node, column, member, cell);
		if (member === attribute && attribute.members.length > 0 && isObject(value)) {
			// Such as the time that the API shows with an address.
			const known = Object.entries(value).filter(([inner]) => memberOf(attribute, inner));
			const others = Object.keys(value).filter((inner) => !memberOf(attribute, inner));
			unknown.push(...others.map((inner) => `${column}.${inner}`));
			value = Object.fromEntries(known) as IDataObject;
		}
		if (member === attribute) fields[name] = value;
		else fields[name] = { ...(fields[name] as IDataObject | undefined), [memberName]: value };
	}
	return { body: bodyOfFields(node, fields, empty), unknown };
}

const memberOf = (attribute: Attribute | undefined, name: string): Member | undefined =>
	attribute?.members.find((member) => member.name === name);

function put(
	body: IDataObject,
	{ name, kind }: Attribute,
	value: IDataObject[string] | typeof EMPTY,
	given: IDataObject[string],
	empty: EmptyValues,
): void {
	if (value !== EMPTY) body[name] = value;
	else if (given === undefined) return;
	// Only text is empty in a way that can be sent; the rest was added and left untouched.
	else if (empty === 'sendAsIs' && kind === 'text') body[name] = given;
	else if (empty === 'clear' && isClearable(name)) body[name] = null;
}

function valueOf(
	node: INode,
	{ name, label, kind, members }: Attribute,
	value: IDataObject[string],
): IDataObject[string] | typeof EMPTY {
	switch (kind) {
		case 'json':
			return json(node, `${label} (${name})`, value);
		case 'list':
			return list(value);
		case 'group':
			return group(value, members);
		default: {
			const text = textOf(value);
			return text === '' || text === undefined ? EMPTY : text;
		}
	}
}

/** A text as the API takes it: IDs and phone numbers may come as numbers, and addresses as the API shows them. */
export function textOf(value: unknown): IDataObject[string] {
	if (typeof value === 'number') return String(value);
	// Whether it is verified and when says the tenant.
	const inner = isObject(value) && 'value' in value ? (value.value ?? '') : value;
	return inner as IDataObject[string];
}

function json(
	node: INode,
	label: string,
	value: IDataObject[string],
): IDataObject[string] | typeof EMPTY {
	if (typeof value === 'string' && value.trim() === '') return EMPTY;
	const object = typeof value === 'string' ? exactJson(node, label, value) : value;
	if (object === undefined || (isObject(object) && Object.keys(object).length === 0)) return EMPTY;
	return object as IDataObject;
}

function group(value: IDataObject[string], members: Member[]): IDataObject[string] | typeof EMPTY {
	if (!isObject(value)) return value === undefined || value === '' ? EMPTY : value;
	const { value: inner = value } = value as { value?: IDataObject | null };
	if (inner === null) return null;
	const entries = Object.entries(inner).flatMap(([name, given]): Array<[string, unknown]> => {
		const isList = members.some((member) => member.name === name && member.kind === 'list');
		const kept = isList
			? list(given as IDataObject[string])
			: isEmpty(given)
				? EMPTY
				: textOf(given);
		return kept === EMPTY ? [] : [[name, kept]];
	});
	// A switch alone says nothing: a group of which all else is empty was left untouched.
	const says = entries.some(([, given]) => typeof given !== 'boolean');
	return says ? (Object.fromEntries(entries) as IDataObject) : EMPTY;
}

/** Entries of a list; an expression may give one of several, or the whole list. */
function list(value: IDataObject[string]): IDataObject[string] | typeof EMPTY {
	const entries = ([value].flat(2) as Array<IDataObject[string]>)
		.map(textOf)
		.filter((entry) => !isEmpty(entry)) as string[];
	return entries.length > 0 ? entries : EMPTY;
}

function valueOfCell(
	node: INode,
	column: string,
	{ kind }: Member,
	cell: IDataObject[string],
): IDataObject[string] {
	if (kind === 'list' && typeof cell === 'string')
		return cell.split(/[,;\n]/).map((entry) => entry.trim());
	if (kind === 'boolean') return truth(node, column, cell);
	if (kind === 'group' && typeof cell === 'string' && cell.trim() !== '') {
		return exactJson(node, `The column "${column}"`, cell) as IDataObject;
	}
	return cell;
}

function truth(node: INode, column: string, cell: IDataObject[string]): IDataObject[string] {
	const text = String(cell).trim();
	if (text === '') return '';
	if (/^(?:true|yes|1)$/i.test(text)) return true;
	if (/^(?:false|no|0)$/i.test(text)) return false;
	throw new NodeOperationError(node, `The column "${column}" must be true or false`);
}

const isEmpty = (value: unknown): boolean => value === '' || value === undefined || value === null;
const isObject = (value: unknown): value is object =>
	typeof value === 'object' && value !== null && !Array.isArray(value);
