import type { TSchema } from 'typebox';

/** One operation of the tenant: all that a route, a client or the OpenAPI document needs to know of it. */
export interface Operation {
  operationId: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for each path parameter, as OpenAPI writes it. */
  path: string;
  summary: string;
  description?: string;
  /** What it shows under in the document. */
  tag: string;
  /**
   * An example: what follows `curl` on its line, a token or media type apart. `$API` is the tenant's base URL; `$USER_ID` and
   * `$GROUP_ID` are of a user and a group. The README shows all of them in an order in which they work.
   */
  curl: string;
  /** Whether a bearer token is wanted. */
  secured: boolean;
  /** Whether the token must be a management application's. */
  management?: boolean;
  /** Whether the token must be of a user who has signed in. */
  signedIn?: boolean;
  deprecated?: boolean;
  params?: TSchema;
  query?: TSchema;
  headers?: TSchema;
  /** Whether a GET changes something, so that HEAD must not do the same (RFC 9110, 9.2.1). */
  changesState?: boolean;
  /** Whether it is the tenant's own, and not of the vendor's API. */
  extension?: boolean;
  /** The most bytes of a body; see `bodyLimitOf` for the default. */
  bodyLimit?: number;
  /** Counts requests per source (IP address) before anything of the request is read: for operations without a token. */
  rateLimit?: 'source';
  body?: TSchema;
  /** Media type of the body; JSON unless told. */
  bodyType?: 'application/json' | 'application/x-www-form-urlencoded';
  responses: Record<number, { description: string; schema?: TSchema }>;
}

/** The most bytes of a body that anybody may send, and of one that an application may send. */
export const PUBLIC_BODY_LIMIT = 16 * 1024;
export const BODY_LIMIT = 1024 * 1024;

/** The most bytes of an operation's body. Only applications, which have authenticated themselves, may send large ones. */
export const bodyLimitOf = ({ body, secured, signedIn, bodyLimit }: Operation): number =>
  bodyLimit ?? (body && secured && !signedIn ? BODY_LIMIT : PUBLIC_BODY_LIMIT);

/** A body size in words: `16 kB`, `1 MB`. */
export const sizeInWords = (bytes: number): string =>
  bytes < 1024 * 1024 ? `${Math.floor(bytes / 1024)} kB` : `${Math.floor(bytes / 1024 / 1024)} MB`;
