import type { IDataObject } from 'n8n-workflow';
import { changesOf } from '../../fields/changes';
import { attempt, Refusal, unlessNotFound } from '../../requests/refusal';
import type { Run } from '../../run/run';

/** Those that are unique in a tenant, by the names that a body and a look-up give them. */
const IDENTIFIERS = ['email', 'phone_number', 'username', 'external_user_id'];

/** What names a user, of the body of a request. */
export const identifiersOf = (body: IDataObject): IDataObject =>
	Object.fromEntries(
		IDENTIFIERS.flatMap((name) => (typeof body[name] === 'string' ? [[name, body[name]]] : [])),
	);

/** How far the tenant's clock may be behind ours. */
const CLOCKS_MS = 10_000;

/**
 * Creates a user, once: when nobody knows whether an attempt was carried out, it looks for the user before it tries again.
 * @param maybeDone whether an attempt before may have been carried out
 * @throws Refusal, Cancelled
 */
export async function createOnce(
	run: Run,
	body: IDataObject,
	maybeDone: boolean,
): Promise<IDataObject> {
	let unsure = maybeDone;
	for (let tried = 1; ; tried += 1) {
		const there = unsure ? await findCreated(run, body) : undefined;
		if (there) return there;
		const request = { method: 'POST' as const, path: '/cis/v1/users', body };
		const made = await attempt(run.sender.object(request, 'harmful'));
		if (!(made instanceof Refusal)) {
			run.created.add(made.user_id);
			return made;
		}
		if (!made.maybeDone || !run.sender.mayTryAgain(made, tried)) throw made;
		await run.sender.backOff(tried);
		unsure = true;
	}
}

/** The user whom a body describes, when an identifier of it leads to one who is all that the body says. */
export async function findCreated(run: Run, body: IDataObject): Promise<IDataObject | undefined> {
	const mode = IDENTIFIERS.find((name) => typeof body[name] === 'string');
	if (mode === undefined) return undefined;
	const user = await unlessNotFound(run.users.get({ mode, value: body[mode] }));
	const told = { ...body };
	delete told.credentials;
	if (!user || changesOf(told, user).length > 0) return undefined;
	// One who was there before, or who is another item's, is not what this one asked for.
	const isNew =
		Number(user.created_at) >= run.startedAt - CLOCKS_MS && !run.created.has(user.user_id);
	if (!isNew) return undefined;
	run.created.add(user.user_id);
	return user;
}
