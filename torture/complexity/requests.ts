import { bodyLimitOf, operations, type Operation } from '../../packages/contract/src/index.ts';
import { FILTERS, JSON_TEXTS, STRINGS } from './shapes.ts';

/** A kind of request that can have any size. */
export interface Scalable {
  /** Names it, such as `createUser, body: many numbers`. */
  label: string;
  method: string;
  /** The largest size that is tried, in bytes. */
  most: number;
  /** The request of a size. A header `authorization` takes the place of the token. */
  make(size: number): { target: string; headers?: [string, string][]; body?: Buffer };
  /** Whether it is sent without a token as well. */
  withoutToken: boolean;
}

type Schema = Record<string, unknown> & { properties?: Record<string, Schema>; items?: Schema; required?: string[] };

/** What a URL and its headers may take: the server's limit is 64 KB for both. */
const HEADER_MOST = 56 * 1024;
const JSON_TYPE: [string, string] = ['content-type', 'application/json'];
const FORM = 'application/x-www-form-urlencoded';

/** Every operation of the contract with every shape of each of its parts. */
export function scalables(): Scalable[] {
  return Object.values<Operation>(operations).flatMap((operation) => [
    ...bodiesOf(operation),
    ...queriesOf(operation),
    ...pathsOf(operation),
    ...headersOf(operation),
  ]);
}

function bodiesOf(operation: Operation): Scalable[] {
  const { operationId, method, body, bodyType } = operation;
  const most = bodyLimitOf(operation);
  if (!body) return [];
  const target = targetOf(operation);
  if (bodyType === FORM) {
    const forms: Record<string, (size: number) => string> = {
      pairs: (size) => 'a=1&'.repeat(size / 4),
      'one name again and again': (size) => `grant_type=x&${'client_id=a&'.repeat(size / 12)}`,
      'percent signs': (size) => `client_id=${'%'.repeat(size - 10)}`,
      escapes: (size) => `client_id=${'%41'.repeat((size - 10) / 3)}`,
      'plus signs': (size) => `client_id=${'+'.repeat(size - 10)}`,
      'a long secret': (size) => `grant_type=client_credentials&client_id=a&client_secret=${'a'.repeat(size - 60)}`,
    };
    return Object.entries(forms).map(([shape, make]) => ({
      label: `${operationId}, form: ${shape}`,
      method,
      most,
      withoutToken: true,
      make: (size) => ({ target, headers: [['content-type', FORM]], body: Buffer.from(make(size)).subarray(0, most) }),
    }));
  }
  const texts = Object.entries(JSON_TEXTS).map(([shape, text]): Scalable => ({
    label: `${operationId}, body: ${shape}`,
    method,
    most,
    withoutToken: true,
    make: (size) => ({ target, headers: [JSON_TYPE], body: Buffer.from(text(size)).subarray(0, most) }),
  }));
  const strings = stringPlaces(body as unknown as Schema).flatMap(({ path, put }) =>
    Object.entries(STRINGS).map(([shape, text]): Scalable => ({
      label: `${operationId}, ${path}: ${shape}`,
      method,
      most,
      withoutToken: false,
      // Most characters here take one to three bytes.
      make: (size) => ({ target, headers: [JSON_TYPE], body: Buffer.from(JSON.stringify(put(text, size))) }),
    })),
  );
  return [...texts, ...strings];
}

type Put = (text: (size: number) => string, size: number) => unknown;

/** Each place of a body that takes text, with the smallest body around it. */
function stringPlaces(schema: Schema, path = ''): { path: string; put: Put }[] {
  const { type, properties, items } = schema;
  const types = [type].flat();
  if (path === 'users' || path === 'updates') return bulkPlaces(path);
  if (types.includes('string')) return [{ path, put: (text, size) => text(size / 3) }];
  if (types.includes('array') && items) {
    return stringPlaces(items, `${path}[]`).flatMap(({ path: inner, put }) => [
      { path: inner, put: (text, size) => [put(text, size)] },
      { path: `${inner} of many`, put: (text, size) => Array.from({ length: size / 600 }, () => put(text, 600)) },
    ]);
  }
  if (!properties)
    return types.includes('object') ? [{ path: `${path}.a`, put: (text, size) => ({ a: text(size / 3) }) }] : [];
  return Object.entries(properties).flatMap(([name, property]) =>
    stringPlaces(property, path ? `${path}.${name}` : name).map(({ path: inner, put }) => ({
      path: inner,
      put: (text: (size: number) => string, size: number) => ({
        ...examplesOf(schema),
        [name]: put(text, size),
      }),
    })),
  );
}

/** Many users, each valid but for one text that is as long as an identifier may be. */
const bulkPlaces = (path: 'users' | 'updates'): { path: string; put: Put }[] =>
  ['username', 'email', 'secondary_emails', 'custom_data', 'language'].map((name) => ({
    path: `${path}[].${name}`,
    put: (text, size) =>
      Array.from({ length: Math.min(1000, Math.floor(size / 8192)) }, (_, place) => {
        const value = text(name === 'custom_data' ? 2700 : 250);
        const many = Array.from({ length: 12 }, (_, index) => `${index}${text(240)}`);
        return {
          ...(path === 'updates' && { user_id: `nobody-${place}` }),
          [name]: name === 'secondary_emails' ? many : name === 'custom_data' ? { a: value } : value,
        };
      }),
  }));

