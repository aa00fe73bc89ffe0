import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import { CUSTOM_DATA_KEYWORD, formats, type FormatName } from '@tessera/contract';

/** Enough to mend a request by; a hostile one does not make a megabyte of them. */
const MAX_FAULTS = 50;

/**
 * Turns a validator's errors into a sentence a fault, each naming the property and the reason.
 * @param context which part of the request was checked, such as `body`
 */
export function faultsOf(errors: readonly FastifySchemaValidationError[], context = 'body'): string[] {
  // A value of the wrong type is none of an enum's words either: one fault, and the words say more.
  const enumerated = new Set(errors.flatMap(({ keyword, instancePath }) => (keyword === 'enum' ? [instancePath] : [])));
  const faults = errors.filter(({ keyword, instancePath }) => keyword !== 'type' || !enumerated.has(instancePath));
  return faults.slice(0, MAX_FAULTS).flatMap((error) => {
    const property = nameOf(error.instancePath);
    const subject = property || `the ${context}`;
    return reasonsOf(error, property, context === 'querystring' ? 'parameter' : 'property').map((reason) =>
      typeof reason === 'string' ? `${subject} ${reason}` : reason.sentence,
    );
  });
}

/** `/address/country` is `address.country`, `/secondary_emails/0` is `secondary_emails[0]`. */
function nameOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((name, part) => (/^\d+$/.test(part) ? `${name}[${part}]` : name ? `${name}.${part}` : part), '');
}

/** A reason reads after the property's name; a sentence stands alone, about another property. */
type Reason = string | { sentence: string };

function reasonsOf(
  { keyword, params, message }: FastifySchemaValidationError,
  property: string,
  what: 'property' | 'parameter',
): Reason[] {
  const inside = (name: unknown): string => (property ? `${property}.${String(name)}` : String(name));
  const limit = Number(params.limit);
  switch (keyword) {
    case 'required':
      return [{ sentence: `${inside(params.missingProperty)} is required` }];
    case 'additionalProperties':
      return [{ sentence: `${shortened(inside(params.additionalProperty))} is not a known ${what}` }];
    case 'type':
      return [`must be ${typeNames(params.type as string | string[])}`];
    case 'minLength':
      return [limit === 1 ? 'must not be empty' : `must have at least ${limit} characters`];
    case 'maxLength':
      return [`must have at most ${limit} characters`];
    case 'maxItems':
      return [`must have at most ${limit} items`];
    case 'minimum':
      return [`must be at least ${limit}`];
    case 'maximum':
      return [`must be at most ${limit}`];
    case 'minProperties':
      return ['must set at least one property'];
    case 'uniqueItems':
      return ['must not list an item twice'];
    case 'enum':
      return [
        `must be one of ${(params.allowedValues as (string | null)[]).filter((value) => value !== null).join(', ')}`,
      ];
    case 'propertyNames':
      // Its own error says what is wrong with a name.
      return [];
    case 'format':
      return [formats[params.format as FormatName].reason];
    case CUSTOM_DATA_KEYWORD:
      return params.reasons as string[];
    default:
      return [message ?? 'is not valid'];
  }
}

const TYPE_NAMES: Record<string, string> = {
  string: 'a string',
  object: 'an object',
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  null: 'null',
};

const typeNames = (types: string | string[]): string =>
  [types]
    .flat()
    .map((type) => TYPE_NAMES[type] ?? type)
    .join(' or ');

const shortened = (name: string): string => (name.length > 100 ? `${name.slice(0, 100)}…` : name);
