import type { INodeProperties } from 'n8n-workflow';
import { plainText, segment } from '../../requests/segment';
import type { Run } from '../../run/run';

/** A parameter that names one group. */
export const groupLocator: INodeProperties = {
	displayName: 'Group',
	name: 'groupId',
	type: 'resourceLocator',
	required: true,
	default: { mode: 'list', value: '' },
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Choose a group…',
			typeOptions: { searchListMethod: 'searchGroups', searchable: true },
		},
		{
			displayName: 'By ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. 01a20f66-d5e6-7375-905c-f8ed715e10dc',
		},
	],
};

/** The group that an item names: its ID and its path. @throws NodeOperationError for what names none */
export function groupOf({ node, parameters }: Run, item: number): { id: string; path: string } {
	const { value } = parameters.locator('groupId', item);
	return {
		id: plainText(node, 'Group', value),
		path: `/cis/v1/groups/${segment(node, 'Group', value)}`,
	};
}
