import fc, { type Arbitrary } from 'fast-check';
import type { Schema } from '../document.ts';

/** Stand for the caller's own user and group, whose IDs are not known when requests are made up. */
export const OWN_USER = 'OWN-USER-ID';
export const OWN_GROUP = 'OWN-GROUP-ID';
export const OWN_EMAIL = 'own-email@example.com';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
const word = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 12 });
const digits = (length: number): Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: length, maxLength: length });
const two = (least: number, most: number): Arbitrary<string> =>
  fc.integer({ min: least, max: most }).map((value) => String(value).padStart(2, '0'));

const FORMATS: Record<string, Arbitrary<string>> = {
  email: fc.oneof({ weight: 4, arbitrary: word.map((name) => `${name}@example.com`) }, fc.constant(OWN_EMAIL)),
  e164: digits(4).map((end) => `+1212555${end}`),
  birthday: fc
    .tuple(fc.integer({ min: 1000, max: 9999 }), two(1, 12), two(1, 28), fc.constantFrom('', 'T10:00:00Z', ' 23:59'))
    .map(([year, month, day, time]) => `${year}-${month}-${day}${time}`),
  'http-url': word.map((name) => `https://example.com/${name}`),
  uri: word.map((name) => `urn:example:${name}`),
};

const SEARCHES = [
  'status eq "Active"',
  'email sw "a" and not (name.last_name pr)',
  'created_at ge "2024-01-01" or custom_data.n eq 3',
  'username ne null',
  '((((email pr))))',
  'custom_data.a.b.c le 1e10',
  'email eq "',
];
const BY_NAME: Record<string, Arbitrary<unknown>> = {
  user_id: fc.oneof({ weight: 9, arbitrary: fc.constant(OWN_USER) }, word),
  group_id: fc.oneof({ weight: 9, arbitrary: fc.constant(OWN_GROUP) }, word),
  user_ids: fc.uniqueArray(fc.oneof(fc.constant(OWN_USER), word), { minLength: 1, maxLength: 4 }),
  search: fc.oneof(fc.constantFrom(...SEARCHES), fc.string({ unit: 'grapheme' })),
  // Whole pages of a large database would be most of what a long run does.
  page_limit: fc.oneof({ weight: 30, arbitrary: fc.integer({ min: 1, max: 20 }) }, fc.integer({ min: 1, max: 5000 })),
};

const anything = fc.jsonValue({ maxDepth: 3 });
const anyObject = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 10 }), anything, { maxKeys: 5 });

/** Values by the schemas of one document. */
export class Values {
  readonly #schemas: Record<string, Schema>;

  constructor(schemas: Record<string, Schema>) {
    this.#schemas = schemas;
  }

  /** Values that look valid by a schema. @param name of the property that it is of */
  of(schema: Schema, name = ''): Arbitrary<unknown> {
    const {
      $ref,
      type,
      enum: choices,
      const: only,
    } = schema as { $ref?: string; type?: unknown; enum?: unknown[]; const?: unknown };
    const known = BY_NAME[name];
    if (known) return known;
    if ($ref) return this.of(this.#schemas[$ref.split('/').at(-1)!]!);
    if (Array.isArray(type)) {
      const [first] = type as string[];
      return fc.oneof({ weight: 4, arbitrary: this.of({ ...schema, type: first }, name) }, fc.constant(null));
    }
    if (choices) return fc.constantFrom(...choices);
    if (only !== undefined) return fc.constant(only);
    // The document tells of these in words only: each is checked on its own.
    if (name === 'users') return this.#some(this.of({ $ref: '/CreateUserInput' }));
    if (name === 'updates') {
      const update = this.of({ $ref: '/UpdateUserInput' }) as Arbitrary<object>;
      return this.#some(update.map((attributes) => ({ user_id: OWN_USER, ...attributes })));
    }
    switch (type) {
      case 'string':
        return textOf(schema);
      case 'integer': {
        const { minimum: min = -(2 ** 31), maximum: max = 2 ** 31 } = schema as { minimum?: number; maximum?: number };
        return fc.integer({ min, max });
      }
      case 'boolean':
        return fc.boolean();
      case 'array': {
        const { items = {}, minItems = 0 } = schema as { items?: Schema; minItems?: number };
        return fc.array(this.of(items), { minLength: minItems, maxLength: minItems + 3 });
      }
      case 'object':
        return schema.properties ? this.#record(schema) : anyObject;
      default:
        return anything;
    }
  }

  #some(value: Arbitrary<unknown>): Arbitrary<unknown[]> {
    return fc.array(value, { minLength: 1, maxLength: 4 });
  }

  #record(schema: Schema): Arbitrary<unknown> {
    const { properties, required = [] } = schema as { properties: Record<string, Schema>; required?: string[] };
    const members = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, this.of(property, name)]),
    );
    return fc.record(members, { requiredKeys: required, noNullPrototype: true });
  }
}

function textOf(schema: Schema): Arbitrary<string> {
  const {
    format = '',
    minLength = 0,
    maxLength = 40,
  } = schema as { format?: string; minLength?: number; maxLength?: number };
  return (
    FORMATS[format] ??
    fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) })
  );
}
