// Generated from packages/contract/src/json/readJson.ts by "npm run generate". Edit it there.

import { isExact } from './exactNumber';

/**
 * A JSON reader (RFC 8259) that takes linear time, loses nothing and can stop between two values.
 *
 * `JSON.parse` keeps the last of two equal keys, rounds numbers, and in Node 24 and 26 confuses escaped keys
 * (nodejs/node#63785). This reader reports the first two and reads the third as written. It uses no recursion, so the depth of
 * its input is limited by `JsonLimits` alone.
 */

/** Bounds on what is read. */
export interface JsonLimits {
	/** How deep objects and arrays may nest. */
	depth: number;
	/** How many members one object may have. */
	members: number;
	/** How many items one array may have. */
	items: number;
	/** How many UTF-16 code units one string may have as it is written. */
	characters: number;
}

/** Bounds for JSON from outside: no schema allows as much. */
export const JSON_LIMITS: JsonLimits = {
	depth: 1000,
	members: 20_000,
	items: 50_000,
	characters: 512 * 1024,
};

/** A value that cannot be kept as it was written. */
export interface JsonFault {
	kind: 'number' | 'duplicate' | 'name' | 'size';
	/** Where it is, such as `users[3].custom_data.score`; empty for the outermost value. */
	path: string;
	/** Reads after the path: "must not appear twice". */
	reason: string;
}

/** The text is not JSON. */
export class JsonSyntaxError extends Error {
	override name = 'JsonSyntaxError';
	/** Counted in UTF-16 code units from 1. */
	readonly position: number;
	constructor(position: number) {
		super(`Unexpected character or end at position ${position}`);
		this.position = position;
	}
}

