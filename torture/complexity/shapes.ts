/** Text of a given size that makes careless code slow. */

/** A piece that is repeated to fill a size, between a beginning and an end. */
const filled =
  (piece: string, before = '', after = '') =>
  (size: number): string =>
    before + piece.repeat(Math.max(1, Math.floor((size - before.length - after.length) / piece.length))) + after;

/** Two combining marks of different classes: normalization sorts them. */
const MARKS = '\u0315\u0300';

/** Texts for a string in JSON, a query or a path. Sizes are in characters. */
export const STRINGS: Record<string, (size: number) => string> = {
  'letters and a section sign': filled('a', '', '§'),
  letters: filled('a'),
  digits: filled('1', '+'),
  zeros: filled('0', '1.', '1'),
  'combining marks': filled(MARKS, 'a'),
  'combining marks in an email': filled(MARKS, 'a@b', '.example'),
  'at signs': filled('@'),
  'dots and hyphens': filled('-.', 'a@', 'a'),
  'a long host': filled('a.', 'a@', '§'),
  'a host of many letters': filled('\u4e00\u4e01\u3400\u00fc', 'a@', '.example'),
  blanks: filled(' ', 'a', 'a'),
  'line breaks': filled('\r\n', 'a', 'a'),
  slashes: filled('/', 'https://example.com', 'a'),
  braces: filled('{otp}{app}'),
  'ligatures that grow': filled('\ufdfa'),
  'wide letters': filled('\uff21'),
};

/** Filters for searches. */
export const FILTERS: Record<string, (size: number) => string> = {
  'open parentheses': filled('('),
  nots: filled('not '),
  quotes: filled('"'),
  'an open quote': filled('\\"', 'email eq "'),
  ors: filled(' or email pr', 'email pr'),
  'a long value': filled('a', 'email eq "', '"'),
  'marks in a value': filled(MARKS, 'email eq "', '"'),
  'a long number': filled('0', 'custom_app_data.n eq 1.', '1'),
  'a long path': filled('.a', 'custom_app_data', ' pr'),
  words: filled('a '),
};

const numbered =
  (piece: (place: number) => string, open: string, close: string) =>
  (size: number): string => {
    const pieces: string[] = [];
    for (let length = 0; length < size; length += pieces.at(-1)!.length + 1) pieces.push(piece(pieces.length));
    return `${open}${pieces.join(',')}${close}`;
  };

/** JSON texts. Sizes are in bytes. */
export const JSON_TEXTS: Record<string, (size: number) => string> = {
  'a number of many zeros': filled('0', '{"a":1.', '1}'),
  'a number of many digits': filled('7', '{"a":', '}'),
  'a number with a long exponent': filled('9', '{"a":1e', '}'),
  'many numbers': filled('1,', '[', '1e100]'),
  'many fractions': filled('0.12345678901234567,', '[', '1]'),
  'many exponents': filled('1e100,', '[', '1]'),
  'many empty objects': filled('{},', '[', '{}]'),
  'many empty arrays': filled('[],', '{"a":[', '1]}'),
  'open arrays': filled('['),
  'nested objects': (size) => `${'{"a":'.repeat(Math.floor(size / 6))}1${'}'.repeat(Math.floor(size / 6))}`,
  'many keys': numbered((place) => `"k${place}":1`, '{', '}'),
  'one key again and again': filled('"a":1,', '{', '"a":1}'),
  'escaped keys': numbered((place) => `"\\\\${place}":1e100`, '{"a":1e100,', '}'),
  'escaped keys in objects': filled('{"\\u0061":1},', '{"b":[', '1]}'),
  'integer keys': numbered((place) => `"${place * 65_536}":1`, '{', '}'),
  'a long string': filled('a', '"', '"'),
  'a long string that never ends': filled('a', '{"a":"'),
  'escapes in a string': filled('\\u0041', '"', '"'),
  'backslashes in a string': filled('\\\\', '{"a":"', '"}'),
  'combining marks in a string': filled(MARKS, '{"username":"', '"}'),
  'white space': filled(' \n', '{', '}'),
  'many strings': filled('"a",', '[', '"b"]'),
};
