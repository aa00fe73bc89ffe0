import type { Operation } from '../../run/operation';
import { removeOnce } from '../../run/removal';
import { ifNotFoundOption, notFoundOutcome, type NotFoundOptions } from './ifNotFound';
import { jobOnUser } from './jobOnUser';
import { optionsCollection, requestOptions } from './sharedOptions';
import { userLocator } from './userLocator';

/** An operation that takes a user away. @param pathOf gives the path for an ID, percent-encoded */
const removal = (
	about: Pick<Operation, 'name' | 'value' | 'action' | 'description'>,
	pathOf: (id: string) => string,
	done: string,
): Operation => ({
	...about,
	parameters: [userLocator('The user'), optionsCollection([...requestOptions, ifNotFoundOption])],
	jobs(run, item) {
		const options = run.options<NotFoundOptions>(item);
		const job = jobOnUser(run, item, async (id) => {
			await removeOnce(run.sender, pathOf(encodeURIComponent(id)));
			return { output: [{ [done]: true, user_id: id }], done };
		});
		return [
			{
				...job,
				run: async () =>
					await job.run(false).catch((error: Error) => notFoundOutcome(error, options)),
			},
		];
	},
});

export const deleteUser = removal(
	{
		name: 'Delete User',
		value: 'deleteUser',
		action: 'Delete user',
		description:
			'Delete a user from the tenant, with all that is kept of it; needs a management application',
	},
	(id) => `/cis/v1/manage/users/${id}`,
	'deleted',
);

export const removeUserFromApp = removal(
	{
		name: 'Remove User From App',
		value: 'removeUserFromApp',
		action: 'Remove user from app',
		description: 'Take a user out of the calling application; the user stays in the tenant',
	},
	(id) => `/cis/v1/users/${id}/apps`,
	'removed',
);
