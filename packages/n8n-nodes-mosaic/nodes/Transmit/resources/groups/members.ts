import { outputOptions, shownUser, type OutputOptions } from '../../output/users';
import type { Operation } from '../../run/operation';
import { limitOf, limitParameters, readAll } from '../../run/pages';
import { removeOnce } from '../../run/removal';
import { jobOnUser } from '../users/jobOnUser';
import { optionsCollection, requestOptions } from '../users/sharedOptions';
import { userLocator } from '../users/userLocator';
import { groupLocator, groupOf } from './groupLocator';

/** Operations on the members of a group. */

export const addUserToGroup: Operation = {
	name: 'Add User',
	value: 'addUserToGroup',
	action: 'Add user to group',
	description:
		'Make a user a member of a group; one who is a member stays so (Tessera tenants only)',
	parameters: [groupLocator, userLocator('The user to add'), optionsCollection(requestOptions)],
	jobs(run, item) {
		const group = groupOf(run, item);
		const job = jobOnUser(run, item, async (id) => {
			const body = { user_ids: [id] };
			await run.sender.nothing({ method: 'POST', path: `${group.path}/users`, body }, 'harmless');
			return { output: [{ added: true, group_id: group.id, user_id: id }], done: 'added' };
		});
		return [job];
	},
};

export const removeUserFromGroup: Operation = {
	name: 'Remove User',
	value: 'removeUserFromGroup',
	action: 'Remove user from group',
	description: 'Take a user out of a group (Tessera tenants only)',
	parameters: [groupLocator, userLocator('The user to remove'), optionsCollection(requestOptions)],
	jobs(run, item) {
		const group = groupOf(run, item);
		const job = jobOnUser(run, item, async (id) => {
			await removeOnce(run.sender, `${group.path}/users/${encodeURIComponent(id)}`);
			return { output: [{ removed: true, group_id: group.id, user_id: id }], done: 'removed' };
		});
		return [job];
	},
};

export const getGroupMembers: Operation = {
	name: 'Get Many Members',
	value: 'getGroupMembers',
	action: 'Get many members of group',
	description: 'Get the users who are members of a group (Tessera tenants only)',
	parameters: [
		groupLocator,
		...limitParameters,
		optionsCollection([...requestOptions, ...outputOptions]),
	],
	jobs(run, item) {
		const { path } = groupOf(run, item);
		const limit = limitOf(run, item);
		const options = run.options<OutputOptions>(item);
		return [
			{
				question: JSON.stringify([path, limit === Infinity, limit, options]),
				run: async () => {
					const users = await readAll(run.sender, `${path}/users`, {}, limit, 'user_id');
					return { output: users.map((user) => shownUser(user, options)), done: 'found' };
				},
			},
		];
	},
};
