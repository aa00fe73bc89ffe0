import type { INodeProperties } from 'n8n-workflow';

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
	],
});
