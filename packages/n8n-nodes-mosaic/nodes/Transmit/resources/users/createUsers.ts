import type { IDataObject } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { exactJson } from '../../fields/exactJson';
import { outputOptions, type OutputOptions } from '../../output/users';
import type { Job } from '../../run/job';
import type { Operation } from '../../run/operation';
import { creation } from './createUser';
import { identifiersOf } from './creation';
import { manyAtOnceOption, optionsCollection, requestOptions } from './sharedOptions';

export const createUsers: Operation = {
	name: 'Create Users',
	value: 'createUsers',
	action: 'Create many users',
	description: 'Create the users of an array; each gives an item, and succeeds or fails alone',
	many: 'list',
	parameters: [
		{
			displayName: 'Users',
			name: 'users',
			type: 'json',
			required: true,
			default: '[]',
			description:
				'Array of users, each in the API\'s names, such as [{"email": "ada@example.com", "name": {"first_name": "Ada"}}]',
		},
		optionsCollection([...requestOptions, ...outputOptions, manyAtOnceOption]),
	],
	jobs(run, item) {
		const given = run.parameters.get<unknown>('users', item, '[]');
		const users = typeof given === 'string' ? exactJson(run.node, "'Users'", given) : given;
		if (!Array.isArray(users) || users.length === 0) {
			throw new NodeOperationError(run.node, "'Users' must be an array of users");
		}
		const options = run.options<OutputOptions>(item);
		return users.map((user: unknown, index): Job => {
			const place = index + 1;
			if (typeof user !== 'object' || user === null || Array.isArray(user)) {
				const fault = `'Users' must be an array of objects: number ${place} is none`;
				const error = new NodeOperationError(run.node, fault);
				return {
					keys: [],
					subject: { place },
					run: async () => await Promise.reject(error),
				};
			}
			const subject = { place, ...identifiersOf(user as IDataObject) };
			return { ...creation(run, user as IDataObject, options), subject };
		});
	},
};
