import { NodeOperationError, type INode } from 'n8n-workflow';

/** A string, or a number with its sign, fraction and exponent. */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/**
 * Reads JSON that a user typed.
 * @param label what the parameter is called, for the error
 * @throws NodeOperationError for what is no JSON, and for a number of which JavaScript would change digits
 */
export function exactJson(node: INode, label: string, text: string): unknown {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		throw new NodeOperationError(node, `${label} is not valid JSON: ${(error as Error).message}`);
	}
	for (const [token] of text.matchAll(STRING_OR_NUMBER)) {
		if (token.startsWith('"') || isKept(token)) continue;
		throw new NodeOperationError(
			node,
			`${label} has the number ${token.slice(0, 50)}, which would lose digits: put it in quotes`,
		);
	}
	return value;
}

const isKept = (number: string): boolean =>
	number.length < 16 || decimal(number) === decimal(String(Number(number)));

/** A number as its significant digits and their exponent, so that equal ones are written alike. */
function decimal(text: string): string {
	const [, sign = '', whole = '', fraction = '', exponent = '0'] =
		/^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
	const digits = (whole + fraction).replace(/^0+/, '');
	const significant = digits.replace(/0+$/, '');
	if (significant === '') return '0';
	return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
