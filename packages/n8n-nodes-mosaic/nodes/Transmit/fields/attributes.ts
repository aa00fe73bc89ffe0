import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';
import { userFields } from './userFields';

/** How an attribute of a user is written in a field or a column. */
export type Kind = 'text' | 'list' | 'json' | 'group' | 'boolean';

/** A value inside a group, such as `address.city`. */
export interface Member {
	name: string;
	label: string;
	kind: Kind;
	options?: INodePropertyOptions[];
}

/** An attribute of a user, by its API name. */
export interface Attribute extends Member {
	/** Those of a group; of others, none. */
	members: Member[];
}

/** All of them, as the fields describe them. */
export const ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map(
	userFields.map((field) => {
		const members = field.type === 'fixedCollection' ? groupMembers(field).map(memberOf) : [];
		return [field.name, { ...memberOf(field), members }];
	}),
);

/** A user is created active or pending by the tenant; the API takes no status then. */
const NOT_AT_CREATION = ['status'];
/** Lists are added to, and a password is replaced: neither can be emptied by an update. */
const NOT_CLEARABLE = ['status', 'credentials', 'secondary_emails', 'secondary_phone_numbers'];

/** Whether an update can empty an attribute. */
export const isClearable = (name: string): boolean => !NOT_CLEARABLE.includes(name);

export const createFields: INodeProperties[] = userFields.filter(
	({ name }) => !NOT_AT_CREATION.includes(name),
);

const asOption = ({ label, name }: Attribute): INodePropertyOptions => ({
	name: label,
	value: name,
});

/** Every attribute, for a menu. */
export const attributeOptions: INodePropertyOptions[] = [...ATTRIBUTES.values()].map(asOption);

/** Those that an update can empty, for a menu. */
export const clearableOptions: INodePropertyOptions[] = [...ATTRIBUTES.values()]
	.filter(({ name }) => isClearable(name))
	.map(asOption);

function groupMembers({ options }: INodeProperties): INodeProperties[] {
	return (options as INodePropertyCollection[])[0].values;
}

function memberOf({ name, displayName, type, typeOptions, options }: INodeProperties): Member {
	return {
		name,
		label: displayName,
		kind: kindOf(type, typeOptions?.multipleValues === true),
		...(type === 'options' && { options: options as INodePropertyOptions[] }),
	};
}

function kindOf(type: INodeProperties['type'], isMany: boolean): Kind {
	if (type === 'fixedCollection') return 'group';
	if (type === 'json' || type === 'boolean') return type;
	return isMany ? 'list' : 'text';
}
