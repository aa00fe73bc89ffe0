import type { INodeProperties } from 'n8n-workflow';
import * as groups from './resources/groups/groups';
import * as members from './resources/groups/members';
import { removeSecondaryAddress, verifyAddress } from './resources/users/addresses';
import { countUsers } from './resources/users/countUsers';
import { createOrUpdateUser } from './resources/users/createOrUpdateUser';
import { createUser } from './resources/users/createUser';
import { createUsers } from './resources/users/createUsers';
import { deleteUser, removeUserFromApp } from './resources/users/deleteUser';
import { getManyUsers } from './resources/users/getManyUsers';
import { getUser } from './resources/users/getUser';
import { getUserGroups } from './resources/users/getUserGroups';
import { getUserHistory } from './resources/users/getUserHistory';
import { setPassword } from './resources/users/setPassword';
import { updateUser } from './resources/users/updateUser';
import type { Operation } from './run/operation';

/** A kind of thing that the node works on, and what it can do with it. */
interface Resource {
	name: string;
	value: string;
	default: Operation;
	/** In the order of the alphabet. */
	operations: Operation[];
}

/** Everything that the node can do. */
export const RESOURCES: Resource[] = [
	{
		name: 'Group',
		value: 'group',
		default: groups.getManyGroups,
		operations: [
			members.addUserToGroup,
			groups.createGroup,
			groups.deleteGroup,
			groups.getGroup,
			groups.getManyGroups,
			members.getGroupMembers,
			members.removeUserFromGroup,
			groups.updateGroup,
		],
	},
	{
		name: 'Identity Management',
		value: 'identityManagement',
		default: updateUser,
		operations: [
			countUsers,
			createOrUpdateUser,
			createUser,
			createUsers,
			deleteUser,
			getManyUsers,
			getUser,
			getUserGroups,
			getUserHistory,
			removeSecondaryAddress,
			removeUserFromApp,
			setPassword,
			updateUser,
			verifyAddress,
		],
	},
];

/** The operation that a workflow names; undefined when there is none. */
export const operationOf = (resource: string, operation: string): Operation | undefined =>
	RESOURCES.find(({ value }) => value === resource)?.operations.find(
		({ value }) => value === operation,
	);

const operationMenu: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	default: '',
};

/** The parameters of all of them, each shown where it belongs. */
export const properties: INodeProperties[] = [
	{
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		options: RESOURCES.map(({ name, value }) => ({ name, value })),
		default: 'identityManagement',
	},
	...RESOURCES.flatMap(({ value: resource, default: chosen, operations }): INodeProperties[] => [
		{
			...operationMenu,
			displayOptions: { show: { resource: [resource] } },
			options: operations.map(({ name, value, action, description }) => ({
				name,
				value,
				action,
				description,
			})),
			default: chosen.value,
		},
		...operations.flatMap(({ value, parameters }) =>
			parameters.map((parameter) => ({
				...parameter,
				displayOptions: {
					...parameter.displayOptions,
					show: { ...parameter.displayOptions?.show, resource: [resource], operation: [value] },
				},
			})),
		),
	]),
];
