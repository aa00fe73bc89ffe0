import type { Operation } from '../../run/operation';
import { optionsCollection, requestOptions } from './sharedOptions';
import { userLocator, userOf } from './userLocator';

export const getUserGroups: Operation = {
	name: 'Get User Groups',
	value: 'getUserGroups',
	action: 'Get groups of user',
	description: 'Get the groups that a user is a member of',
	parameters: [userLocator('The user whose groups to get'), optionsCollection(requestOptions)],
	jobs(run, item) {
		const user = userOf(run, item);
		return [
			{
				question: run.users.pathOf(user),
				run: async () => {
					const path = `/cis/v1/users/${await run.users.segmentOf(user)}/groups`;
					return { output: await run.sender.list({ method: 'GET', path }), done: 'found' };
				},
			},
		];
	},
};
