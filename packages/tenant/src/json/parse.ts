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
  const keys: string[] = [];
  let mark = '\uE000';
  while (text.includes(mark)) mark += mark;
  let marked = '';
  let before = 0;
  for (const { start, end, isKey } of stringsOf(text)) {
    const written = text.slice(start, end);
    if (!isKey || !written.includes('\\')) continue;
    marked += `${text.slice(before, start)}"${mark}${keys.length}"`;
    before = end;
    keys.push(JSON.parse(written) as string);
  }
  if (keys.length === 0) return value;
  const read = native(marked + text.slice(before));
  nameMarked(read, (key) => (key.startsWith(mark) ? keys[Number(key.slice(mark.length))]! : key));
  return read;
}

/** Gives the keys of all objects their names, in their order; a stack of our own, since input may nest deep. */
function nameMarked(root: unknown, nameOf: (key: string) => string): void {
  const open = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (value === null || typeof value !== 'object') continue;
    open.push(...(Object.values(value) as unknown[]));
    const members = Object.entries(value) as [string, unknown][];
    if (Array.isArray(value) || members.every(([key]) => nameOf(key) === key)) continue;
    for (const [key] of members) delete (value as Record<string, unknown>)[key];
    for (const [key, member] of members) {
      // Set so, `__proto__` is a key like any other.
      const property = { value: member, enumerable: true, configurable: true, writable: true };
      Object.defineProperty(value, nameOf(key), property);
    }
  }
}
