import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { sendRequest } from '../../shared/transport';
import { userBody } from './userBody';
import { userFields } from './userFields';

const show = { resource: ['identityManagement'], operation: ['updateUser'] };

export const updateUserDescription: INodeProperties[] = [
	{
		displayName: 'User',
		name: 'userId',
		type: 'resourceLocator',
		required: true,
		default: { mode: 'id', value: '' },
		description: 'The user to update',
		displayOptions: { show },
		modes: [
			{
				displayName: 'By ID',
				name: 'id',
				type: 'string',
				placeholder: 'e.g. 01a20f66-d5e6-7375-905c-f8ed715e10dc',
			},
		],
	},
	{
		displayName: 'Fields',
		name: 'fields',
		type: 'collection',
		placeholder: 'Add Field',
		default: {},
		description: 'The attributes to change; only those added here are sent',
		displayOptions: { show },
		options: userFields,
	},
];

/**
 * Updates the user of one input item.
 * @returns the user as the tenant has it now
 * @throws NodeOperationError for a parameter that cannot be sent; NodeApiError when the tenant refuses
 */
export async function updateUser(this: IExecuteFunctions, itemIndex: number): Promise<IDataObject> {
	const id: unknown = this.getNodeParameter('userId', itemIndex, '', { extractValue: true });
	const userId = typeof id === 'string' || typeof id === 'number' ? String(id).trim() : '';
	if (!userId) throw new NodeOperationError(this.getNode(), 'User: the ID is missing');
	const fields = this.getNodeParameter('fields', itemIndex, {}) as IDataObject;
	const body = userBody(this.getNode(), fields);
	if (Object.keys(body).length === 0) {
		throw new NodeOperationError(this.getNode(), 'Fields: add at least one field to update');
	}
	const path = `/cis/v1/users/${encodeURIComponent(userId)}`;
	const { result } = (await sendRequest.call(this, itemIndex, 'PUT', path, body)) as {
		result: IDataObject;
	};
	return result;
}
