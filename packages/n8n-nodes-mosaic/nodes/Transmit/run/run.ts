import type { IDataObject, IExecuteFunctions, INode } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { Account } from '../requests/account';
import { UserLookup } from './userLookup';
import { Gate } from './gate';
import type { Operation } from './operation';
import { Parameters } from './parameters';
import { Pool } from './pool';
import { Sender } from './sender';

export const DEFAULT_CONCURRENCY = 5;
export const MOST_CONCURRENCY = 100;
export const DEFAULT_RETRIES = 5;
export const MOST_RETRIES = 20;

/** How a run goes about its requests: options that count for all items, as the first one has them. */
interface Settings {
	maxConcurrency: number;
	maxRetries: number;
	manyAtOnce: boolean;
}

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
		readonly settings: Settings,
		/** What is wrong with the settings: each item fails by it. */
		private readonly fault: Error | undefined,
		readonly pool: Pool,
		readonly gate: Gate,
		readonly sender: Sender,
		readonly users: UserLookup,
	) {
		this.node = context.getNode();
		this.version = this.node.typeVersion;
	}

	static async start(context: IExecuteFunctions, operation: Operation): Promise<Run> {
		const node = context.getNode();
		const parameters = new Parameters(context, node, operation.parameters);
		const { settings, fault } = settingsOf(node, parameters);
		const pool = new Pool(settings.maxConcurrency);
		const gate = new Gate(context.getExecutionCancelSignal());
		const account = await Account.open(context);
		const sender = new Sender(account, gate, pool, settings.maxRetries);
		const users = new UserLookup(node, sender);
		return new Run(context, parameters, settings, fault, pool, gate, sender, users);
	}

	/** @throws Cancelled; NodeOperationError when the settings are none */
	check(): void {
		this.gate.check();
		if (this.fault) throw this.fault;
	}

	/** The options of an item. */
	options<T extends object = IDataObject>(item: number): Partial<T> {
		return this.parameters.get<Partial<T>>('options', item, {});
	}
}

/**
 * The settings of a run. It gives what is wrong with them and throws nothing: n8n takes a run that fails before its items for
 * one that has passed them on.
 */
function settingsOf(
	node: INode,
	parameters: Parameters,
): { settings: Settings; fault: Error | undefined } {
	// Workflows of the first version have their items done one after another, as they always were.
	const defaults: Settings = {
		maxConcurrency: node.typeVersion === 1 ? 1 : DEFAULT_CONCURRENCY,
		maxRetries: DEFAULT_RETRIES,
		manyAtOnce: node.typeVersion > 1,
	};
	try {
		const given = parameters.get<Partial<Settings>>('options', 0, {});
		const { maxConcurrency, maxRetries, manyAtOnce } = given;
		const settings = {
			maxConcurrency: whole(node, 'Max Concurrency', maxConcurrency, 1, MOST_CONCURRENCY),
			maxRetries: whole(node, 'Max Retries', maxRetries, 0, MOST_RETRIES),
			manyAtOnce,
		};
		const told = Object.entries(settings).filter(([, value]) => value !== undefined);
		return { settings: { ...defaults, ...Object.fromEntries(told) }, fault: undefined };
	} catch (error) {
		return { settings: defaults, fault: error as Error };
	}
}

/** @throws NodeOperationError for a number that is not whole, or beyond its bounds */
function whole(
	node: INode,
	label: string,
	value: unknown,
	least: number,
	most: number,
): number | undefined {
	if (value === undefined || value === null || value === '') return undefined;
	const number = Number(value);
	if (Number.isInteger(number) && number >= least && number <= most) return number;
	// Workflows of the first version have it put right, as they always had.
	if (node.typeVersion === 1 && !Number.isNaN(number)) {
		return Math.min(Math.max(Math.floor(number), least), most);
	}
	throw new NodeOperationError(node, `'${label}' must be a whole number from ${least} to ${most}`);
}
