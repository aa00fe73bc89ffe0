import { NodeOperationError, type INode } from 'n8n-workflow';

/**
 * The names that a parameter of several options has; an expression may give them as text between commas.
 * @param label what the parameter is called, for the error
 * @throws NodeOperationError for what are no names
 */
export function namesOf(node: INode, label: string, value: unknown): string[] {
	const names = typeof value === 'string' ? value.split(',') : value;
	if (Array.isArray(names) && names.every((name) => typeof name === 'string')) {
		return names.map((name) => name.trim()).filter((name) => name !== '');
	}
	throw new NodeOperationError(node, `'${label}' must be a list of names`);
}
