import type { IDataObject } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { attempt, isConflict, Refusal } from '../../requests/refusal';
import type { Operation } from '../../run/operation';
import type { Run } from '../../run/run';
import { jobOnUser } from './jobOnUser';
import { optionsCollection, requestOptions } from './sharedOptions';
import { userLocator } from './userLocator';

/** What a first password may come with. */
interface FirstPasswordOptions {
	enforceComplexity: boolean;
	username: string;
}

export const setPassword: Operation = {
	name: 'Set Password',
	value: 'setPassword',
	action: 'Set password of user',
	description: 'Give a user a password, the first one or the next',
	parameters: [
		userLocator('The user who gets the password'),
		{
			displayName: 'Password',
			name: 'password',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			description: 'The new password; no output shows it',
		},
		{
			displayName: 'Force Replace',
			name: 'forceReplace',
			type: 'boolean',
			default: true,
			description: 'Whether the user must replace the password at the next sign-in',
		},
		optionsCollection([
			...requestOptions,
			{
				displayName: 'Enforce Complexity',
				name: 'enforceComplexity',
				type: 'boolean',
				default: true,
				description:
					'Whether a first password must be a strong one; those that replace another always must',
			},
			{
				displayName: 'Username',
				name: 'username',
				type: 'string',
				default: '',
				placeholder: 'e.g. ada',
				description: 'A username that the user gets with a first password, to sign in with',
			},
		]),
	],
	jobs(run, item) {
		const password = run.parameters.get<unknown>('password', item, '');
		if (typeof password !== 'string' || password === '') {
			throw new NodeOperationError(run.node, "'Password' is missing");
		}
		const body: IDataObject = {
			password,
			force_replace: run.parameters.get('forceReplace', item, true),
		};
		const { enforceComplexity, username } = run.options<FirstPasswordOptions>(item);
		const first: IDataObject = {
			...(enforceComplexity === false && { enforce_complexity: false }),
			...(username && { username }),
		};
		const job = jobOnUser(run, item, async (id) => {
			await setOnce(run, `/cis/v1/users/${encodeURIComponent(id)}/password`, body, first);
			return { output: [{ password_set: true, user_id: id }], done: 'set' };
		});
		return [job];
	},
};

/** What the tenant says of a password that the user has, or had just before. */
const RECENTLY_USED = 'auth_password_recently_used';

/**
 * Sets a password. When nobody knows whether an attempt was carried out, it is tried again: that the user has the password by
 * then says that it was.
 * @param first what is sent beside it when it is the first one
 * @throws Refusal, Cancelled
 */
async function setOnce(
	{ sender }: Run,
	path: string,
	body: IDataObject,
	first: IDataObject,
): Promise<void> {
	const set = async (method: 'POST' | 'PUT', json: IDataObject) =>
		await attempt(sender.nothing({ method, path, body: json }, 'harmful'));
	let unsure = false;
	for (let tried = 1; ; tried += 1) {
		const asFirst = await set('POST', { ...body, ...first });
		// Whoever has one gets the next one; but no username goes with that.
		const goesOn = isConflict(asFirst) && (first.username === undefined || unsure);
		const done = goesOn ? await set('PUT', body) : asFirst;
		if (!(done instanceof Refusal)) return;
		if (unsure && done.details.code === RECENTLY_USED) return;
		if (!done.maybeDone || !sender.mayTryAgain(done, tried)) throw done;
		await sender.backOff(tried);
		unsure = true;
	}
}
