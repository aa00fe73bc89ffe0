import type { INodeProperties } from 'n8n-workflow';
import { updateUserDescription } from './updateUser';

/** The resource "Identity Management": its operations, and the parameters of each. */
export const description: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['identityManagement'] } },
		options: [
			{
				name: 'Update User',
				value: 'updateUser',
				action: 'Update a user',
				description: 'Change attributes of a user; what is not added stays as it is',
			},
		],
		default: 'updateUser',
	},
	...updateUserDescription,
];
