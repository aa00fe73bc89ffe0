import type { IDataObject, ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';
import { Account } from '../requests/account';
import { checkStatus, listOf } from '../requests/answer';

const PAGE = 50;

/** The users whose email or phone number begins with what was typed, page by page. */
export async function searchUsers(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const prefix = filter?.trim() ? { search_prefix: filter.trim() } : {};
	const { items, next } = await page(this, '/cis/v1/users', prefix, paginationToken);
	return {
		results: items.map((user) => ({ name: labelOf(user), value: String(user.user_id) })),
		...(next && { paginationToken: next }),
	};
}

/** The groups whose name has what was typed in it. */
export async function searchGroups(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const wanted = filter?.trim().toLowerCase() ?? '';
	// The offset, and the first group of all: an API without pages gives it again.
	let [offset, first] = (paginationToken ?? '').split(' ') as [string, string?];
	for (;;) {
		const { items, next } = await page(this, '/cis/v1/groups', {}, offset || undefined);
		const [head] = items;
		if (head && head.group_id === first) return { results: [] };
		first ??= String(head?.group_id);
		const results = items
			.filter(({ name }) => String(name).toLowerCase().includes(wanted))
			.map(({ name, group_id: id }) => ({ name: String(name), value: String(id) }));
		if (next === undefined) return { results };
		// The API does not search: on a page without any, the list would end.
		offset = next;
		if (results.length > 0) return { results, paginationToken: `${offset} ${first}` };
	}
}

async function page(
	context: ILoadOptionsFunctions,
	path: string,
	query: IDataObject,
	token: string | undefined,
) {
	const offset = Number(token ?? 0);
	const account = await Account.open(context);
	const answer = await account.send({
		method: 'GET',
		path,
		query: { ...query, page_offset: offset, page_limit: PAGE },
	});
	checkStatus(answer);
	const items = listOf(answer);
	return { items, next: items.length === PAGE ? String(offset + PAGE) : undefined };
}

/** "name (email)", or what there is of it. */
function labelOf(user: IDataObject): string {
	const {
		name,
		email,
		phone_number: phone,
		username,
	} = user as Record<string, IDataObject | undefined>;
	const full = [name?.first_name, name?.last_name].filter(Boolean).join(' ');
	const contact = String(
		email?.value ?? phone?.value ?? username ?? user.external_user_id ?? user.user_id,
	);
	return full === '' ? contact : `${full} (${contact})`;
}
