import type { INodeProperties } from 'n8n-workflow';
import { textOf } from '../../fields/userBody';
import type { Run } from '../../run/run';
import type { UserName } from '../../run/userLookup';

/** A parameter that names one user. */
export const userLocator = (description: string): INodeProperties => ({
	displayName: 'User',
	name: 'userId',
	type: 'resourceLocator',
	required: true,
	default: { mode: 'list', value: '' },
	description: `${description}. An agent names the user by ID, such as 01a20f66-d5e6-7375-905c-f8ed715e10dc, or by email.`,
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Choose a user…',
			typeOptions: { searchListMethod: 'searchUsers', searchable: true },
		},
		{
			displayName: 'By ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. 01a20f66-d5e6-7375-905c-f8ed715e10dc',
		},
		{ displayName: 'By Email', name: 'email', type: 'string', placeholder: 'e.g. ada@example.com' },
		{
			displayName: 'By Phone Number',
			name: 'phone_number',
			type: 'string',
			placeholder: 'e.g. +12125550123',
		},
		{ displayName: 'By Username', name: 'username', type: 'string', placeholder: 'e.g. ada' },
		{
			displayName: 'By External User ID',
			name: 'external_user_id',
			type: 'string',
			placeholder: 'e.g. crm-1',
		},
		{
			displayName: 'By Any Email or Phone Number',
			name: 'any_address',
			type: 'string',
			placeholder: 'e.g. ada@home.example.com',
			hint: 'A secondary one, too',
		},
	],
});

/** How an item names its user. */
export function userOf({ parameters }: Run, item: number): UserName {
	const { mode, value } = parameters.locator('userId', item);
	return byAddress({ mode: mode === 'list' ? 'id' : mode, value: textOf(value) });
}

/** No ID has an @ in it: what has one is an email, as an agent may give it. */
export const byAddress = ({ mode, value }: UserName): UserName => ({
	mode: mode === 'id' && typeof value === 'string' && value.includes('@') ? 'email' : mode,
	value,
});
