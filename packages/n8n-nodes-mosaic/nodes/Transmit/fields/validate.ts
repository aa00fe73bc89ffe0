import type { IDataObject, INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { ATTRIBUTES } from './attributes';

const NAME_PART_MAX = 30;
const STREET_MAX = 150;
const STATUSES = ['Active', 'Disabled', 'Pending'];

const isEmail = (value: unknown): boolean =>
	typeof value === 'string' && /^[^\s@]+@[^\s@]+$/.test(value);
const isPhone = (value: unknown): boolean =>
	typeof value === 'string' && /^\+[1-9]\d{4,14}$/.test(value);

/** What each attribute must be, as far as it can be said without the tenant. */
const RULES: Record<string, { says: string; holds: (value: unknown) => boolean }> = {
	email: { says: 'must be an email address', holds: isEmail },
	phone_number: { says: 'must be an E.164 phone number, such as +12125550123', holds: isPhone },
	secondary_emails: { says: 'must be email addresses', holds: (value) => all(value, isEmail) },
	secondary_phone_numbers: {
		says: 'must be E.164 phone numbers',
		holds: (value) => all(value, isPhone),
	},
	birthday: {
		says: 'must be a date',
		holds: (value) => typeof value !== 'string' || !Number.isNaN(Date.parse(value)),
	},
	picture: {
		says: 'must be an http or https URL',
		holds: (value) => typeof value === 'string' && /^https?:\/\/./i.test(value),
	},
	status: {
		says: `must be one of ${STATUSES.join(', ')}`,
		holds: (value) => STATUSES.includes(value as string),
	},
	name: {
		says: `must have parts of at most ${NAME_PART_MAX} characters`,
		holds: (value) => all(value, (part) => String(part).length <= NAME_PART_MAX),
	},
	address: {
		says: `must have parts of at most ${NAME_PART_MAX} characters, and a street of at most ${STREET_MAX}`,
		holds: (value) =>
			Object.entries(value as object).every(
				([part, text]) =>
					String(text).length <= (part === 'street_address' ? STREET_MAX : NAME_PART_MAX),
			),
	},
};

const all = (value: unknown, holds: (entry: unknown) => boolean): boolean =>
	typeof value === 'object' && value !== null && Object.values(value).every(holds);

/**
 * Looks for what the tenant would refuse, as far as it can be known before.
 * @throws NodeOperationError naming every attribute that is not as it must be
 */
export function checkBody(node: INode, body: IDataObject): void {
	const faults = Object.entries(body).flatMap(([name, value]) => {
		if (!ATTRIBUTES.has(name)) return [`${name} is no attribute of a user`];
		const rule = RULES[name];
		return !rule || value === null || rule.holds(value) ? [] : [`${name} ${rule.says}`];
	});
	const [first, ...more] = faults;
	if (first === undefined) return;
	throw new NodeOperationError(
		node,
		more.length > 0 ? `${first} (and ${more.length} more)` : first,
		{
			description: faults.join('\n'),
		},
	);
}
