import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { userFields } from '../fields/userFields';

/** How much of a user an item shows. */
export type OutputMode = 'raw' | 'simplified' | 'selected';

export interface OutputOptions {
	output: OutputMode;
	outputFields: string[];
}

/** What the API adds to the attributes that can be set. */
const METADATA = [
	['App Name', 'app_name'],
	['Created At', 'created_at'],
	['Groups', 'groupIds'],
	['Identities', 'identities'],
	['Identity Providers', 'identity_providers'],
	['Last Authentication', 'last_auth'],
	['Password Information', 'password_information'],
	['Status Changed At', 'status_changed_at'],
	['Updated At', 'updated_at'],
];

const SHOWN = [
	...userFields
		.filter(({ name }) => name !== 'credentials')
		.map(({ displayName, name }) => [displayName, name]),
	...METADATA,
].sort(([a], [b]) => a.localeCompare(b));

/** Options of every operation that gives users. */
export const outputOptions: INodeProperties[] = [
	{
		displayName: 'Output',
		name: 'output',
		type: 'options',
		options: [
			{ name: 'Raw', value: 'raw', description: 'The whole user, as the API gives it' },
			{ name: 'Selected Fields', value: 'selected', description: 'The ID, and what you choose' },
			{ name: 'Simplified', value: 'simplified', description: 'Ten flat fields' },
		],
		default: 'raw',
		description: 'How much of the user to output',
	},
	{
		displayName: 'Output Fields',
		name: 'outputFields',
		type: 'multiOptions',
		options: SHOWN.map(([name, value]) => ({ name, value })),
		default: [],
		description: 'The fields to output beside the ID, when Output is Selected Fields',
	},
];

/** What an item shows of a user: always its ID. */
export function shownUser(
	user: IDataObject,
	{ output = 'raw', outputFields = [] }: Partial<OutputOptions>,
): IDataObject {
	if (output === 'raw') return user;
	if (output === 'simplified') return simplified(user);
	const { user_id: userId } = user;
	const fields = outputFields
		.filter((name) => Object.hasOwn(user, name))
		.map((name) => [name, user[name]] as const);
	return { user_id: userId, ...(Object.fromEntries(fields) as IDataObject) };
}

function simplified(user: IDataObject): IDataObject {
	const { email, phone_number: phone, name } = user as Record<string, IDataObject | undefined>;
	return {
		user_id: user.user_id,
		email: email?.value ?? null,
		phone_number: phone?.value ?? null,
		username: user.username ?? null,
		status: user.status ?? null,
		first_name: name?.first_name ?? null,
		last_name: name?.last_name ?? null,
		external_user_id: user.external_user_id ?? null,
		created_at: user.created_at ?? null,
		updated_at: user.updated_at ?? null,
	};
}
