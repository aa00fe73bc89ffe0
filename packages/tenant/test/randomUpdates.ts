import fc from 'fast-check';
import type { UpdateUserInput } from '@tessera/contract';

/** Random valid values of each attribute, from a small pool where two should sometimes meet. */
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((value) => !/[\u0000-\u001f\u007f]/.test(value));
const email = fc.integer({ min: 0, max: 5 }).map((n) => `User${n}@Example.com`);
const phone = fc.integer({ min: 0, max: 5 }).map((n) => `+1212555010${n}`);
/** JSON that the tenant takes: no NUL, and no key that would reach an object's prototype. */
const jsonValue = fc
  .jsonValue({ maxDepth: 3 })
  .filter((value) => !/\\u0000|__proto__|constructor/.test(JSON.stringify(value)));
const json = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'é', 'with space'), jsonValue, { maxKeys: 4 });
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null, freq: 4 });
const part = { requiredKeys: [] };

/** What each attribute may be in an update; an email is never cleared, so that a user always keeps one. */
export const attributeValues = {
  email,
  phone_number: orNull(phone),
  username: orNull(text),
  secondary_emails: fc.array(email, { maxLength: 3 }),
  secondary_phone_numbers: fc.array(phone, { maxLength: 3 }),
  birthday: orNull(
    fc
      .date({ min: new Date('1900-01-01'), max: new Date('2020-01-01'), noInvalidDate: true })
      .map((d) => d.toISOString()),
  ),
  address: orNull(fc.record({ country: text, city: text, type: fc.constantFrom('Home', 'Work', 'Other') }, part)),
  name: orNull(fc.record({ first_name: text, last_name: text }, part)),
  external_account_id: orNull(text),
  custom_app_data: orNull(json),
  picture: orNull(fc.constantFrom('https://example.com/a.png', 'http://example.com/b')),
  language: orNull(text),
  custom_data: orNull(json),
  external_user_id: orNull(text),
  delegated_access: orNull(fc.record({ actor_id: text, permissions: fc.uniqueArray(text, { maxLength: 3 }) })),
  status: fc.constantFrom('Active', 'Disabled', 'Pending'),
} satisfies Partial<Record<keyof UpdateUserInput, fc.Arbitrary<unknown>>>;

export type Attribute = keyof typeof attributeValues;

/** An update of some of the attributes given. */
export function updateOf(attributes: readonly Attribute[]): fc.Arbitrary<UpdateUserInput> {
  const values = Object.fromEntries(attributes.map((attribute) => [attribute, attributeValues[attribute]]));
  return fc.record(values, { requiredKeys: [] });
}

export const ATTRIBUTES = Object.keys(attributeValues) as Attribute[];
export const anyUpdate = updateOf(ATTRIBUTES).filter((update) => Object.keys(update).length > 0);
