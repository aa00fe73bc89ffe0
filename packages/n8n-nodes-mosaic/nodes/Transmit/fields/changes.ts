import type { IDataObject } from 'n8n-workflow';
import { foldedName } from './foldedName';

/** What a change makes of one attribute; absent is `null`. */
export interface AttributeChange extends IDataObject {
	attribute: string;
	old: IDataObject[string];
	new: IDataObject[string];
}

/**
 * What sending a body would change of a user, by the rules of the Users API: lists are added to, `custom_data` is merged one
 * level deep, everything else is replaced.
 * @param user as the API gives it
 */
export function changesOf(body: IDataObject, user: IDataObject): AttributeChange[] {
	return Object.entries(body).flatMap(([attribute, given]) => {
		const sent = withoutPrimary(attribute, given, { ...user, ...body });
		if (attribute === 'credentials') return [{ attribute, old: null, new: 'a new password' }];
		const old = plain(attribute, user[attribute]);
		const next = after(attribute, old, sent);
		return isEqual(old, next) ? [] : [{ attribute, old, new: next }];
	});
}

/** Secondary addresses without the one that is the primary: that stays what it is. */
function withoutPrimary(
	attribute: string,
	sent: IDataObject[string],
	{ email, phone_number: phone }: IDataObject,
): IDataObject[string] {
	if (!attribute.startsWith('secondary_') || !Array.isArray(sent)) return sent;
	const primary = plain('email', attribute === 'secondary_emails' ? email : phone);
	const same = (entry: unknown) =>
		foldedName(String(plain('email', entry))) === foldedName(String(primary));
	return (sent as string[]).filter((entry) => !same(entry));
}

/** What differs between two states of a user, of the attributes that were sent. */
export function differences(
	names: string[],
	before: IDataObject,
	now: IDataObject,
): AttributeChange[] {
	return names.flatMap((attribute) => {
		if (attribute === 'credentials') return [{ attribute, old: null, new: 'a new password' }];
		const old = plain(attribute, before[attribute]);
		const next = plain(attribute, now[attribute]);
		return isEqual(old, next) ? [] : [{ attribute, old, new: next }];
	});
}

/** An attribute without what the tenant adds to it, such as whether an email is verified. */
function plain(attribute: string, value: unknown): IDataObject[string] {
	if (value === undefined || value === null) return null;
	if (Array.isArray(value)) return value.map((entry) => plain(attribute, entry)) as string[];
	if (typeof value !== 'object') return value as string;
	const object = value as IDataObject;
	if (/email|phone/.test(attribute)) return object.value ?? null;
	if (attribute !== 'address') return object;
	return Object.fromEntries(
		Object.entries(object).filter(([name]) => name !== 'updated_at'),
	) as IDataObject;
}

function after(
	attribute: string,
	old: IDataObject[string],
	sent: IDataObject[string],
): IDataObject[string] {
	if (sent === null) return null;
	if (attribute === 'birthday') return asText(sent).slice(0, 10);
	if (attribute === 'email') return foldedName(asText(sent));
	if (attribute.startsWith('secondary_')) {
		const had = (old ?? []) as string[];
		const added = [sent]
			.flat()
			.map((entry) => (/emails/.test(attribute) ? foldedName(asText(entry)) : asText(entry)));
		return [...had, ...added.filter((entry) => !had.includes(entry))];
	}
	if (attribute === 'custom_data' && typeof sent === 'object' && !Array.isArray(sent)) {
		return { ...(old as IDataObject | null), ...(sent as IDataObject) };
	}
	return sent;
}

const asText = (value: unknown): string =>
	typeof value === 'string' ? value : (JSON.stringify(value) ?? '').replace(/^"|"$/g, '');

/** Whether two JSON values say the same, whatever the order of their members. */
function isEqual(a: unknown, b: unknown): boolean {
	if (a === b) return true;
	if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
	if (Array.isArray(a) !== Array.isArray(b)) return false;
	const names = new Set([...Object.keys(a), ...Object.keys(b)]);
	return [...names].every((name) => isEqual((a as IDataObject)[name], (b as IDataObject)[name]));
}
