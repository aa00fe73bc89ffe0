import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { listOf, type Answer } from '../requests/answer';
import type { Run } from './run';
import type { Sender } from './sender';

const PAGE = 500;

/** One page, and whether another follows. */
export interface Page {
	items: IDataObject[];
	hasMore: boolean;
	/** Whether the API says so itself: one that does not may have no pages, and give all items again. */
	isTold: boolean;
}

/** "Return All" and "Limit", as n8n's nodes have them. */
export const limitParameters: INodeProperties[] = [
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		default: false,
		description: 'Whether to return all results or only up to a given limit',
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 50,
		description: 'Max number of results to return',
		displayOptions: { show: { returnAll: [false] } },
	},
];

/** How many results an item asks for; all of them is infinity. @throws NodeOperationError for a limit that is none */
export function limitOf({ node, parameters }: Run, item: number): number {
	if (parameters.get('returnAll', item, false)) return Infinity;
	const limit = Number(parameters.get<unknown>('limit', item, 50));
	if (Number.isInteger(limit) && limit >= 1) return limit;
	throw new NodeOperationError(node, "'Limit' must be a whole number, at least 1");
}

/** Reads one page. */
export const readPage = (
	sender: Sender,
	path: string,
	query: IDataObject,
	limit: number,
): Promise<Page> =>
	sender.send(
		{ method: 'GET', path, query: { ...query, page_limit: Math.min(limit, PAGE) } },
		'harmless',
		pageOf,
	);

/**
 * Reads a list page by page, each by its offset.
 * @param idName the member that tells its items apart: one that moves to a later page meanwhile is given once
 */
export async function readAll(
	sender: Sender,
	path: string,
	query: IDataObject,
	limit: number,
	idName: string,
): Promise<IDataObject[]> {
	const found = new Map<unknown, IDataObject>();
	for (let offset = 0; found.size < limit;) {
		const known = found.size;
		const { items, hasMore, isTold } = await readPage(
			sender,
			path,
			{ ...query, page_offset: offset },
			limit - found.size,
		);
		for (const item of items) found.set(item[idName], item);
		offset += items.length;
		if (!hasMore || items.length === 0 || (!isTold && found.size === known)) break;
	}
	return [...found.values()].slice(0, limit);
}

function pageOf(answer: Answer): Page {
	const items = listOf(answer);
	const { page_info: info } = answer.body as { page_info?: { has_next_page?: boolean } };
	// A tenant ends a page early when its items are large. One that does not tell has more as long as it gives some.
	const told = info?.has_next_page;
	return { items, hasMore: told ?? items.length > 0, isTold: told !== undefined };
}
