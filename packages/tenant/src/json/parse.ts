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
  // Each escaped key is replaced by one that needs no escape, and gets its name back in what is read.
  let mark = '\u007F';
  while (text.includes(mark)) mark += mark;
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

/** The same value with objects whose marked keys have their names; a stack of our own, since input may nest deep. */
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
