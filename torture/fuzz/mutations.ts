import fc, { type Arbitrary } from 'fast-check';
import { rawJson, type Draft } from './draft.ts';

/** Changes one thing about a request, so that it may be wrong. */
export type Mutation = (draft: Draft) => Draft;

const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const deepObject = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

const ODD_STRINGS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff',
  '\uffff',
  '\u202e',
  '\n',
  '\u007f',
  '__proto__',
  'constructor',
  "'; select pg_sleep(20); --",
  '${7*7}',
  '%00',
  '\\u0000',
  'a'.repeat(256),
  'ä'.repeat(70_000),
  '😀'.repeat(300),
  '9'.repeat(400),
];
const ODD_JSON = [
  ...['1e400', '-1e400', '1e-400', '-0', '9007199254740993', '1e308', '0.1', '-1', '2147483648', '9223372036854775808'],
  ...['9'.repeat(1000), `0.${'0'.repeat(1000)}1`, deep(100), deep(20_000), deepObject(65), deepObject(5000)],
  ...[
    '{"__proto__":{"a":1}}',
    '{"constructor":{"prototype":{}}}',
    '{"":""}',
    '{"\\u0000":1}',
    '{"\\ud800":1}',
    '"\\udfff"',
  ],
  ...['NaN', 'Infinity', 'undefined', "'x'", '01', '{"a":1,"a":2}', `[${'0,'.repeat(2000)}0]`, '/* */1'],
];
const ODD_SEGMENTS = [
  ...[
    '',
    '%',
    '%zz',
    '%2',
    '%00',
    '%0',
    '%ff',
    '%c0%80',
    '%ed%a0%80',
    '%F0%9F%98%80',
    '.',
    '..',
    '%2e%2e',
    '%2F',
    '%5C',
  ],
  ...[
    '%252F',
    '%2500',
    '%u0041',
    ';a=b',
    '*',
    'count',
    'bulk',
    'identifier',
    '+',
    '%0d%0a',
    '\u00ff',
    '\u00c3\u00a9',
    "'",
  ],
  ...['a'.repeat(256), '%41'.repeat(3000), 'a'.repeat(9000), '//', '%7f', '__proto__', '{user_id}', '~', '%23', '%3F'],
];
const ODD_QUERY: [string, string][] = [
  ['unknown', '1'],
  ['page_limit', '0'],
  ['page_limit', '5001'],
  ['page_limit', '1e3'],
  ['page_limit', '%31'],
  ['page_limit', ''],
  ['page_offset', '-1'],
  ['page_offset', '2147483647'],
  ['page_offset', '99999999999999999999'],
  ['page_offset', '0x10'],
  ['page_offset[]', '1'],
  ['__proto__', 'x'],
  ['__proto__[a]', 'x'],
  ['constructor', '1'],
  ['search', '%00'],
  ['search', '%ff'],
  ['search', `${'('.repeat(4000)}email%20pr${')'.repeat(4000)}`],
  ['search', `${'not%20'.repeat(1200)}(email%20pr)`],
  ['search', 'custom_data.%22%00%22%20eq%201'],
  ['search', 'email%20eq%20%22%5Cud800%22'],
  ['search', 'email%20eq%20%22%5Cu0000%22'],
  ['search', 'created_at%20ge%20%22999999-01-01%22'],
  ['search', 'created_at%20ge%201e400'],
  ['search', 'a'.repeat(9000)],
  ['search', Array.from({ length: 400 }, () => 'email%20pr').join('%20or%20')],
  ['search_prefix', '%25_'],
  ['search_prefix', '%00'],
  ['identifier_value', '%00'],
  ['identifier_value', '%ED%A0%80'],
  ['sort_field', 'email;drop'],
  ['', ''],
  ['%', '%'],
  ['a'.repeat(5000), ''],
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'SEARCH'];
const MEDIA_TYPES = [
  'text/plain',
  'application/xml',
  'application/json; charset=utf-16',
  'application/json;charset="',
  'application/JSON',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/merge-patch+json',
  'json',
  '/',
  ';',
  '',
];
const ODD_HEADERS: [string, string][] = [
  ['if-match', '*'],
  ['if-match', '""'],
  ['if-match', '"1", W/"2", '],
  ['if-match', '"99999999999999999999"'],
  ['if-match', ','.repeat(900)],
  ['if-match', '"'.repeat(2000)],
  ['if-none-match', '*'],
  ['accept', 'image/png'],
  ['accept-encoding', 'br;q=9'],
  ['content-encoding', 'gzip'],
  ['expect', '100-continue'],
  ['expect', 'the-unexpected'],
  ['x-http-method-override', 'DELETE'],
  ['x-request-id', 'a'.repeat(10_000)],
  ['range', 'bytes=0-1'],
  ['origin', 'null'],
  ['cookie', '\u00ff'.repeat(100)],
  ['upgrade', 'websocket'],
  ['x-large', 'a'.repeat(70_000)],
  ['connection', 'close'],
];
const TOKENS = [
  '',
  'Bearer',
  'Bearer ',
  'Bearer a.b.c',
  'Bearer eyJhbGciOiJub25lIn0.e30.',
  'Basic YTpi',
  'Basic %',
  'bearer \u00ff',
];

