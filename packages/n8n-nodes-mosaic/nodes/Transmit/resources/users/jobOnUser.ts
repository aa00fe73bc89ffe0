import type { Job, Outcome } from '../../run/job';
import type { Run } from '../../run/run';
import { userOf } from './userLocator';

/**
 * The job on the user whom an item names; jobs on one user are done in the order of the items.
 * @param work gets the user's ID
 * @param keys what it is about besides
 * @throws NodeOperationError for what names nobody
 */
export function jobOnUser(
	run: Run,
	item: number,
	work: (id: string) => Promise<Outcome>,
	keys: string[] = [],
): Job {
	const user = userOf(run, item);
	// Before anything is sent.
	run.users.pathOf(user);
	return {
		keys: [...run.users.namesOf(user), ...keys],
		moreKeys: run.users.moreKeysOf(user),
		mode: user.mode,
		run: async () => await work(await run.users.idOf(user)),
	};
}
