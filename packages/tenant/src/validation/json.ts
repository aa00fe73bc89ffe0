import { isUtf8 } from 'node:buffer';
import secureJson from 'secure-json-parse';
import { parseJson } from '../json/parse.ts';
import { stringsOf } from '../json/strings.ts';
import { MalformedJson } from './errors.ts';

/** Enough to mend a body by. */
const MAX_FAULTS = 50;
/** Shorter numbers keep all their digits as doubles (IEEE 754: 15 decimal digits always do). */
const MAYBE_LOSSY = /[\d.]{16}|[eE][-+]?\d{3}/;

const ESCAPED_LETTER = /\\u00[4-7]/;

/** Stands for a number that a double cannot hold as it was written. */
class LossyNumber {}

/**
 * Reads JSON (RFC 8259) so that nothing of it is lost: text that is not UTF-8, numbers that a double would change and keys
 * that are there twice are refused, and so are those that mean something to JavaScript (`__proto__`).
 * @param what it is, for words that say what is wrong; of a line, the reader names the number
 * @throws MalformedJson naming what is wrong, and the property where a number or a key is
 */
export function exactJson(bytes: Buffer, what: 'body' | 'line' = 'body'): unknown {
  const subject = what === 'body' ? 'The body ' : '';
  if (!isUtf8(bytes)) throw new MalformedJson(`${subject}is not valid UTF-8`);
  const text = bytes.toString();
  const exact = MAYBE_LOSSY.test(text);
  let value: unknown;
  try {
    // The reviver sees each number as it was written; it costs time, and few bodies need it.
    const reviver = exact ? (markLossy as (key: string, value: unknown) => unknown) : undefined;
    value = parseJson(text, (part) => secureJson.parse(part, reviver) as unknown);
    // A key with a letter that is escaped has its name since then.
    if (ESCAPED_LETTER.test(text)) secureJson.scan({ value });
  } catch {
    throw new MalformedJson(`${subject}is not valid JSON`);
  }
  const faults = exact ? lossyNumbers(value) : [];
  if (faults.length > 0) throw new MalformedJson(faults);
  if (keysIn(value) !== keysWritten(text)) throw new MalformedJson(`${repeatedKey(text)} must not be there twice`);
  return value;
}

/** How many keys the objects of a value have: fewer than were written, when one was there twice. */
function keysIn(root: unknown): number {
  let count = 0;
  const open = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (value === null || typeof value !== 'object') continue;
    const members = Object.values(value);
    if (!Array.isArray(value)) count += members.length;
    for (const member of members) if (member !== null && typeof member === 'object') open.push(member);
  }
  return count;
}

function keysWritten(text: string): number {
  let count = 0;
  for (const { isKey } of stringsOf(text)) if (isKey) count += 1;
  return count;
}

/** The first key of valid JSON that its object had already. */
function repeatedKey(text: string): string {
  const objects: Set<string>[] = [];
  let before = 0;
  for (const { start, end, isKey } of stringsOf(text)) {
    for (const [brace] of text.slice(before, start).matchAll(/[{}]/g)) {
      if (brace === '{') objects.push(new Set());
      else objects.pop();
    }
    before = end;
    if (!isKey) continue;
    const key = JSON.parse(text.slice(start, end)) as string;
    const known = objects.at(-1)!;
    if (known.has(key)) return key.slice(0, 200);
    known.add(key);
  }
  throw new Error('every key is there once');
}

function markLossy(_key: string, value: unknown, context: { source?: string }): unknown {
  // What is beyond all bounds is told of by the schemas, which name it.
  if (typeof value !== 'number' || !Number.isFinite(value) || context.source === undefined) return value;
  return decimal(context.source) === decimal(String(value)) ? value : new LossyNumber();
}

/** A number as its significant digits and their exponent, so that equal ones are written alike. */
function decimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** A fault for each number that would be changed, by its place; a stack of our own, since input may nest deep. */
function lossyNumbers(root: unknown): string[] {
  const faults: string[] = [];
  const open: { value: unknown; name: string }[] = [{ value: root, name: '' }];
  while (open.length > 0 && faults.length < MAX_FAULTS) {
    const { value, name } = open.pop()!;
    if (value instanceof LossyNumber) {
      faults.push(`${name || 'the body'} must not be a number that loses digits as a double: send it as text`);
    } else if (Array.isArray(value)) {
      value.forEach((member, index) => open.push({ value: member, name: `${name}[${index}]` }));
    } else if (value !== null && typeof value === 'object') {
      for (const [key, member] of Object.entries(value)) {
        open.push({ value: member, name: (name ? `${name}.${key}` : key).slice(0, 200) });
      }
    }
  }
  return faults.reverse();
}
