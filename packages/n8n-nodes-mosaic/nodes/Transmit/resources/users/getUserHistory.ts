import type { Operation } from '../../run/operation';
import { limitOf, limitParameters, readAll } from '../../run/pages';
import { optionsCollection, requestOptions } from './sharedOptions';
import { userLocator, userOf } from './userLocator';

export const getUserHistory: Operation = {
	name: 'Get User History',
	value: 'getUserHistory',
	action: 'Get history of user',
	description: 'Get the changes of a user, the newest first (Tessera tenants only)',
	parameters: [
		userLocator('The user whose history to get'),
		...limitParameters,
		optionsCollection(requestOptions),
	],
	jobs(run, item) {
		const user = userOf(run, item);
		const limit = limitOf(run, item);
		return [
			{
				question: JSON.stringify([run.users.pathOf(user), limit === Infinity, limit]),
				run: async () => {
					const path = `/cis/v1/users/${await run.users.segmentOf(user)}/history`;
					return { output: await readAll(run.sender, path, {}, limit, 'version'), done: 'read' };
				},
			},
		];
	},
};
