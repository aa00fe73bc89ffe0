import type { ResourceMapperField, ResourceMapperFields } from 'n8n-workflow';
import { ATTRIBUTES, createFields, type Member } from '../fields/attributes';

/** Columns that can tell which user a row is about, besides the ID. */
const IDENTIFIERS = ['email', 'external_user_id', 'phone_number', 'username'];

/** The columns of a new user. */
export async function getCreateColumns(): Promise<ResourceMapperFields> {
	const names = createFields.map(({ name }) => name);
	return await Promise.resolve({ fields: columns(names) });
}

/** The columns of a user who is updated or created: an identifier tells which. */
export async function getUpsertColumns(): Promise<ResourceMapperFields> {
	const fields = columns([...ATTRIBUTES.keys()]);
	return await Promise.resolve({
		fields: fields.map((field) => ({ ...field, defaultMatch: field.id === 'email' })),
	});
}

/** The columns of an update; the ID or an identifier tells the user. */
export async function getUpdateColumns(): Promise<ResourceMapperFields> {
	const id: ResourceMapperField = {
		...column('user_id', 'User ID', { kind: 'text' }),
		canBeUsedToMatch: true,
		defaultMatch: true,
	};
	return await Promise.resolve({ fields: [id, ...columns([...ATTRIBUTES.keys()])] });
}

/** A column for each attribute, or for each member of one that is a group. */
const columns = (names: string[]): ResourceMapperField[] =>
	names.flatMap((name) => {
		const attribute = ATTRIBUTES.get(name)!;
		const { label, members } = attribute;
		if (members.length === 0) return [column(name, label, attribute)];
		return members.map((member) =>
			column(`${name}.${member.name}`, `${label}: ${member.label}`, member),
		);
	});

const TYPES = {
	text: 'string',
	list: 'array',
	json: 'object',
	group: 'object',
	boolean: 'boolean',
} as const;

const column = (
	id: string,
	displayName: string,
	{ kind, options }: Pick<Member, 'kind' | 'options'>,
): ResourceMapperField => ({
	id,
	displayName,
	required: false,
	defaultMatch: false,
	canBeUsedToMatch: IDENTIFIERS.includes(id),
	display: true,
	type: options ? 'options' : TYPES[kind],
	...(options && { options }),
});
