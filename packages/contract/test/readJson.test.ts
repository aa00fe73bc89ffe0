import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JSON_LIMITS, JsonReader, JsonSyntaxError, readJson } from '../src/index.ts';

/** Pieces of JSON, right and wrong, that any text is made of. */
const pieces = fc.constantFrom(
  ...['{', '}', '[', ']', ':', ',', '"', '\\', '"a"', '"b"', '1', '-', '0', '-0', 'e', 'E', '+', '.', '01', '1e5'],
  ...[
    'true',
    'false',
    'null',
    'nul',
    ' ',
    '\n',
    '\t',
    '\f',
    '\ufeff',
    '\\u0041',
    '\\"',
    '\\x',
    'a',
    '\u0001',
    '\ud800',
  ],
);
const texts = fc.oneof(
  fc.json(),
  fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join('')),
  fc.tuple(fc.json(), fc.nat(), pieces).map(([json, at, piece]) => {
    const place = at % (json.length + 1);
    return json.slice(0, place) + piece + json.slice(place);
  }),
);

/** What a reader gives for a text; undefined when the text is not JSON, as no JSON text is. */
function outcome(read: () => unknown, isExpected: (error: unknown) => boolean): unknown {
  try {
    return read();
  } catch (error) {
    if (!isExpected(error)) throw error;
    return undefined;
  }
}

it('reads what JSON.parse reads, whole or a value at a time', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const expected = outcome(
        () => JSON.parse(text),
        (error) => error instanceof SyntaxError,
      );
      const isSyntaxError = (error: unknown) => error instanceof JsonSyntaxError;
      const inSteps = (): unknown => {
        const reader = new JsonReader(text);
        while (!reader.read(1));
        return reader.result;
      };
      expect(outcome(() => readJson(text), isSyntaxError)).toStrictEqual(expected);
      expect(outcome(inSteps, isSyntaxError)).toStrictEqual(expected);
    }),
    { numRuns: 5000 },
  );
});

it.each([
  ['{"a":{"b":1,"c":2,"\\u0062":3}}', 'a.b', 'duplicate'],
  ['{"a":[0,{"n":1e-400}]}', 'a[1].n', 'number'],
  ['[1.00000000000000000001]', '[0]', 'number'],
  [`[1.${'0'.repeat(2000)}]`, '[0]', 'number'],
  ['{"__proto__":1}', '__proto__', 'name'],
  ['{"a":{"constructor":{"prototype":1}}}', 'a.constructor.prototype', 'name'],
  [`[${'1,'.repeat(50_000)}1]`, '[50001]', 'size'],
  [`{"a":"${'x'.repeat(600_000)}"}`, 'a', 'size'],
  [`{${Array.from({ length: 20_001 }, (_, n) => `"k${n}":1`).join(',')}}`, 'k20000', 'size'],
] as const)('names what it cannot keep: %.40s', (text, path, kind) => {
  const reader = new JsonReader(text, JSON_LIMITS);
  reader.read();
  expect(reader.faults).toMatchObject([{ path, kind }]);
});

it.each(['1e100', '0.1', '100000000000000000000', '1e999', '-0.0', '123456789.125'])(
  'keeps a number that a double holds, and leaves one beyond its range to the schemas: %s',
  (text) => {
    const reader = new JsonReader(text, JSON_LIMITS);
    reader.read();
    expect(reader.faults).toEqual([]);
    expect(reader.result).toBe(Number(text));
  },
);
