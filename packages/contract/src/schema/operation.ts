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
  /** Whether it is the tenant's own, and not of the vendor's API. */
  extension?: boolean;
  /** The most bytes of a body, when it may be larger than others. */
  bodyLimit?: number;
  body?: TSchema;
  /** Media type of the body; JSON unless told. */
  bodyType?: 'application/json' | 'application/x-www-form-urlencoded';
  responses: Record<number, { description: string; schema?: TSchema }>;
}
