import type { IDataObject, IExecuteFunctions, INode, INodeProperties } from 'n8n-workflow';
import { chosen } from './choices';
import { Expressions, hasExpression, isObject, withValues } from './expressions';

/**
 * The parameters of a node. n8n takes half a millisecond and more to resolve one, so one without an expression is resolved
 * once for all items, and the expressions of all others are resolved together, once an item.
 */
export class Parameters {
	private readonly constants = new Map<string, unknown>();

	private readonly given: IDataObject;

	private readonly expressions: Expressions;

	/** @param properties how the parameters are described */
	constructor(
		private readonly context: IExecuteFunctions,
		private readonly node: INode,
		private readonly properties: INodeProperties[],
	) {
		this.given = node.parameters as IDataObject;
		this.expressions = new Expressions(context, this.given);
	}

	/**
	 * The value of a parameter for an item. It may be shared by all of them: it must not be changed.
	 * @throws NodeOperationError for a choice that is none
	 */
	get<T>(name: string, item: number, fallback: T): T {
		const given = this.given[name];
		if (given === undefined) return fallback;
		if (!hasExpression(given)) return this.constant(name, fallback) as T;
		const values = this.expressions.of(item);
		const value = values
			? withValues(given, values)
			: this.context.getNodeParameter(name, item, fallback);
		return this.chosen(name, value) as T;
	}

	/** The value of a resource locator for an item, and how it names its resource. */
	locator(name: string, item: number): { mode: string; value: unknown } {
		const locator = this.get<unknown>(name, item, '');
		// A workflow that was written by hand may have the bare ID.
		if (!isObject(locator)) return { mode: 'id', value: locator };
		const { mode = 'id', value } = locator as { mode?: string; value?: unknown };
		return { mode, value };
	}

	private constant(name: string, fallback: unknown): unknown {
		const { context, constants } = this;
		if (!constants.has(name)) {
			constants.set(name, this.chosen(name, context.getNodeParameter(name, 0, fallback)));
		}
		return constants.get(name);
	}

	private chosen(name: string, value: unknown): unknown {
		const property = this.properties.find((one) => one.name === name);
		return chosen(this.node, property, value);
	}
}
