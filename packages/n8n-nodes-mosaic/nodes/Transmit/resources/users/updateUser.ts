import type { IDataObject, INode, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { changesOf, differences } from '../../fields/changes';
import { clearFields, specified, specifyFields } from '../../fields/specifyFields';
import { userFields } from '../../fields/userFields';
import { checkBody } from '../../fields/validate';
import { outputOptions, shownUser, type OutputOptions } from '../../output/users';
import { isConflict } from '../../requests/refusal';
import { plainText } from '../../requests/segment';
import type { Job, Outcome } from '../../run/job';
import type { Operation } from '../../run/operation';
import type { Run } from '../../run/run';
import type { UserName } from '../../run/userLookup';
import {
	allowedFieldsOption,
	emptyValuesOption,
	manyAtOnceOption,
	optionsCollection,
	requestOptions,
} from './sharedOptions';
import { ifNotFoundOption, notFoundOutcome, type NotFoundOptions } from './ifNotFound';
import { byAddress, userLocator, userOf } from './userLocator';

interface UpdateOptions extends OutputOptions, NotFoundOptions {
	dryRun: boolean;
	onlyThisVersion: string;
	skipIfNothingChanges: boolean;
	whatChanged: boolean;
}

const options: INodeProperties[] = [
	...requestOptions,
	...outputOptions,
	allowedFieldsOption,
	emptyValuesOption,
	ifNotFoundOption,
	manyAtOnceOption,
	{
		displayName: 'Dry Run',
		name: 'dryRun',
		type: 'boolean',
		default: false,
		description: 'Whether to check the fields and show what would change, and write nothing',
	},
	{
		displayName: 'Only This Version',
		name: 'onlyThisVersion',
		type: 'string',
		default: '',
		placeholder: 'e.g. "7"',
		description:
			'Version that the user must be at, as Get User gives it when asked for Version; a user who has changed since is left alone (If-Match; Tessera tenants only)',
	},
	{
		displayName: 'Skip If Nothing Changes',
		name: 'skipIfNothingChanges',
		type: 'boolean',
		default: false,
		description:
			'Whether to look at the user first, and to send nothing when all is as it should be; the item then has <code>unchanged</code>',
	},
	{
		displayName: 'What Changed',
		name: 'whatChanged',
		type: 'boolean',
		default: false,
		description:
			'Whether to add <code>what_changed</code> to the item: the old and the new value of each attribute that differs',
	},
];

export const updateUser: Operation = {
	name: 'Update User',
	value: 'updateUser',
	action: 'Update user',
	description: 'Change attributes of a user; all others stay as they are',
	many: 'items',
	parameters: [
		{
			...userLocator('The user to update'),
			displayOptions: { hide: { specifyFields: ['columns'] } },
		},
		...specifyFields(
			userFields,
			'update',
			'The attributes to change; only those added here are sent',
		),
		clearFields,
		optionsCollection(options),
	],
	jobs(run, item) {
		const { body, match } = specified(run, item, 'update');
		const user = match ? userOfRow(run.node, match) : userOf(run, item);
		// Before anything is sent.
		run.users.pathOf(user);
		if (Object.keys(body).length === 0 && nothingWasAsked(run, item)) {
			throw new NodeOperationError(run.node, "'Fields': add at least one field to update");
		}
		const options = run.options<UpdateOptions>(item);
		// One that was added and turns out to be nothing would protect nothing.
		if ('onlyThisVersion' in options)
			options.onlyThisVersion = versionOf(run.node, options.onlyThisVersion);
		return [job(run, user, body, options)];
	},
};

/** A version as `If-Match` wants it; its number alone will do. @throws NodeOperationError */
function versionOf(node: INode, value: unknown): string {
	const text = plainText(node, 'Only This Version', value);
	return /^\d+$/.test(text) ? `"${text}"` : text;
}

/** The user whom a row names by one of its columns. @throws NodeOperationError when it names none */
function userOfRow(node: INode, { column, value }: { column: string; value: unknown }): UserName {
	if (value === undefined || value === null || value === '') {
		throw new NodeOperationError(node, `The column "${column}", which names the user, is empty`);
	}
	return byAddress({ mode: column === 'user_id' ? 'id' : column, value });
}

function nothingWasAsked(run: Run, item: number): boolean {
	if (run.parameters.get<string>('specifyFields', 0, 'below') !== 'below') return false;
	return Object.keys(run.parameters.get<IDataObject>('fields', item, {})).length === 0;
}

function job(run: Run, user: UserName, body: IDataObject, options: Partial<UpdateOptions>): Job {
	const { dryRun, onlyThisVersion, skipIfNothingChanges, whatChanged } = options;
	const isEmpty = Object.keys(body).length === 0;
	const looksFirst = [dryRun, skipIfNothingChanges, whatChanged, isEmpty].includes(true);
	const work = async (): Promise<Outcome> => {
		if (dryRun) checkBody(run.node, body);
		const before = looksFirst ? await run.users.get(user) : undefined;
		if (before) {
			const changes = changesOf(body, before);
			const shown = shownUser(before, options);
			if (dryRun)
				return { output: [{ ...shown, dry_run: true, what_changed: changes }], done: 'looked at' };
			if (isEmpty || (skipIfNothingChanges && changes.length === 0)) {
				const nothing = { unchanged: true, ...(whatChanged && { what_changed: [] }) };
				return { output: [{ ...shown, ...nothing }], done: 'unchanged' };
			}
		}
		const id = await run.users.segmentOf(user);
		const now = await run.sender.object(
			{
				method: 'PUT',
				path: `/cis/v1/users/${id}`,
				body,
				...(onlyThisVersion && { headers: { 'if-match': onlyThisVersion } }),
			},
			// Done once, the user is at another version, or has the password already.
			onlyThisVersion || body.credentials ? 'harmful' : 'harmless',
		);
		const shown = shownUser(now, options);
		if (!before || !whatChanged) return { output: [shown], done: 'updated' };
		return {
			output: [{ ...shown, what_changed: differences(Object.keys(body), before, now) }],
			done: 'updated',
		};
	};
	const refused = (error: Error): Outcome => notFoundOutcome(error, options);
	return {
		...run.users.orderOf(user, body),
		run: async () => await work().catch(refused),
		...(!looksFirst &&
			!onlyThisVersion && {
				many: {
					user,
					entry: async () =>
						// A password is not sent twice, and so not with others who may be.
						body.credentials
							? undefined
							: { method: 'PUT', json: { ...body, user_id: await run.users.idOf(user) } },
					outcome: (now) => ({ output: [shownUser(now, options)], done: 'updated' }),
					refused,
					// By itself it waits for those before it, who may give up what it wants.
					isPassing: isConflict,
				},
			}),
	};
}
