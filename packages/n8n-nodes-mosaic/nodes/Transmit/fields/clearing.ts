import type { IDataObject, INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

/** Empties what 'Clear Fields' names, in a body. @throws NodeOperationError for what is set as well */
export function clearIn(node: INode, body: IDataObject, names: string[]): void {
	for (const name of names) {
		if (body[name] !== undefined && body[name] !== null) {
			throw new NodeOperationError(node, `"${name}" is both set and among 'Clear Fields'`);
		}
		body[name] = null;
	}
}
