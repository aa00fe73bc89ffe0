import type { IDataObject } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { textOf } from '../../fields/userBody';
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
		const password = textOf(run.parameters.get<unknown>('password', item, ''));
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
			...(username && { username: textOf(username) }),
		};
		const work = async (id: string) => {
			await setOnce(run, `/cis/v1/users/${encodeURIComponent(id)}`, body, first);
			return { output: [{ password_set: true, user_id: id }], done: 'set' };
		};
		return [jobOnUser(run, item, work, run.users.keysIn(first))];
	},
};

/**
 * Sets a password. When nobody knows whether an attempt was carried out, it looks at the user before it tries again.
 * @param first what is sent beside it when it is the first one
 * @throws Refusal, Cancelled; NodeOperationError when a username is to go with a password that is not the first
 */
async function setOnce(
	{ node, sender }: Run,
	user: string,
	body: IDataObject,
	first: IDataObject,
): Promise<void> {
	const set = async (method: 'POST' | 'PUT', json: IDataObject) =>
		await attempt(sender.nothing({ method, path: `${user}/password`, body: json }, 'harmful'));
	/** When the password that the user has was set; undefined when there is none. */
	const setAt = async (): Promise<unknown> => {
		const shown = await sender.object({ method: 'GET', path: user }, 'harmless');
		return (shown.password_information as IDataObject | undefined)?.updated_at;
	};
	const before = await setAt();
	if (before !== undefined && first.username !== undefined) {
		throw new NodeOperationError(
			node,
			"'Username' goes with a first password, and the user has a password already",
		);
	}
	for (let tried = 1; ; tried += 1) {
		const asFirst = before === undefined;
		const answer = asFirst ? await set('POST', { ...body, ...first }) : await set('PUT', body);
		// Where users are shown without what there is of a password.
		const goesOn = asFirst && first.username === undefined && isConflict(answer);
		const done = goesOn ? await set('PUT', body) : answer;
		if (!(done instanceof Refusal)) return;
		if (!done.maybeDone || !sender.mayTryAgain(done, tried)) throw done;
		await sender.backOff(tried);
		if ((await setAt()) !== before) return;
	}
}
