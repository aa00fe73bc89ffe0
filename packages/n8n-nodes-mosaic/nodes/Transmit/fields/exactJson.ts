import { NodeOperationError, type INode } from 'n8n-workflow';
import {
	JSON_LIMITS,
	JsonReader,
	type JsonFault,
	type JsonSyntaxError,
} from '../generated/readJson';

/**
 * Reads JSON that a user typed.
 * @param label the name of the parameter, for the error
 * @throws NodeOperationError when the text is not JSON, has a number that JavaScript would round, or a name twice in one object
 */
export function exactJson(node: INode, label: string, text: string): unknown {
	const reader = new JsonReader(text, JSON_LIMITS);
	try {
		reader.read();
	} catch (error) {
		const { position } = error as JsonSyntaxError;
		throw new NodeOperationError(node, `${label} is not valid JSON: ${describe(text, position)}`);
	}
	const [fault] = reader.faults;
	if (fault) throw new NodeOperationError(node, explain(label, fault));
	return reader.result;
}

function describe(text: string, position: number): string {
	const character = text[position - 1];
	if (character === undefined) return 'it ends too early';
	return `${JSON.stringify(character)} is unexpected at position ${position}`;
}

function explain(label: string, { kind, path, reason }: JsonFault): string {
	if (kind === 'number')
		return `The number at '${path}' in ${label} would lose digits: put it in quotes`;
	if (kind === 'duplicate') return `'${path}' appears twice in ${label}`;
	return `'${path}' in ${label} ${reason}`;
}
