import type { INodeProperties } from 'n8n-workflow';
import { segment } from '../../requests/segment';
import type { Operation } from '../../run/operation';
import { removeOnce } from '../../run/removal';
import type { Run } from '../../run/run';
import { jobOnUser } from './jobOnUser';
import { optionsCollection, requestOptions } from './sharedOptions';
import { userLocator } from './userLocator';

/** Operations on one email or phone number of a user. */

const address: INodeProperties[] = [
	{
		displayName: 'Kind',
		name: 'addressKind',
		type: 'options',
		options: [
			{ name: 'Email', value: 'emails' },
			{ name: 'Phone Number', value: 'phone-numbers' },
		],
		default: 'emails',
		description: 'What kind of address it is',
	},
	{
		displayName: 'Address',
		name: 'address',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. ada@example.com',
		description: "The email or phone number on the user's profile",
	},
];

/** What an item says: the path below the user, and what to show of it. */
function addressOf({ node, parameters }: Run, item: number) {
	const kind = parameters.get('addressKind', item, 'emails');
	const value = parameters.get<unknown>('address', item, '');
	const member = kind === 'emails' ? 'email' : 'phone_number';
	return {
		path: `${kind}/${segment(node, 'Address', value)}`,
		shown: { [member]: String(value).trim() },
	};
}

export const verifyAddress: Operation = {
	name: 'Verify Email or Phone',
	value: 'verifyAddress',
	action: 'Verify email or phone number of user',
	description: 'Mark an email or phone number as verified',
	parameters: [
		userLocator('The user whose address it is'),
		...address,
		{
			displayName: 'Change to Primary',
			name: 'changeToPrimary',
			type: 'boolean',
			default: false,
			description: 'Whether a secondary address becomes the primary one',
		},
		optionsCollection(requestOptions),
	],
	jobs(run, item) {
		const { path, shown } = addressOf(run, item);
		const body = { change_to_primary: run.parameters.get('changeToPrimary', item, false) };
		const job = jobOnUser(run, item, async (id) => {
			const route = `/cis/v1/users/${encodeURIComponent(id)}/${path}/verify`;
			await run.sender.nothing({ method: 'POST', path: route, body }, 'harmless');
			return { output: [{ verified: true, user_id: id, ...shown }], done: 'verified' };
		});
		return [job];
	},
};

export const removeSecondaryAddress: Operation = {
	name: 'Remove Secondary Email or Phone',
	value: 'removeSecondaryAddress',
	action: 'Remove secondary email or phone number of user',
	description: 'Take a secondary email or phone number off the profile',
	parameters: [
		userLocator('The user whose address it is'),
		...address,
		optionsCollection(requestOptions),
	],
	jobs(run, item) {
		const { path, shown } = addressOf(run, item);
		const job = jobOnUser(run, item, async (id) => {
			await removeOnce(run.sender, `/cis/v1/users/${encodeURIComponent(id)}/${path}`);
			return { output: [{ removed: true, user_id: id, ...shown }], done: 'removed' };
		});
		return [job];
	},
};
