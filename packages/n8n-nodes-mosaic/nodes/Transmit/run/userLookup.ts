import type { IDataObject, INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { segment } from '../requests/segment';
import type { Sender } from './sender';

const USERS = '/cis/v1/users';

/** The ways to name a user besides the ID: the route that finds it, and what it is called. */
const ROUTES: Record<string, { route: string; label: string }> = {
	email: { route: 'email', label: 'Email' },
	phone_number: { route: 'phone-number', label: 'Phone Number' },
	username: { route: 'username', label: 'Username' },
	external_user_id: { route: 'external-user-id', label: 'External User ID' },
};

/** How a parameter names a user. */
export interface UserName {
	/** `list` and `id`: by ID; else the identifier. */
	mode: string;
	value: unknown;
}

/** Finds the users whom items name: one request for each distinct user of a run. */
export class UserLookup {
	private readonly found = new Map<string, Promise<string>>();

	constructor(
		private readonly node: INode,
		private readonly sender: Sender,
	) {}

	/** The path of a user by whatever name. @throws NodeOperationError for what names nobody */
	pathOf({ mode, value }: UserName): string {
		const route = ROUTES[mode];
		if (route) return `${USERS}/${route.route}/${segment(this.node, route.label, value)}`;
		const path = `${USERS}/${segment(this.node, 'User', value)}`;
		if (/^\/cis\/v1\/users\/(?:bulk|count|identifier)$/.test(path)) {
			throw new NodeOperationError(
				this.node,
				`'User' is "${String(value)}", which is no ID of a user`,
			);
		}
		return path;
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
		const path = this.pathOf(name);
		if (!ROUTES[name.mode]) return String(name.value).trim();
		let id = this.found.get(path);
		if (!id) {
			id = this.get(name).then(({ user_id: userId }) => String(userId));
			// One who was not there may be there for a later item: an earlier one may create it.
			id.catch(() => this.found.delete(path));
			this.found.set(path, id);
		}
		return await id;
	}

	/** Forgets whom a name led to, since it was changed or deleted. */
	forget(): void {
		this.found.clear();
	}
}
