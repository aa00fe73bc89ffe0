import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { outputOptions, shownUser, type OutputOptions } from '../../output/users';
import type { Operation } from '../../run/operation';
import { limitOf, limitParameters, readAll, readPage } from '../../run/pages';
import type { Sender } from '../../run/sender';
import { optionsCollection, requestOptions } from './sharedOptions';
import { both, queryOf, searchOf, searchParameters } from './userSearch';

const USERS = '/cis/v1/users';

interface Sort {
	field: string;
	order: 'asc' | 'desc';
}

const sortParameter: INodeProperties = {
	displayName: 'Sort',
	name: 'sort',
	type: 'fixedCollection',
	default: {},
	placeholder: 'Add Sort',
	description: 'In which order; by when they were created, the oldest first, unless told',
	options: [
		{
			displayName: 'Sort',
			name: 'value',
			values: [
				{
					displayName: 'Field',
					name: 'field',
					type: 'options',
					options: [
						{ name: 'Created At', value: 'created_at' },
						{ name: 'Email', value: 'email' },
						{ name: 'Last Authentication', value: 'last_auth' },
						{ name: 'Phone Number', value: 'phone_number' },
					],
					default: 'created_at',
					description: 'What to sort by',
				},
				{
					displayName: 'Order',
					name: 'order',
					type: 'options',
					options: [
						{ name: 'Ascending', value: 'asc' },
						{ name: 'Descending', value: 'desc' },
					],
					default: 'asc',
					description: 'Which ones come first',
				},
			],
		},
	],
};

export const getManyUsers: Operation = {
	name: 'Get Many Users',
	value: 'getManyUsers',
	action: 'Get many users',
	description: 'Find users by what they are like',
	parameters: [
		...searchParameters,
		...limitParameters,
		sortParameter,
		optionsCollection([...requestOptions, ...outputOptions]),
	],
	jobs(run, item) {
		const search = searchOf(run, item);
		const limit = limitOf(run, item);
		const { value: sort } = run.parameters.get<{ value?: Sort }>('sort', item, {});
		const options = run.options<OutputOptions>(item);
		const work = async () => {
			const users =
				sort && (sort.field !== 'created_at' || sort.order !== 'asc')
					? await readAll(
							run.sender,
							USERS,
							{ ...queryOf(search), ...sortQuery(sort) },
							limit,
							'user_id',
						)
					: await oldestFirst(run.sender, search, limit);
			return { output: users.map((user) => shownUser(user, options)), done: 'found' };
		};
		return [
			{ question: JSON.stringify([search, limit === Infinity, limit, sort, options]), run: work },
		];
	},
};

const sortQuery = ({ field, order }: Sort): IDataObject => ({
	sort_field: field,
	sort_order: order,
});

/**
 * Reads users by when they were created. Each page begins where the last one ended and not at an offset, so that no user is
 * left out or given twice while others are being created and deleted.
 */
async function oldestFirst(
	sender: Sender,
	search: string | undefined,
	limit: number,
): Promise<IDataObject[]> {
	const users: IDataObject[] = [];
	let from: unknown;
	// Those who were created in the same millisecond as the last one, and how many pages of them were read.
	let seen = new Set<unknown>();
	let offset = 0;
	while (users.length < limit) {
		const condition = from === undefined ? search : both(search, `created_at ge "${String(from)}"`);
		const query = {
			...queryOf(condition),
			sort_field: 'created_at',
			sort_order: 'asc',
			page_offset: offset,
		};
		const { items, hasMore, isTold } = await readPage(
			sender,
			USERS,
			query,
			limit - users.length + seen.size,
		);
		const others = items.filter(({ user_id: id }) => !seen.has(id));
		const repeats = !isTold && others.length > 0 && others[0].user_id === users[0]?.user_id;
		if (repeats) break;
		users.push(...others);
		const last = items.at(-1)?.created_at;
		if (!hasMore || last === undefined) break;
		const sameTime = items.filter(({ created_at: at }) => at === last).map(({ user_id: id }) => id);
		if (last === from) {
			for (const id of sameTime) seen.add(id);
			offset += items.length;
		} else {
			seen = new Set(sameTime);
			offset = 0;
			from = last;
		}
	}
	return users.slice(0, limit);
}
