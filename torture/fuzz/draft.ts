import fc, { type Arbitrary } from 'fast-check';
import type { DocumentedOperation, OpenApi, Parameter } from '../document.ts';
import { Values } from './values.ts';

/** A request that is being made up: its parts, as they are to be sent. Text is one byte a character. */
export interface Draft {
  operationId: string;
  secured: boolean;
  method: string;
  /** As in the document. */
  path: string;
  /** Percent-encoded. */
  params: Record<string, string>;
  query: [name: string, value: string][];
  headers: [name: string, value: string][];
  /** undefined when there is no body. */
  value: unknown;
  mediaType: string | undefined;
  /** What is done to the body's bytes at last. */
  garble: ((bytes: Buffer) => Buffer)[];
  chunked: boolean;
}

/** Requests that look valid by the document, one operation as often as another. */
export function drafts({ paths, components }: OpenApi): Arbitrary<Draft> {
  const values = new Values(components.schemas);
  const each = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => draftsOf(path, method.toUpperCase(), operation, values)),
  );
  return fc.oneof(...each);
}

function draftsOf(path: string, method: string, operation: DocumentedOperation, values: Values): Arbitrary<Draft> {
  const { operationId, security, parameters, requestBody } = operation;
  const [[mediaType, { schema }] = [undefined, { schema: undefined }]] = Object.entries(requestBody?.content ?? {});
  const inPlace = (place: Parameter['in']): Arbitrary<Record<string, unknown>> => {
    const here = parameters.filter((parameter) => parameter.in === place);
    return fc.record(Object.fromEntries(here.map(({ name, schema }) => [name, values.of(schema, name)])), {
      requiredKeys: here.filter(({ required }) => required).map(({ name }) => name),
    });
  };
  return fc
    .record({
      params: inPlace('path'),
      query: inPlace('query'),
      headers: inPlace('header'),
      value: schema ? values.of(schema) : fc.constant(undefined),
    })
    .map(({ params, query, headers, value }) => ({
      operationId,
      secured: security !== undefined,
      method,
      path,
      params: Object.fromEntries(Object.entries(params).map(([name, param]) => [name, encode(param)])),
      query: Object.entries(query).map(([name, item]) => [encode(name), encode(item)]),
      // A header has no room for most characters.
      headers: Object.entries(headers).map(([name, item]) => [name, (item as string).replace(/[^ -~]/gu, '"')]),
      value,
      mediaType,
      garble: [],
      chunked: false,
    }));
}

function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return encodeURIComponent(text.toWellFormed());
}

/** The marks between which a mutation puts a piece of JSON that JSON.stringify would not write. */
export const rawJson = (json: string): string => `@@raw:${json}@@`;

/** The request's target and body as bytes. */
export function render(draft: Draft): { target: string; body: Buffer } {
  const path = draft.path.replace(/\{(\w+)\}/g, (_whole, name: string) => draft.params[name] ?? '');
  const query = draft.query.map(([name, value]) => `${name}=${value}`).join('&');
  let body = bodyOf(draft);
  for (const garble of draft.garble) body = garble(body);
  return { target: query ? `${path}?${query}` : path, body };
}

function bodyOf({ value, mediaType }: Draft): Buffer {
  if (value === undefined) return Buffer.alloc(0);
  if (mediaType === 'application/x-www-form-urlencoded' && value !== null && typeof value === 'object') {
    const pairs = Object.entries(value).map(([name, member]) => `${encode(name)}=${encode(member)}`);
    return Buffer.from(pairs.join('&'));
  }
  return Buffer.from(
    JSON.stringify(value).replaceAll(/"@@raw:(.*?)@@"/gs, (_whole, json: string) => json.replaceAll('\\"', '"')),
  );
}
