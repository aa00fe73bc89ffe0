import { NodeOperationError, type INode } from 'n8n-workflow';

/** Longer than any identifier that a tenant takes. */
const MAX_CHARACTERS = 512;

/**
 * Makes one segment of a path of what a user typed.
 * @param label what the parameter is called, for the error
 * @throws NodeOperationError for what cannot be a segment: `.` and `..` would lead to another route, however they are encoded
 */
export function segment(node: INode, label: string, value: unknown): string {
	const text = plainText(node, label, value);
	if (/^(?:\.|%2e){1,2}$/i.test(text)) {
		throw new NodeOperationError(node, `'${label}' is "${text}", which names no one`);
	}
	return encodeURIComponent(text);
}

/** The text of a value that names something. @throws NodeOperationError for what is no name at all */
export function plainText(node: INode, label: string, value: unknown): string {
	const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
	if (text === '') throw new NodeOperationError(node, `'${label}' is missing`);
	if (text.length > MAX_CHARACTERS || !isClean(text)) {
		throw new NodeOperationError(
			node,
			`'${label}' is no name: it is too long, or has characters that none has`,
		);
	}
	return text;
}

/** Whether a text is of whole characters, none of which controls anything. */
function isClean(text: string): boolean {
	for (const character of text) {
		const code = character.codePointAt(0)!;
		// Half of a pair stands alone here.
		if (code < 0x20 || code === 0x7f || (code >= 0xd800 && code <= 0xdfff)) return false;
	}
	return true;
}
