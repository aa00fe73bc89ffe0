import type { IDataObject } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { createFields } from '../../fields/attributes';
import { specified, specifyFields } from '../../fields/specifyFields';
import { outputOptions, shownUser, type OutputOptions } from '../../output/users';
import { createOnce } from './creation';
import type { Job } from '../../run/job';
import type { Operation } from '../../run/operation';
import type { Run } from '../../run/run';
import {
	allowedFieldsOption,
	emptyValuesOption,
	manyAtOnceOption,
	optionsCollection,
	requestOptions,
} from './sharedOptions';

export const createUser: Operation = {
	name: 'Create User',
	value: 'createUser',
	action: 'Create user',
	description:
		'Create a user, who needs an email, a phone number, a username or an external user ID',
	many: 'items',
	parameters: [
		...specifyFields(createFields, 'add', 'The attributes of the new user'),
		optionsCollection([
			...requestOptions,
			...outputOptions,
			allowedFieldsOption,
			emptyValuesOption,
			manyAtOnceOption,
		]),
	],
	jobs(run, item) {
		const { body } = specified(run, item, 'create');
		if (Object.keys(body).length === 0) {
			throw new NodeOperationError(
				run.node,
				"'Fields': add an email, a phone number, a username or an external user ID",
			);
		}
		return [creation(run, body, run.options<OutputOptions>(item))];
	},
};

/** The job of creating one user. @param body in the API's names */
export function creation(run: Run, body: IDataObject, options: Partial<OutputOptions>): Job {
	const outcome = (user: IDataObject) => {
		run.created.add(user.user_id);
		return { output: [shownUser(user, options)], done: 'created' };
	};
	return {
		keys: run.users.keysIn(body),
		run: async (maybeDone) => outcome(await createOnce(run, body, maybeDone)),
		many: { entry: async () => await Promise.resolve({ method: 'POST', json: body }), outcome },
	};
}
