import type { IDataObject } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { nothingOf } from '../../requests/answer';
import { isConflict } from '../../requests/refusal';
import type { Operation } from '../../run/operation';
import { jobOnUser } from './jobOnUser';
import { optionsCollection, requestOptions } from './sharedOptions';
import { userLocator } from './userLocator';

export const setPassword: Operation = {
	name: 'Set Password',
	value: 'setPassword',
	action: 'Set the password of a user',
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
		optionsCollection(requestOptions),
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
		const job = jobOnUser(run, item, async (id) => {
			const path = `/cis/v1/users/${encodeURIComponent(id)}/password`;
			const set = async (method: 'POST' | 'PUT') =>
				await run.sender.send({ method, path, body }, 'harmless', nothingOf);
			// Whoever has one gets the next one. Either can be sent twice: the password is the same.
			await set('POST').catch(async (error: Error) => {
				if (!isConflict(error)) throw error;
				await set('PUT');
			});
			return { output: [{ password_set: true, user_id: id }], done: 'set' };
		});
		return [job];
	},
};