/** More faults than anybody reads. */
const MAX_FAULTS = 50;
/** Longer paths are cut in a fault. */
const PATH_MAX_LENGTH = 200;
/** Shorter strings are scanned by the loop below, longer ones by the regular expression engine. */
const SHORT = 24;
/** So many characters take about as long to read as a value does. */
const LONG = 256;
/** Whole numbers of so many digits are small integers to V8, and added up digit by digit. */
const SMALL_DIGITS = 9;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
// All but the quote, the backslash and control characters.
const PLAIN_CHARACTERS = /[ !#-[\]-\uffff]*/y;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const SPACE = 0x20;

type Members = Record<string, unknown>;

/** Reads one JSON text, in as many steps as the caller likes. */
export class JsonReader {
	/** What cannot be kept as it was written. The value is of no use when there are any. */
	readonly faults: JsonFault[] = [];
	readonly #text: string;
	readonly #limits: JsonLimits | undefined;
	#position = 0;
	#result: unknown;
	/** The object or array that is being read; undefined outside of any. */
	#container: Members | unknown[] | undefined;
	/** The name of the member that is being read, when the container is an object. */
	#key = '';
	/** How many more values this step reads. */
	#left = 0;
	/** Whether a limit was passed, or there are enough faults: what follows is not read. */
	#isEnough = false;
	/** How many members the container has so far, when it is an object. */
	#count = 0;
	/** Three entries for each container around this one: itself, its key and its count. */
	readonly #around: unknown[] = [];

	constructor(text: string, limits?: JsonLimits) {
		this.#text = text;
		this.#limits = limits;
	}

	/** The value, once `read` has returned true. */
	get result(): unknown {
		return this.#result;
	}

	/**
	 * Reads on.
	 * @param most how many values to read before stopping; a long string counts as many
	 * @returns whether the whole text is read
	 * @throws JsonSyntaxError
	 */
	read(most = Infinity): boolean {
		const text = this.#text;
		this.#left = most;
		for (; this.#left > 0; this.#left -= 1) {
			let value: unknown;
			const code = this.#skipSpace();
			if (code === QUOTE) value = this.#string();
			else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
				this.#position += 1;
				const isArray = code === OPEN_ARRAY;
				const opened: Members | unknown[] = isArray ? [] : {};
				if (this.#skipSpace() === (isArray ? CLOSE_ARRAY : CLOSE_OBJECT)) {
					this.#position += 1;
					value = opened;
				} else {
					this.#around.push(this.#container, this.#key, this.#count);
					this.#container = opened;
					this.#count = 0;
					if (this.#limits && this.#around.length > 3 * this.#limits.depth) {
						this.#report('size', `must not nest deeper than ${this.#limits.depth} levels`);
					}
					if (!isArray) this.#readKey();
					if (this.#isEnough) return true;
					continue;
				}
			} else if (code === MINUS || (code >= ZERO && code <= NINE)) value = this.#number();
			else if (text.startsWith('true', this.#position)) value = this.#word(true, 4);
			else if (text.startsWith('false', this.#position)) value = this.#word(false, 5);
			else if (text.startsWith('null', this.#position)) value = this.#word(null, 4);
			else throw this.#unexpected();
			if (this.#put(value) || this.#isEnough) return true;
		}
		return false;
	}

	/** Puts a value where it belongs, and closes what ends after it. @returns whether the whole text is read */
	#put(value: unknown): boolean {
		for (;;) {
			const container = this.#container;
			const next = this.#skipSpace();
			if (container === undefined) {
				if (this.#position < this.#text.length) throw this.#unexpected();
				this.#result = value;
				return true;
			}
			const isArray = Array.isArray(container);
			if (!isArray) container[this.#key] = value;
			else if (container.push(value) > (this.#limits?.items ?? Infinity)) {
				this.#report('size', `is one of more than ${this.#limits!.items} items of one array`);
				return true;
			}
			if (next === COMMA) {
				this.#position += 1;
				if (isArray) return false;
				this.#skipSpace();
				this.#readKey();
				return false;
			}
			if (next !== (isArray ? CLOSE_ARRAY : CLOSE_OBJECT)) throw this.#unexpected();
			this.#position += 1;
			value = container;
			this.#count = this.#around.pop() as number;
			this.#key = this.#around.pop() as string;
			this.#container = this.#around.pop() as Members | unknown[] | undefined;
		}
	}

	#readKey(): void {
		if (this.#text.charCodeAt(this.#position) !== QUOTE) throw this.#unexpected();
		const key = (this.#key = this.#string());
		const object = this.#container as Members;
		this.#count += 1;
		if (this.#limits) {
			// Both would change what other objects inherit, in code that copies members one by one.
			if (key === '__proto__') this.#report('name', 'is not allowed as a name');
			else if (key === 'prototype' && this.#isInConstructor())
				this.#report('name', 'is not allowed as a name');
			if (this.#count > this.#limits.members) {
				this.#report('size', `is one of more than ${this.#limits.members} members of one object`);
			}
			if (key in object && Object.hasOwn(object, key))
				this.#report('duplicate', 'must not appear twice');
		}
		if (key === '__proto__') {
			// Assigned, it would be what the object inherits from.
			Object.defineProperty(object, key, {
				value: null,
				enumerable: true,
				configurable: true,
				writable: true,
			});
		}
		if (this.#skipSpace() !== COLON) throw this.#unexpected();
		this.#position += 1;
	}

	#isInConstructor(): boolean {
		const [around, key] = this.#around.slice(-3);
		return key === 'constructor' && around !== undefined && !Array.isArray(around);
	}

	#skipSpace(): number {
		const text = this.#text;
		let position = this.#position;
		let code = text.charCodeAt(position);
		if (code > SPACE) return code;
		while (code === SPACE || code === 0x0a || code === 0x0d || code === 0x09)
			code = text.charCodeAt((position += 1));
		this.#position = position;
		return code;
	}

	#string(): string {
		const text = this.#text;
		const start = this.#position + 1;
		let end = this.#plainEnd(start);
		const isPlain = text.charCodeAt(end) === QUOTE;
		// Whatever is escaped is no end of the string.
		while (text.charCodeAt(end) === BACKSLASH) end = this.#plainEnd(end + 2);
		if (text.charCodeAt(end) !== QUOTE) {
			this.#position = end;
			throw this.#unexpected();
		}
		this.#position = end + 1;
		if (this.#limits && end - start > this.#limits.characters) {
			this.#report('size', `must have at most ${this.#limits.characters} characters`);
			return '';
		}
		if (end - start > LONG) this.#left -= (end - start) / LONG;
		if (isPlain) return text.slice(start, end);
		try {
			return JSON.parse(text.slice(start - 1, end + 1)) as string;
		} catch {
			this.#position = start - 1;
			throw this.#unexpected();
		}
	}

	/** Where characters end that stand for themselves. */
	#plainEnd(from: number): number {
		const text = this.#text;
		const short = from + SHORT;
		let end = from;
		let code = text.charCodeAt(end);
		while (code !== QUOTE && code !== BACKSLASH && code >= SPACE && end < short) {
			end += 1;
			code = text.charCodeAt(end);
		}
		if (end < short) return end;
		PLAIN_CHARACTERS.lastIndex = end;
		PLAIN_CHARACTERS.test(text);
		return PLAIN_CHARACTERS.lastIndex;
	}

	#number(): number {
		const text = this.#text;
		const start = this.#position;
		const negative = text.charCodeAt(start) === MINUS;
		let end = negative ? start + 1 : start;
		const first = end;
		let code = text.charCodeAt(end);
		let whole = 0;
		while (code >= ZERO && code <= NINE && end - first < SMALL_DIGITS) {
			whole = (whole * 10 + (code - ZERO)) | 0;
			end += 1;
			code = text.charCodeAt(end);
		}
		// Neither more digits, a fraction nor an exponent; and no zero in front.
		const isPlain =
			!(code >= ZERO && code <= NINE) && code !== 0x2e && code !== 0x65 && code !== 0x45;
		if (isPlain && end > first && (text.charCodeAt(first) !== ZERO || end === first + 1)) {
			this.#position = end;
			// In two statements: V8 would take either for a double.
			if (negative) return -whole;
			return whole;
		}
		NUMBER.lastIndex = start;
		if (!NUMBER.test(text)) throw this.#unexpected();
		this.#position = NUMBER.lastIndex;
		const written = text.slice(start, this.#position);
		const value = Number(written);
		// What is beyond the range of a double is left to the schemas, which name it.
		if (this.#limits && Number.isFinite(value) && !isExact(written, value)) {
			this.#report('number', 'must not be a number that loses digits as a double: send it as text');
		}
		return value;
	}

	#word<T>(value: T, length: number): T {
		this.#position += length;
		return value;
	}

	#report(kind: JsonFault['kind'], reason: string): void {
		if (this.faults.length < MAX_FAULTS) this.faults.push({ kind, path: this.#path(), reason });
		if (kind === 'size' || this.faults.length === MAX_FAULTS) this.#isEnough = true;
	}

	/** Where the value is that is being read. */
	#path(): string {
		const containers = [this.#container];
		const keys = [this.#key];
		for (let place = this.#around.length - 3; place >= 0; place -= 3) {
			containers.unshift(this.#around[place] as Members | unknown[] | undefined);
			keys.unshift(this.#around[place + 1] as string);
		}
		let path = '';
		for (const [depth, container] of containers.entries()) {
			if (path.length > PATH_MAX_LENGTH) break;
			if (Array.isArray(container)) path += `[${container.length}]`;
			else if (container !== undefined)
				path += (path && '.') + keys[depth]!.slice(0, PATH_MAX_LENGTH);
		}
		return path.slice(0, PATH_MAX_LENGTH);
	}

	#unexpected(): JsonSyntaxError {
		return new JsonSyntaxError(Math.min(this.#position, this.#text.length) + 1);
	}
}

/**
 * Reads a JSON text as it was written, whatever it holds: for text that was checked before it was stored.
 * @throws JsonSyntaxError
 */
export function readJson(text: string): unknown {
	const reader = new JsonReader(text);
	reader.read();
	return reader.result;
}
