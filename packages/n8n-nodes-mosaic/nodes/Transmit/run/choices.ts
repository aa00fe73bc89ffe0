import type { IDataObject, INode, INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { isObject } from './expressions';

/**
 * A parameter that is a choice, as one of what there is to choose. The editor lets nothing else through, but an expression
 * gives what it likes: taken as it comes, a "true" would be no `true`, and a name that is none would do what nobody chose.
 * @param property the parameter as it is described, when it is: others are given back as they are
 * @throws NodeOperationError naming the parameter
 */
export function chosen(
	node: INode,
	property: INodeProperties | undefined,
	value: unknown,
): unknown {
	switch (property?.type) {
		case 'boolean':
			return truth(node, property, value);
		case 'options':
			return oneOf(node, property, value);
		case 'multiOptions':
			return namesOf(node, property, value).map((name) => oneOf(node, property, name));
		case 'collection':
			return property.name === 'options' && isObject(value)
				? chosenInside(node, property.options as INodeProperties[], value as IDataObject)
				: value;
		default:
			return value;
	}
}

function chosenInside(
	node: INode,
	properties: INodeProperties[],
	values: IDataObject,
): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(values).map(([name, value]) => {
			const property = properties.find((one) => one.name === name);
			return [name, chosen(node, property, value)];
		}),
	);
}

/** Names; an expression may give them as text between commas, and nothing at all for none. */
function namesOf(node: INode, { displayName }: INodeProperties, value: unknown): string[] {
	const names = typeof value === 'string' ? value.split(',') : (value ?? []);
	if (Array.isArray(names) && names.every((name) => typeof name === 'string')) {
		return names.map((name) => name.trim()).filter((name) => name !== '');
	}
	throw new NodeOperationError(node, `'${displayName}' must be a list of names`);
}

function truth(node: INode, { displayName }: INodeProperties, value: unknown): boolean {
	if (typeof value === 'boolean') return value;
	const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
	if (text === 'true' || text === 'false') return text === 'true';
	throw new NodeOperationError(node, `'${displayName}' must be true or false`);
}

function oneOf(node: INode, { displayName, options }: INodeProperties, value: unknown): unknown {
	const values = (options as INodePropertyOptions[]).map((option) => option.value);
	if (values.includes(value as string)) return value;
	throw new NodeOperationError(
		node,
		`'${displayName}' must be one of ${values.join(', ')}, and not ${JSON.stringify(value)}`,
	);
}
