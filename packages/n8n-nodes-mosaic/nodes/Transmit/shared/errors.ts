import type { INode, JsonObject } from 'n8n-workflow';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';

/** The error body of the Users API: one reason, or a sentence for each fault. */
interface ErrorBody {
	message?: string | string[];
}

/**
 * Makes an error of n8n's that says, in its message, what the tenant said.
 * @param itemIndex the input item that failed
 */
export function asNodeError(
	node: INode,
	error: Error,
	itemIndex: number,
): NodeApiError | NodeOperationError {
	if (error instanceof NodeOperationError) {
		error.context.itemIndex = itemIndex;
		return error;
	}
	if (!(error instanceof NodeApiError)) return new NodeOperationError(node, error, { itemIndex });
	const { message: said } = (error.context.data ?? {}) as ErrorBody;
	const reasons = said === undefined ? [] : [said].flat();
	const [first, ...more] = reasons;
	if (first === undefined) {
		error.context.itemIndex = itemIndex;
		return error;
	}
	const status = error.httpCode ?? undefined;
	// A fresh one, since n8n hands back an error of its own unchanged.
	return new NodeApiError(node, { message: reasons.join('; ') } as JsonObject, {
		message: more.length > 0 ? `${first} (and ${more.length} more)` : first,
		description: [
			...(more.length > 0 ? reasons : []),
			`The tenant answered with HTTP status ${status}.`,
		].join('\n'),
		httpCode: status,
		itemIndex,
	});
}
