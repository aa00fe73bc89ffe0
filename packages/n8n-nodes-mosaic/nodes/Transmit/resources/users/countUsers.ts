import type { Operation } from '../../run/operation';
import { optionsCollection, requestOptions } from './sharedOptions';
import { queryOf, searchOf, searchParameters } from './userSearch';

export const countUsers: Operation = {
	name: 'Count Users',
	value: 'countUsers',
	action: 'Count users',
	description: 'Tell how many users are like this',
	parameters: [...searchParameters, optionsCollection(requestOptions)],
	jobs(run, item) {
		const query = queryOf(searchOf(run, item));
		return [
			{
				question: JSON.stringify(query),
				run: async () => ({
					output: [
						await run.sender.object(
							{ method: 'GET', path: '/cis/v1/users/count', query },
							'harmless',
						),
					],
					done: 'counted',
				}),
			},
		];
	},
};
