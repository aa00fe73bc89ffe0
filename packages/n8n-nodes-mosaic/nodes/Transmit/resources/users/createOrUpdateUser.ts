import type { IDataObject } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { specified, specifyFields } from '../../fields/specifyFields';
import { textOf } from '../../fields/userBody';
import { userFields } from '../../fields/userFields';
import { outputOptions, shownUser, type OutputOptions } from '../../output/users';
import { attempt, isConflict, isNotFound, Refusal, unlessNotFound } from '../../requests/refusal';
import { plainText } from '../../requests/segment';
import { createOnce, findCreated } from './creation';
import type { Job, Outcome } from '../../run/job';
import type { Operation } from '../../run/operation';
import type { Run } from '../../run/run';
import {
	allowedFieldsOption,
	emptyValuesOption,
	manyAtOnceOption,
	optionsCollection,
	requestOptions,
} from './sharedOptions';

type Behavior = 'createOrUpdate' | 'createOnly' | 'updateOnly';

const MATCHES = [
	{ name: 'Email', value: 'email' },
	{ name: 'External User ID', value: 'external_user_id' },
	{ name: 'Phone Number', value: 'phone_number' },
	{ name: 'Username', value: 'username' },
];

const belowOrJson = { show: { specifyFields: ['below', 'json'] } };

export const createOrUpdateUser: Operation = {
	name: 'Create or Update User',
	value: 'createOrUpdateUser',
	action: 'Create or update user',
	description: 'Update the user who has an identifier, or create one who has it',
	many: 'items',
	parameters: [
		{
			displayName: 'Match Against',
			name: 'matchAgainst',
			type: 'options',
			options: MATCHES,
			default: 'email',
			description: 'The identifier that tells whether the user is there',
			displayOptions: belowOrJson,
		},
		{
			displayName: 'Value to Match',
			name: 'valueToMatch',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. ada@example.com',
			description: 'What the identifier must be; a new user gets it',
			displayOptions: belowOrJson,
		},
		{
			displayName: 'Behavior',
			name: 'behavior',
			type: 'options',
			options: [
				{ name: 'Create Only', value: 'createOnly', description: 'Fail when the user is there' },
				{ name: 'Create or Update', value: 'createOrUpdate', description: 'Do what is needed' },
				{
					name: 'Update Only',
					value: 'updateOnly',
					description: 'Fail when the user is not there',
				},
			],
			default: 'createOrUpdate',
			description: 'What may be done',
		},
		...specifyFields(userFields, 'upsert', 'The attributes to set'),
		optionsCollection([
			...requestOptions,
			...outputOptions,
			allowedFieldsOption,
			emptyValuesOption,
			manyAtOnceOption,
		]),
	],
	jobs(run, item) {
		const { body, match } = specified(run, item, 'update');
		const { column: mode, value } = match ?? {
			column: run.parameters.get('matchAgainst', item, 'email'),
			value: textOf(run.parameters.get<unknown>('valueToMatch', item, '')),
		};
		const label = MATCHES.find((one) => one.value === mode)?.name;
		if (label === undefined) {
			throw new NodeOperationError(
				run.node,
				`'Columns': match on one of ${MATCHES.map(({ value: name }) => name).join(', ')}`,
			);
		}
		const identifier = { mode, value: plainText(run.node, label, value) };
		run.users.pathOf(identifier);
		const behavior = run.parameters.get<Behavior>('behavior', item, 'createOrUpdate');
		return [job(run, identifier, body, behavior, run.options<OutputOptions>(item))];
	},
};

interface IdentifierName {
	mode: string;
	value: string;
}

function job(
	run: Run,
	identifier: IdentifierName,
	body: IDataObject,
	behavior: Behavior,
	options: Partial<OutputOptions>,
): Job {
	const { mode, value } = identifier;
	const updated = (user: IDataObject): Outcome => ({
		output: [shownUser(user, options)],
		done: 'updated',
	});
	const isNothing = Object.keys(body).length === 0;

	/** Updates the user; undefined when there is none. */
	const update = async (): Promise<Outcome | undefined> => {
		const id = await unlessNotFound(run.users.segmentOf(identifier));
		if (id === undefined) return undefined;
		if (isNothing) return { ...updated(await run.users.get(identifier)), done: 'unchanged' };
		const request = { method: 'PUT' as const, path: `/cis/v1/users/${id}`, body };
		// Done once, the user has the password already.
		const repeat = body.credentials ? 'harmful' : 'harmless';
		const user = await unlessNotFound(run.sender.object(request, repeat));
		if (!user) run.users.forget();
		return user && updated(user);
	};
	const { status, ...rest } = body;
	const told = Object.entries(rest).filter(([, sent]) => sent !== null);
	const newUser = (): IDataObject => {
		const user = Object.fromEntries(told) as IDataObject;
		if (
			user[mode] !== undefined &&
			run.users.keyOf({ mode, value: user[mode] }) !== run.users.keyOf(identifier)
		) {
			throw new NodeOperationError(
				run.node,
				`There is no user with this ${mode}, and a new one cannot have it and the ${mode} of 'Fields'`,
			);
		}
		return { ...user, [mode]: value };
	};
	const created = (user: IDataObject): Outcome => {
		run.created.add(user.user_id);
		return { output: [shownUser(user, options)], done: 'created' };
	};
	const create = async (maybeDone: boolean): Promise<Outcome> => {
		const user = await createOnce(run, newUser(), maybeDone);
		if (status === undefined || status === null || status === user.status) return created(user);
		// A new user has the status that the tenant gives; another one takes a second step.
		const request = {
			method: 'PUT' as const,
			path: `/cis/v1/users/${encodeURIComponent(String(user.user_id))}`,
			body: { status },
		};
		return created(await run.sender.object(request, 'harmless'));
	};
	const createOnly = async (): Promise<Outcome> => {
		if ((await unlessNotFound(run.users.idOf(identifier))) !== undefined) {
			throw new NodeOperationError(run.node, `There is a user with this ${mode} already`);
		}
		return await create(false);
	};
	const either = async (maybeDone: boolean): Promise<Outcome> => {
		const there = maybeDone ? await findCreated(run, newUser()) : undefined;
		if (there) return created(there);
		for (let conflict: Refusal | undefined; ;) {
			const done = await update();
			if (done) return done;
			// It is another identifier that is taken.
			if (conflict) throw conflict;
			const made = await attempt(create(maybeDone));
			if (!(made instanceof Refusal)) return made;
			if (!isConflict(made)) throw made;
			// Somebody else was faster, maybe.
			conflict = made;
		}
	};
	const updateOnly = async (): Promise<Outcome> => {
		const done = await update();
		if (!done) throw new NodeOperationError(run.node, `There is no user with this ${mode}`);
		return done;
	};

	return {
		...run.users.orderOf(identifier, body),
		run: async (maybeDone) => {
			if (behavior === 'createOnly') return await createOnly();
			return behavior === 'updateOnly' ? await updateOnly() : await either(maybeDone);
		},
		...(behavior === 'createOrUpdate' &&
			!isNothing && {
				many: {
					user: identifier,
					entry: async () => {
						const id = await unlessNotFound(run.users.idOf(identifier));
						if (id !== undefined && body.credentials) return undefined;
						if (id !== undefined) return { method: 'PUT', json: { ...body, user_id: id } };
						return status === undefined ? { method: 'POST', json: newUser() } : undefined;
					},
					outcome: (user, method) => (method === 'PUT' ? updated(user) : created(user)),
					// Somebody else was faster: by itself it looks again.
					isPassing: (error) => isConflict(error) || isNotFound(error),
				},
			}),
	};
}
