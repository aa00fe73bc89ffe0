import type { IDataObject, INode, JsonObject } from 'n8n-workflow';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';
import { Refusal } from '../requests/refusal';
import type { Run } from '../run/run';

/**
 * Makes an error of n8n's that says, in its message, what is wrong.
 * @param of the input item that failed, and what of it
 * @param done how many items were done before; undefined when there is one alone
 */
export function nodeErrorOf(
	node: INode,
	error: Error,
	{ item, subject }: { item: number; subject?: IDataObject },
	done: number | undefined,
): NodeApiError | NodeOperationError {
	const about = subject ? ` of ${JSON.stringify(subject)}` : '';
	const told = done === undefined ? '' : ` [item ${item}${about}; others done: ${done}]`;
	const message = error.message + told;
	if (!(error instanceof Refusal)) {
		return new NodeOperationError(node, message, {
			itemIndex: item,
			...(error instanceof NodeOperationError &&
				error.description && { description: error.description }),
		});
	}
	const { status, faults = [], requestId } = error.details;
	return new NodeApiError(node, { message } as JsonObject, {
		message,
		description: [
			...(faults.length > 1 ? faults : []),
			...(status === undefined ? [] : [`The tenant answered with HTTP status ${status}.`]),
			...(requestId === undefined ? [] : [`It calls the request ${requestId}.`]),
			...(error.maybeDone ? ['It may have been carried out all the same.'] : []),
		].join('\n'),
		...(status !== undefined && { httpCode: String(status) }),
		itemIndex: item,
	});
}

/**
 * What stands for an item that failed. On the error output n8n puts it together with the input item, when it has no members
 * but `error`, `message` and `details`.
 */
export function errorJson(
	run: Run,
	error: Error,
	item: number,
	subject?: IDataObject,
): IDataObject {
	if (run.version === 1) return { error: error.message };
	const json: IDataObject = {
		error: error.message,
		message: error.message,
		details: { ...detailsOf(error), ...(subject && { subject }) },
	};
	if (run.node.onError === 'continueErrorOutput') return json;
	return { ...run.context.getInputData()[item].json, ...json };
}

function detailsOf(error: Error): IDataObject {
	if (!(error instanceof Refusal)) return { retryable: false };
	const { status, code, faults, requestId, retryable } = error.details;
	return {
		...(status !== undefined && { status }),
		...(code !== undefined && { code }),
		...(faults && faults.length > 0 && { faults }),
		...(requestId !== undefined && { requestId }),
		retryable,
		...(error.maybeDone && { maybeDone: true }),
	};
}
