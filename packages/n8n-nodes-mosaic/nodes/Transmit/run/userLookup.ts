import type { IDataObject, INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { foldedName } from '../fields/foldedName';
import { plainText, segment } from '../requests/segment';
import { attempt, Refusal } from '../requests/refusal';
import type { Job } from './job';
import type { Sender } from './sender';

const USERS = '/cis/v1/users';

/** The ways to name a user besides the ID: the route that finds it, and what it is called. */
const ROUTES: Record<string, { route: string; label: string }> = {
	email: { route: 'email', label: 'Email' },
	phone_number: { route: 'phone-number', label: 'Phone Number' },
	username: { route: 'username', label: 'Username' },
	external_user_id: { route: 'external-user-id', label: 'External User ID' },
	any_address: { route: 'identifier', label: 'Email or Phone Number' },
};

/** The identifiers that a search finds as they are written, so that many can be looked for in one request. */
const SEARCHABLE: Record<string, RegExp> = {
	email: /^[!-?A-~]+@[!-?A-~]+$/,
	phone_number: /^\+[1-9]\d+$/,
	external_user_id: /^[!-~]+$/,
};
/** How the attributes of a body that are identifiers name a user. */
const IDENTIFIERS = {
	email: 'email',
	secondary_emails: 'email',
	phone_number: 'phone_number',
	secondary_phone_numbers: 'phone_number',
	username: 'username',
	external_user_id: 'external_user_id',
};
/** A search has at most 100 expressions and 8,192 characters, encoded or not. */
const TOGETHER = 50;
const MOST_CHARACTERS = 100;

/** How a parameter names a user. */
export interface UserName {
	/** `list` and `id`: by ID; else the identifier. */
	mode: string;
	value: unknown;
}

/** Finds the users whom items name: at most one request for each distinct user of a run. */
export class UserLookup {
	private readonly found = new Map<string, Promise<string>>();

	/** Those who were looked for with others, and are not there. */
	private readonly absent = new Set<string>();

	constructor(
		private readonly node: INode,
		private readonly sender: Sender,
	) {}

	/** The path of a user by whatever name. @throws NodeOperationError for what names nobody */
	pathOf({ mode, value }: UserName): string {
		const route = ROUTES[mode];
		if (mode === 'any_address') return this.pathOfAddress(route.label, value);
		if (route) return `${USERS}/${route.route}/${segment(this.node, route.label, value)}`;
		const path = `${USERS}/${segment(this.node, 'User', value)}`;
		if (/^\/cis\/v1\/users\/(?:bulk|count|identifier|me)$/.test(path)) {
			throw new NodeOperationError(
				this.node,
				`'User' is "${String(value)}", which is no ID of a user`,
			);
		}
		return path;
	}

	/** The path of the user who has an email or phone number, primary or secondary. */
	private pathOfAddress(label: string, value: unknown): string {
		const address = canonical('any_address', plainText(this.node, label, value));
		const name = address.includes('@') ? 'email' : 'phoneNumber';
		return `${USERS}/identifier?identifier_name=${name}&identifier_value=${encodeURIComponent(address)}`;
	}

	/** What tells users apart as far as their names do. */
	keyOf({ mode, value }: UserName): string {
		return `${ROUTES[mode] ? mode : 'id'} ${foldedName(String(value))}`;
	}

	/** What an item is about that names a user and sends a body: see `Job`. */
	orderOf(
		name: UserName,
		body: IDataObject,
	): Pick<Job, 'keys' | 'moreKeys' | 'mode' | 'names' | 'moves'> {
		const names = this.namesOf(name);
		const wanted = this.keysIn(body);
		const kinds = new Set(
			Object.entries(IDENTIFIERS).flatMap(([attribute, kind]) => (attribute in body ? kind : [])),
		);
		const isMoved = kinds.has(this.kindOf(name));
		return {
			keys: [...names, ...wanted],
			moreKeys: this.moreKeysOf(name),
			mode: name.mode,
			names,
			...(kinds.size > 0 && { moves: isMoved ? [...names, ...wanted] : wanted }),
		};
	}

	/** The keys of a name: an address is a name of its kind as well. */
	namesOf(name: UserName): string[] {
		if (name.mode !== 'any_address') return [this.keyOf(name)];
		return [this.keyOf(name), this.keyOf({ ...name, mode: this.kindOf(name) })];
	}

	private kindOf({ mode, value }: UserName): string {
		if (mode !== 'any_address') return mode;
		return String(value).includes('@') ? 'email' : 'phone_number';
	}

	/** The same of a user whom several addresses may name: it takes a look-up. */
	moreKeysOf(name: UserName): Job['moreKeys'] {
		if (name.mode !== 'any_address') return undefined;
		return async () => [this.keyOf({ mode: 'id', value: await this.idOf(name) })];
	}

	/** The keys of the identifiers that a body gives a user: of two users who want one, the first is to get it. */
	keysIn(body: IDataObject): string[] {
		return Object.entries(IDENTIFIERS).flatMap(([name, mode]) =>
			[body[name]]
				.flat()
				.filter((value) => typeof value === 'string')
				.map((value) => this.keyOf({ mode, value })),
		);
	}

	/** The user. @throws Refusal when there is none */
	get(name: UserName): Promise<IDataObject> {
		return this.sender.object({ method: 'GET', path: this.pathOf(name) }, 'harmless');
	}

	/** The ID of a user, as one segment of a path. @throws Refusal when there is none */
	async segmentOf(name: UserName): Promise<string> {
		return segment(this.node, 'User', await this.idOf(name));
	}

	/** The ID of a user. @throws Refusal when there is none */
	async idOf(name: UserName): Promise<string> {
		if (!ROUTES[name.mode]) return String(name.value).trim();
		const path = this.pathOf({ ...name, value: canonical(name.mode, String(name.value)) });
		let id = this.found.get(path);
		// Said once: by the time of another question, an earlier item may have created the user.
		if (!id && this.absent.delete(path))
			throw new Refusal('There is no such user', { status: 404, retryable: false });
		if (!id) {
			id = this.get(name).then(({ user_id: userId }) => String(userId));
			// One who was not there may be there for a later item: an earlier one may create it.
			id.catch(() => this.found.delete(path));
			this.found.set(path, id);
		}
		return await id;
	}

	/** Finds many users, many in one request, so that `idOf` knows them. @throws Cancelled */
	async findTogether(names: UserName[]): Promise<void> {
		for (const [mode, pattern] of Object.entries(SEARCHABLE)) {
			const values = new Set(
				names
					.filter((name) => name.mode === mode && pattern.test(String(name.value)))
					.map(({ value }) => canonical(mode, String(value)))
					.filter(
						(value) =>
							value.length <= MOST_CHARACTERS && !this.found.has(this.pathOf({ mode, value })),
					),
			);
			const wanted = [...values];
			// One alone is found by its own route.
			if (wanted.length < 2) continue;
			for (let start = 0; start < wanted.length; start += TOGETHER) {
				await this.findSome(mode, wanted.slice(start, start + TOGETHER));
			}
		}
	}

	private async findSome(mode: string, values: string[]): Promise<void> {
		const search = values.map((value) => `${mode} eq ${JSON.stringify(value)}`).join(' or ');
		const query = { search, page_limit: values.length };
		const users = await attempt(this.sender.list({ method: 'GET', path: USERS, query }));
		// Then each is looked for by itself.
		if (users instanceof Refusal) return;
		for (const value of values) this.absent.add(this.pathOf({ mode, value }));
		for (const user of users) {
			const shown = user[mode] as string | { value: string };
			const value = canonical(mode, typeof shown === 'string' ? shown : shown.value);
			const path = this.pathOf({ mode, value });
			this.absent.delete(path);
			this.found.set(path, Promise.resolve(String(user.user_id)));
		}
	}

	/** Forgets whom names led to, since an identifier has moved, or a user is gone. */
	forget(): void {
		this.found.clear();
	}
}

/** The form in which two ways to write an identifier are the same; emails have no case. */
function canonical(mode: string, value: string): string {
	const isEmail = mode === 'email' || (mode === 'any_address' && value.includes('@'));
	return isEmail ? value.trim().toLowerCase() : value.trim();
}