/** A value for each required property. */
const examplesOf = ({ properties = {}, required = [] }: Schema): Record<string, unknown> =>
  Object.fromEntries(required.map((name) => [name, exampleOf(properties[name] ?? {})]));

function exampleOf(schema: Schema): unknown {
  const { type, enum: choices, format } = schema as { type?: string; enum?: unknown[]; format?: string };
  if (choices) return choices[0];
  if (type === 'object') return examplesOf(schema);
  if (type === 'array') return [];
  if (type === 'boolean') return false;
  if (type === 'integer' || type === 'number') return 1;
  const examples: Record<string, string> = {
    email: 'nobody@example.com',
    e164: '+12125550100',
    uri: 'https://example.com',
    'http-url': 'https://example.com',
  };
  return examples[format ?? ''] ?? 'nobody';
}

function queriesOf(operation: Operation): Scalable[] {
  const { operationId, method, query } = operation;
  const properties = (query as Schema | undefined)?.properties ?? {};
  const places = Object.keys(properties).flatMap((name) =>
    Object.entries(name === 'search' ? { ...STRINGS, ...FILTERS } : STRINGS).map(([shape, text]) => ({
      label: `${operationId}, query ${name}: ${shape}`,
      of: (size: number) => `${name}=${encodeURIComponent(text(size / 6))}`,
    })),
  );
  const general = [
    { label: `${operationId}, query: pairs`, of: (size: number) => 'a=1&'.repeat(size / 4) },
    { label: `${operationId}, query: percent signs`, of: (size: number) => `a=${'%25'.repeat(size / 3)}` },
  ];
  return [...places, ...general].map(({ label, of }) => ({
    label,
    method,
    most: HEADER_MOST,
    withoutToken: !operation.secured,
    make: (size) => ({ target: `${targetOf(operation)}?${of(size).slice(0, size)}` }),
  }));
}

function pathsOf(operation: Operation): Scalable[] {
  const { operationId, method, params } = operation;
  return Object.keys((params as Schema | undefined)?.properties ?? {}).flatMap((name) =>
    Object.entries(STRINGS).map(([shape, text]) => ({
      label: `${operationId}, path ${name}: ${shape}`,
      method,
      most: HEADER_MOST,
      withoutToken: !operation.secured,
      make: (size: number) => ({ target: targetOf(operation, { [name]: encodeURIComponent(text(size / 6)) }) }),
    })),
  );
}

/** Headers that the server looks into, whatever the operation. */
const HEADERS: Record<string, (size: number) => [string, string]> = {
  'a bearer token': (size) => ['authorization', `Bearer ${'a'.repeat(size)}`],
  'a bearer token of dots': (size) => ['authorization', `Bearer ${'.'.repeat(size)}`],
  'a bearer token of equal signs': (size) => ['authorization', `Bearer a${'='.repeat(size)}!`],
  'blanks before a token': (size) => ['authorization', `Bearer${' '.repeat(size)}!`],
  'basic credentials': (size) => ['authorization', `Basic ${'YTph'.repeat(size / 4)}`],
  'proxy hops': (size) => ['x-forwarded-for', '127.0.0.1, '.repeat(size / 11)],
  'long proxy hops': (size) => ['x-forwarded-for', '1:'.repeat(size / 2)],
  'media type parameters': (size) => ['content-type', `application/json${'; a=b'.repeat(size / 5)}`],
  'a long charset': (size) => ['content-type', `application/json; charset=${' '.repeat(size)}x`],
  languages: (size) => ['accept-language', 'de-DE;q=0.5, '.repeat(size / 13)],
  cookies: (size) => ['cookie', 'a=b; '.repeat(size / 5)],
  'entity tags': (size) => ['if-match', '"1", '.repeat(size / 5)],
  'an open entity tag': (size) => ['if-match', `${' '.repeat(size)}"`],
};

/** One operation of each kind shows what the server does with headers. */
const WITH_HEADERS = ['getUsers', 'updateUser', 'getAccessToken', 'login', 'startProviderSignIn', 'getUserInfo'];

function headersOf(operation: Operation): Scalable[] {
  if (!WITH_HEADERS.includes(operation.operationId)) return [];
  return Object.entries(HEADERS).map(([shape, header]) => ({
    label: `${operation.operationId}, header: ${shape}`,
    method: operation.method,
    most: HEADER_MOST,
    withoutToken: true,
    make: (size) => ({ target: targetOf(operation), headers: [header(size - 100)] }),
  }));
}

const targetOf = ({ path }: Operation, values: Record<string, string> = {}): string =>
  path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => values[name] ?? 'nobody');
