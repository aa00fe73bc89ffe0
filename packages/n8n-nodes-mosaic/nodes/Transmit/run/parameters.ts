import type { IDataObject, IExecuteFunctions, INode } from 'n8n-workflow';

/**
 * The parameters of a node. Resolving one takes n8n half a millisecond, so one without an expression is resolved once for
 * all items.
 */
export class Parameters {
	private readonly constants = new Map<string, unknown>();

	private readonly given: IDataObject;

	constructor(
		private readonly context: IExecuteFunctions,
		node: INode,
	) {
		this.given = node.parameters as IDataObject;
	}

	/** The value of a parameter for an item. It may be shared by all of them: it must not be changed. */
	get<T>(name: string, item: number, fallback: T): T {
		return this.resolve(name, item, fallback, false) as T;
	}

	/** The value of a resource locator for an item, and how it names its resource. */
	locator(name: string, item: number): { mode: string; value: unknown } {
		const given = this.given[name];
		const { mode = 'id' } = (isObject(given) ? given : {}) as { mode?: string };
		return { mode, value: this.resolve(name, item, '', true) };
	}

	/** Whether it has no expression, and so is the same for all items. */
	isConstant(name: string): boolean {
		return !hasExpression(this.given[name]);
	}

	private resolve(name: string, item: number, fallback: unknown, extractValue: boolean): unknown {
		const { context, constants } = this;
		if (!this.isConstant(name)) return context.getNodeParameter(name, item, fallback, { extractValue });
		if (!constants.has(name)) {
			constants.set(name, context.getNodeParameter(name, 0, fallback, { extractValue }));
		}
		return constants.get(name);
	}
}

function hasExpression(value: unknown): boolean {
	if (typeof value === 'string') return value.startsWith('=');
	return isObject(value) && Object.values(value).some(hasExpression);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
