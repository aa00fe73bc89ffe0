import type { IDataObject, IExecuteFunctions, INode } from 'n8n-workflow';
import { Account } from '../requests/account';
import { UserLookup } from './userLookup';
import { Gate } from './gate';
import { Parameters } from './parameters';
import { Pool } from './pool';
import { Sender } from './sender';

export const DEFAULT_CONCURRENCY = 5;
export const DEFAULT_RETRIES = 5;

/** One execution of the node: what all of its items share. */
export class Run {
	readonly node: INode;

	/** 1 for workflows of the first release, which keep what they do. */
	readonly version: number;

	/** Columns of rows that were no attributes, for the summary. */
	readonly unknownColumns = new Set<string>();

	/** When it began, in milliseconds since the epoch. */
	readonly startedAt = Date.now();

	/** IDs of the users that it has created. */
	readonly created = new Set<unknown>();

	private constructor(
		readonly context: IExecuteFunctions,
		readonly parameters: Parameters,
		readonly pool: Pool,
		readonly gate: Gate,
		readonly sender: Sender,
		readonly users: UserLookup,
	) {
		this.node = context.getNode();
		this.version = this.node.typeVersion;
	}

	static async start(context: IExecuteFunctions): Promise<Run> {
		const node = context.getNode();
		const parameters = new Parameters(context, node);
		// Workflows of the first version have their items done one after another, as they always were.
		const mostAtOnce = node.typeVersion === 1 ? 1 : DEFAULT_CONCURRENCY;
		const { maxConcurrency = mostAtOnce, maxRetries = DEFAULT_RETRIES } = parameters.get<{
			maxConcurrency?: number;
			maxRetries?: number;
		}>('options', 0, {});
		const pool = new Pool(Math.max(1, maxConcurrency));
		const gate = new Gate(context.getExecutionCancelSignal());
		const account = await Account.open(context);
		const sender = new Sender(account, gate, pool, Math.max(0, maxRetries));
		return new Run(context, parameters, pool, gate, sender, new UserLookup(node, sender));
	}

	/** The options of an item. */
	options<T extends object = IDataObject>(item: number): Partial<T> {
		return this.parameters.get<Partial<T>>('options', item, {});
	}
}
