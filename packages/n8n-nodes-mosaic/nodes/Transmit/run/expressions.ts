import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

/** An expression that is one block of code and nothing else, such as `={{ $json.id }}`. */
const ONE_BLOCK = /^=\{\{((?:(?!\{\{|\}\})[\s\S])*)\}\}$/;
/** An expression that only names a value of the input item, such as `={{ $json.id }}` or `={{ $json["First name"] }}`. */
const PATH = /^=\{\{\s*\$json((?:\.[A-Za-z_]\w*|\["[^"\\]*"\]|\['[^'\\]*'\])+)\s*\}\}$/;
const STEP = /\.(\w+)|\["([^"]*)"\]|\['([^']*)'\]/g;
/** After so many items of which they could not be resolved together, it is not tried again. */
const MOST_FAILURES = 3;

/**
 * The expressions in the parameters of a node. n8n sets up a world for each expression, and that is what takes its time. So
 * those that only name a value of the item are read from it, and those that are code and nothing else are resolved as the
 * members of one list.
 */
export class Expressions {
	private readonly all: string[];

	/** The members that lead to the value, of those that only name one. */
	private readonly paths: ReadonlyMap<string, string[]>;

	private readonly blocks: string[];

	private readonly list: string;

	private failures = 0;

	private item: number | undefined;

	private values: Map<string, unknown> | undefined;

	constructor(
		private readonly context: IExecuteFunctions,
		parameters: IDataObject,
	) {
		this.all = [...new Set(expressionsIn(parameters))];
		this.paths = new Map(
			this.all.flatMap((expression): Array<[string, string[]]> => {
				const path = PATH.exec(expression)?.[1];
				if (path === undefined) return [];
				return [
					[
						expression,
						[...path.matchAll(STEP)].map(([, dot, double, single]) => dot ?? double ?? single),
					],
				];
			}),
		);
		this.blocks = this.all.filter(
			(expression) => !this.paths.has(expression) && ONE_BLOCK.test(expression),
		);
		// A comment at the end of one must not reach the next.
		this.list = `{{ [${this.blocks.map((block) => `(${ONE_BLOCK.exec(block)![1]}\n)`).join(', ')}] }}`;
	}

	/**
	 * The value of each expression for an item.
	 * @returns undefined when they cannot be resolved this way; n8n's own way tells what is wrong then
	 */
	of(item: number): ReadonlyMap<string, unknown> | undefined {
		if (this.item === item) return this.values;
		this.item = item;
		this.values = this.failures < MOST_FAILURES ? this.resolve(item) : undefined;
		return this.values;
	}

	private resolve(item: number): Map<string, unknown> | undefined {
		try {
			const values = new Map<string, unknown>();
			for (const [expression, path] of this.paths) {
				const value = valueAt(this.context.getInputData()[item].json, path);
				if (value !== UNUSUAL) values.set(expression, value);
			}
			const together = this.blocks.length > 1 ? this.blocks : [];
			if (together.length > 0) {
				const resolved: unknown = this.context.evaluateExpression(this.list, item);
				// A mistake in one of them makes n8n give nothing for all.
				if (!Array.isArray(resolved) || resolved.length !== together.length) return this.failed();
				together.forEach((expression, place) => values.set(expression, resolved[place]));
			}
			for (const expression of this.all) {
				if (values.has(expression)) continue;
				values.set(expression, this.context.evaluateExpression(expression.slice(1), item));
			}
			// A date may have lost what makes it one on its way out of the list, and of a function n8n tells what is wrong.
			return [...values.values()].some((value) => isDate(value) || typeof value === 'function')
				? this.failed()
				: values;
		} catch {
			return this.failed();
		}
	}

	private failed(): undefined {
		this.failures += 1;
		return undefined;
	}
}

/** Whether a parameter has an expression in it. */
export const hasExpression = (value: unknown): boolean => expressionsIn(value).length > 0;

/** A parameter with its expressions replaced by their values. */
export function withValues(value: unknown, values: ReadonlyMap<string, unknown>): unknown {
	if (isExpression(value)) return values.get(value);
	if (Array.isArray(value)) return value.map((entry: unknown) => withValues(entry, values));
	if (!isObject(value)) return value;
	return Object.fromEntries(
		Object.entries(value).map(([name, member]) => [name, withValues(member, values)]),
	);
}

function expressionsIn(value: unknown): string[] {
	if (isExpression(value)) return [value];
	return isObject(value) ? Object.values(value).flatMap(expressionsIn) : [];
}

const isExpression = (value: unknown): value is string =>
	typeof value === 'string' && value.startsWith('=');

export const isObject = (value: unknown): value is object =>
	typeof value === 'object' && value !== null;

/** Luxon's dates, which n8n turns into text where a parameter holds one. */
const isDate = (value: unknown): boolean =>
	isObject(value) && ('isLuxonDateTime' in value || 'toISO' in value || value instanceof Date);

/** Stands for a value that is not simply there: n8n decides what it is. */
const UNUSUAL = Symbol('unusual');

/** The value that own members of plain objects lead to; undefined when one on the way is not there. */
function valueAt(json: IDataObject, path: string[]): unknown {
	let value: unknown = json;
	for (const name of path) {
		if (value === undefined || value === null) return undefined;
		if (!isObject(value) || Array.isArray(value)) return UNUSUAL;
		if (!Object.hasOwn(value, name) && name in value) return UNUSUAL;
		value = (value as IDataObject)[name];
	}
	return value;
}
