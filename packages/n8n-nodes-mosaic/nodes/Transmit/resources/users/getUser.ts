import { objectOf } from '../../requests/answer';
import { outputOptions, shownUser, type OutputOptions } from '../../output/users';
import type { Operation } from '../../run/operation';
import { ifNotFoundOption, notFoundOutcome, type NotFoundOptions } from './ifNotFound';
import { optionsCollection, requestOptions } from './sharedOptions';
import { userLocator, userOf } from './userLocator';

interface GetOptions extends OutputOptions, NotFoundOptions {
	version: boolean;
}

export const getUser: Operation = {
	name: 'Get User',
	value: 'getUser',
	action: 'Get user',
	description: 'Get a user by ID, email, phone number, username or external user ID',
	parameters: [
		userLocator('The user to get'),
		optionsCollection([
			...requestOptions,
			...outputOptions,
			ifNotFoundOption,
			{
				displayName: 'Version',
				name: 'version',
				type: 'boolean',
				default: false,
				description:
					'Whether to add the <code>version</code> of the user, for Only This Version of Update User (Tessera tenants only)',
			},
		]),
	],
	jobs(run, item) {
		const path = run.users.pathOf(userOf(run, item));
		const options = run.options<GetOptions>(item);
		const read = async () => {
			const { user, version } = await run.sender.send(
				{ method: 'GET', path },
				'harmless',
				(answer) => ({
					user: objectOf(answer),
					version: answer.headers.etag ?? null,
				}),
			);
			const shown = shownUser(user, options);
			return { output: [options.version ? { ...shown, version } : shown], done: 'found' };
		};
		return [
			{
				question: JSON.stringify([path, options]),
				run: async () => await read().catch((error: Error) => notFoundOutcome(error, options)),
			},
		];
	},
};