const oddText = fc.oneof(fc.constantFrom(...ODD_STRINGS), fc.string({ unit: 'binary' }));
const oddValue: Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.constantFrom(...ODD_JSON).map(rawJson),
  fc.constantFrom<unknown>(null, true, [], {}, 0, -1, 1.5, 2 ** 53, [null], { a: null }),
  fc.jsonValue(),
);
const byte = fc.constantFrom(0x00, 0x1f, 0x22, 0x5c, 0x7b, 0x80, 0xc0, 0xed, 0xfe, 0xff);

/** Puts a value in the place of one within another, or beside its properties. */
function replaceWithin(value: unknown, at: number, odd: unknown, extra: string | undefined): unknown {
  if (value === null || typeof value !== 'object') return odd;
  const members = Object.entries(value);
  if (extra !== undefined && !Array.isArray(value)) return Object.fromEntries([...members, [extra, odd]]);
  const [key, member] = members[at % (members.length + 1)] ?? [];
  if (key === undefined) return odd;
  const replaced = replaceWithin(member, Math.floor(at / (members.length + 1)), odd, undefined);
  if (Array.isArray(value)) return value.with(Number(key), replaced);
  return Object.fromEntries(members.map(([name, kept]) => [name, name === key ? replaced : kept]));
}

const within = fc
  .tuple(fc.nat(), oddValue, fc.option(oddText, { nil: undefined, freq: 4 }))
  .map(([at, odd, extra]): Mutation => (draft) => ({ ...draft, value: replaceWithin(draft.value, at, odd, extra) }));

const garbled = fc
  .oneof(
    fc.tuple(fc.nat(), byte).map(([at, odd]) => (bytes: Buffer) => {
      const changed = Buffer.from(bytes);
      if (changed.length > 0) changed[at % changed.length] = odd;
      return changed;
    }),
    fc.nat().map((at) => (bytes: Buffer) => bytes.subarray(0, at % (bytes.length + 1))),
    fc
      .constantFrom('\u00ef\u00bb\u00bf', ' '.repeat(50_000), '\u0000', '[', '{"a":')
      .map((start) => (bytes: Buffer) => Buffer.concat([Buffer.from(start, 'latin1'), bytes])),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => () => Buffer.from(bytes)),
  )
  .map((garble): Mutation => (draft) => ({ ...draft, garble: [...draft.garble, garble] }));

const tooLarge = fc.constant<Mutation>((draft) => ({
  ...draft,
  garble: [...draft.garble, (bytes) => Buffer.concat([bytes, Buffer.alloc(1024 * 1024 + 1, ' ')])],
}));

const segment = fc.tuple(fc.nat(), fc.constantFrom(...ODD_SEGMENTS)).map(([at, odd]): Mutation => (draft) => {
  const names = Object.keys(draft.params);
  const name = names[at % (names.length || 1)];
  return name === undefined
    ? { ...draft, path: `${draft.path}/${odd}` }
    : { ...draft, params: { ...draft.params, [name]: odd } };
});

const parameter = fc
  .constantFrom(...ODD_QUERY)
  .map((odd): Mutation => (draft) => ({ ...draft, query: [...draft.query.filter(([name]) => name !== odd[0]), odd] }));

const twice = fc.constant<Mutation>((draft) => ({ ...draft, query: [...draft.query, ...draft.query] }));

const header = fc.constantFrom(...ODD_HEADERS).map((odd): Mutation => (draft) => ({
  ...draft,
  headers: [...draft.headers.filter(([name]) => name !== odd[0]), odd],
}));

const authorization = fc.constantFrom(...TOKENS).map((token): Mutation => (draft) => ({
  ...draft,
  secured: false,
  headers: [...draft.headers, ['authorization', token]],
}));

const method = fc.constantFrom(...METHODS).map((odd): Mutation => (draft) => ({ ...draft, method: odd }));
const mediaType = fc
  .constantFrom(...MEDIA_TYPES, undefined)
  .map((odd): Mutation => (draft) => ({ ...draft, mediaType: odd }));
const chunked = fc.constant<Mutation>((draft) => ({ ...draft, chunked: true }));
const unwanted = oddValue.map((value): Mutation => (draft) => ({
  ...draft,
  value: draft.value ?? value,
  mediaType: draft.mediaType ?? 'application/json',
}));

export const mutations: Arbitrary<Mutation> = fc.oneof(
  { weight: 40, arbitrary: within },
  { weight: 10, arbitrary: garbled },
  { weight: 10, arbitrary: segment },
  { weight: 10, arbitrary: parameter },
  { weight: 2, arbitrary: twice },
  { weight: 6, arbitrary: header },
  { weight: 3, arbitrary: authorization },
  { weight: 6, arbitrary: method },
  { weight: 5, arbitrary: mediaType },
  { weight: 3, arbitrary: chunked },
  { weight: 3, arbitrary: unwanted },
  { weight: 1, arbitrary: tooLarge },
);
