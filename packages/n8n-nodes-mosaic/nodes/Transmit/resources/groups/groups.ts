import type { IDataObject, INode, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { clearIn } from '../../fields/clearing';
import { exactJson } from '../../fields/exactJson';
import { textOf } from '../../fields/userBody';
import type { Operation } from '../../run/operation';
import { limitOf, limitParameters, readAll } from '../../run/pages';
import { removeOnce } from '../../run/removal';
import type { Run } from '../../run/run';
import { optionsCollection, requestOptions } from '../users/sharedOptions';
import { groupLocator, groupOf } from './groupLocator';

/** Operations on groups themselves. */

const GROUPS = '/cis/v1/groups';

const name: INodeProperties = {
	displayName: 'Name',
	name: 'name',
	type: 'string',
	default: '',
	placeholder: 'e.g. Navy',
	description: 'Unique in the tenant (API: name)',
};

const description: INodeProperties = {
	displayName: 'Description',
	name: 'description',
	type: 'string',
	default: '',
	description: 'What the group is for (API: description)',
};

const customData: INodeProperties = {
	displayName: 'Custom Data',
	name: 'custom_data',
	type: 'json',
	default: '{}',
	description: 'A JSON object of your own; replaces the stored one whole (API: custom_data)',
};

const fields = (options: INodeProperties[], describes: string): INodeProperties => ({
	displayName: 'Fields',
	name: 'groupFields',
	type: 'collection',
	placeholder: 'Add Field',
	default: {},
	description: describes,
	options,
});

const jsonOf = (node: INode, value: unknown): unknown =>
	typeof value === 'string' ? exactJson(node, 'Custom Data (custom_data)', value) : value;

/** The fields of a group that were added and are not left untouched. */
function bodyOf({ node, parameters }: Run, item: number): IDataObject {
	const given = parameters.get<IDataObject>('groupFields', item, {});
	return Object.fromEntries(
		Object.entries(given).flatMap(([key, value]) => {
			const read = key === 'custom_data' ? jsonOf(node, value) : textOf(value);
			const isEmpty =
				read === '' ||
				read === undefined ||
				(typeof read === 'object' && read !== null && Object.keys(read).length === 0);
			return isEmpty ? [] : [[key, read]];
		}),
	) as IDataObject;
}

/** Of two groups that want one name, the first gets it. */
const nameKey = (groupName: string): string => `name ${groupName.trim()}`;

export const createGroup: Operation = {
	name: 'Create',
	value: 'createGroup',
	action: 'Create group',
	description: 'Create a group of users',
	parameters: [
		{ ...name, name: 'groupName', required: true },
		fields([customData, description], 'What else to say of the group'),
		optionsCollection(requestOptions),
	],
	jobs(run, item) {
		const groupName = textOf(run.parameters.get<unknown>('groupName', item, ''));
		if (groupName === '') throw new NodeOperationError(run.node, "'Name' is missing");
		const body = { name: groupName as string, ...bodyOf(run, item) };
		return [
			{
				keys: [nameKey(body.name)],
				run: async () => ({
					output: [await run.sender.object({ method: 'POST', path: GROUPS, body }, 'harmful')],
					done: 'created',
				}),
			},
		];
	},
};

export const updateGroup: Operation = {
	name: 'Update',
	value: 'updateGroup',
	action: 'Update group',
	description: 'Change a group; only the fields added are sent',
	parameters: [
		groupLocator,
		fields([customData, description, name], 'What to change'),
		{
			displayName: 'Clear Fields',
			name: 'clearGroupFields',
			type: 'multiOptions',
			options: [
				{ name: 'Custom Data', value: 'custom_data' },
				{ name: 'Description', value: 'description' },
			],
			default: [],
			description: 'What to empty',
		},
		optionsCollection(requestOptions),
	],
	jobs(run, item) {
		const { id, path } = groupOf(run, item);
		const body = bodyOf(run, item);
		clearIn(run.node, body, run.parameters.get<string[]>('clearGroupFields', item, []));
		if (Object.keys(body).length === 0) {
			throw new NodeOperationError(run.node, "'Fields': add at least one field to update");
		}
		const names = typeof body.name === 'string' ? [nameKey(body.name)] : [];
		return [
			{
				keys: [id, ...names],
				...(names.length > 0 && { moves: names }),
				run: async () => ({
					output: [await run.sender.object({ method: 'PUT', path, body }, 'harmless')],
					done: 'updated',
				}),
			},
		];
	},
};

export const getGroup: Operation = {
	name: 'Get',
	value: 'getGroup',
	action: 'Get group',
	description: 'Get a group by ID',
	parameters: [groupLocator, optionsCollection(requestOptions)],
	jobs(run, item) {
		const { path } = groupOf(run, item);
		return [
			{
				question: path,
				run: async () => ({
					output: [await run.sender.object({ method: 'GET', path }, 'harmless')],
					done: 'found',
				}),
			},
		];
	},
};

export const getManyGroups: Operation = {
	name: 'Get Many',
	value: 'getManyGroups',
	action: 'Get many groups',
	description: 'Get the groups of the tenant',
	parameters: [...limitParameters, optionsCollection(requestOptions)],
	jobs(run, item) {
		const limit = limitOf(run, item);
		return [
			{
				question: String(limit),
				run: async () => ({
					output: await readAll(run.sender, GROUPS, {}, limit, 'group_id'),
					done: 'found',
				}),
			},
		];
	},
};

export const deleteGroup: Operation = {
	name: 'Delete',
	value: 'deleteGroup',
	action: 'Delete group',
	description: 'Delete a group; its members stay in the tenant',
	parameters: [groupLocator, optionsCollection(requestOptions)],
	jobs(run, item) {
		const { id, path } = groupOf(run, item);
		return [
			{
				keys: [id],
				run: async () => {
					await removeOnce(run.sender, path);
					return { output: [{ deleted: true, group_id: id }], done: 'deleted' };
				},
			},
		];
	},
};
