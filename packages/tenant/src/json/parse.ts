import { randomBytes } from 'node:crypto';
import { stringsOf } from './strings.ts';

/**
 * `JSON.parse`, whose keys are those that were written. V8 takes an escaped key for another one of an object that it has read
 * before, where the escaped text begins like that: once it has read `{"a":1,"\\":1}`, the second key of `{"a":1,"\"":1}` is `\`
 * (nodejs/node#63785, in Node 24 and 26).
 * @param native what reads JSON but for that
 * @throws what `native` throws
 */
export function parseJson(text: string, native: (text: string) => unknown = JSON.parse): unknown {
  const value = native(text);
  if (!text.includes('\\')) return value;
  // What a key is taken for is escaped text, and so has a backslash: where none was meant and none was read, all is well.
  if (!MAYBE_BACKSLASH.test(text) && !someKeyHasBackslash(value)) return value;
  // Each escaped key is replaced by one that needs no escape and is no other's, and gets its name back in what is read.
  let mark = newMark();
  while (text.includes(mark)) mark = newMark();
  const names = new Map<string, string>();
  const marks = new Map<string, string>();
  const parts: string[] = [];
  let before = 0;
  for (const { start, end, isKey } of stringsOf(text)) {
    const written = isKey ? text.slice(start, end) : '';
    if (!written.includes('\\')) continue;
    const marked = marks.get(written) ?? `${mark}${marks.size}`;
    marks.set(written, marked);
    names.set(marked, JSON.parse(written) as string);
    parts.push(text.slice(before, start), `"${marked}"`);
    before = end;
  }
  if (names.size === 0) return value;
  parts.push(text.slice(before));
  return named(native(parts.join('')), names);
}

/** A backslash as JSON writes it. */
const MAYBE_BACKSLASH = /\\\\|\\u005c/i;

/** A stack of our own, since input may nest deep. */
function someKeyHasBackslash(root: unknown): boolean {
  const open = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (value === null || typeof value !== 'object') continue;
    for (const key in value) {
      if (key.includes('\\')) return true;
      const member = (value as Members)[key];
      if (member !== null && typeof member === 'object') open.push(member);
    }
  }
  return false;
}

/** Short, as V8 tells long keys apart by their length alone; and nobody can write a text that has it. */
const newMark = (): string => randomBytes(9).toString('base64url');

/** The same value with objects whose marked keys have their names. */
function named(root: unknown, names: Map<string, string>): unknown {
  const whole = { root };
  const open: Members[] = [whole];
  while (open.length > 0) {
    const holder = open.pop()!;
    for (const key in holder) {
      const member = holder[key];
      if (member === null || typeof member !== 'object') continue;
      const child = Array.isArray(member) ? (member as unknown as Members) : withNames(member as Members, names);
      if (child !== member) holder[key] = child;
      open.push(child);
    }
  }
  return whole.root;
}

type Members = Record<string, unknown>;

const PLAIN = { enumerable: true, configurable: true, writable: true };

function withNames(object: Members, names: Map<string, string>): Members {
  let isMarked = false;
  for (const key in object) isMarked ||= names.has(key);
  if (!isMarked) return object;
  const copy: Members = {};
  for (const key in object) {
    const name = names.get(key) ?? key;
    // Assigned, it would be what the object inherits from.
    if (name === '__proto__') Object.defineProperty(copy, name, { ...PLAIN, value: object[key] });
    else copy[name] = object[key];
  }
  return copy;
}
