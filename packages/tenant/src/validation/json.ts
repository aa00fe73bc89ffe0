import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { JSON_LIMITS, JsonReader, JsonSyntaxError, type JsonFault } from '@tessera/contract';
import { MalformedJson } from './errors.ts';

/** What a text is, for its errors: the reader of an import names the line itself. */
type Subject = 'body' | 'line';

/** How many values are read between two looks at the clock: a fraction of a millisecond. */
const VALUES_AT_ONCE = 2000;
/** How long the event loop is held at once. */
const SLICE_MS = 8;

/**
 * Reads JSON (RFC 8259) so that none of it is lost. Rejects text that is not UTF-8, numbers that a double would change, members
 * with the same name, and names that mean something to JavaScript (`__proto__`).
 * @throws MalformedJson naming the reason, and the property where there is one
 */
export function exactJson(bytes: Buffer, subject: Subject = 'body'): unknown {
  const reader = readerOf(bytes, subject);
  read(reader, Infinity, subject);
  return valueOf(reader);
}

/** Reads JSON as `exactJson` does, and lets other work run after every 8 ms. */
export async function exactJsonInSlices(bytes: Buffer): Promise<unknown> {
  const reader = readerOf(bytes, 'body');
  await nextTurn();
  let began = performance.now();
  while (!read(reader, VALUES_AT_ONCE, 'body')) {
    if (performance.now() - began < SLICE_MS) continue;
    await nextTurn();
    began = performance.now();
  }
  return valueOf(reader);
}

function readerOf(bytes: Buffer, subject: Subject): JsonReader {
  if (!isUtf8(bytes)) throw new MalformedJson(`${prefix(subject)}is not valid UTF-8`);
  return new JsonReader(bytes.toString(), JSON_LIMITS);
}

function read(reader: JsonReader, most: number, subject: Subject): boolean {
  try {
    return reader.read(most);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new MalformedJson(`${prefix(subject)}is not valid JSON (at position ${error.position})`);
  }
}

function valueOf({ faults, result }: JsonReader): unknown {
  if (faults.length > 0) throw new MalformedJson(faults.map(sentence));
  return result;
}

const sentence = ({ path, reason }: JsonFault): string => `${path || 'The body'} ${reason}`;

const prefix = (subject: Subject): string => (subject === 'body' ? 'The body ' : '');
