import { Type, type TSchema } from 'typebox';
import { BadRequestError, HttpError, IdentifierIsTakenError, OAuthError } from './errors.ts';
import { Closed, Text } from './schemas.ts';
import { Discovery, JsonWebKeySet, TokenRequest, TokenResponse } from './token.ts';
import { ApiUser } from './user.ts';
import { CreateUserInput, UpdateUserInput } from './userInput.ts';

/** One operation of the tenant: all that a route, a client or the OpenAPI document needs to know of it. */
export interface Operation {
  operationId: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for each path parameter, as OpenAPI writes it. */
  path: string;
  summary: string;
  description?: string;
  tag: 'Access' | 'Users' | 'Health';
  /** Whether a bearer token is wanted. */
  secured: boolean;
  params?: TSchema;
  query?: TSchema;
  body?: TSchema;
  /** Media type of the body; JSON unless told. */
  bodyType?: 'application/json' | 'application/x-www-form-urlencoded';
  responses: Record<number, { description: string; schema?: TSchema }>;
}

/** What every Users API answer wraps a single user in. */
const UserResult = Type.Object({ result: ApiUser });

const badRequest = { 400: { description: 'The request is malformed', schema: BadRequestError } };
const unauthorized = { 401: { description: 'No valid access token was sent', schema: HttpError } };
const notFound = { 404: { description: 'There is no such user', schema: HttpError } };
const taken = {
  409: { description: 'Another user of the tenant has that identifier', schema: IdentifierIsTakenError },
};
const tooLarge = { 413: { description: 'The body is larger than 1 MB', schema: HttpError } };

const UsersCount = Type.Object(
  { user_count: Type.Integer({ description: 'Number of users' }) },
  { title: 'UsersCount' },
);

const UserIdParams = Type.Object({ user_id: Text(255, 'ID of the user') });

export const operations = {
  getAccessToken: {
    operationId: 'getAccessToken',
    method: 'POST',
    path: '/oidc/token',
    summary: 'Get an access token',
    description:
      'Client credentials (RFC 6749, 4.4), in the body or as HTTP Basic. A token lives an hour and cannot be refreshed.',
    tag: 'Access',
    secured: false,
    body: TokenRequest,
    bodyType: 'application/x-www-form-urlencoded',
    responses: {
      200: { description: 'The token', schema: TokenResponse },
      400: { description: 'The request is malformed', schema: OAuthError },
      401: { description: 'The client credentials are wrong', schema: OAuthError },
    },
  },
  getJwks: {
    operationId: 'getJwks',
    method: 'GET',
    path: '/oidc/jwks',
    summary: 'Get the public keys that tokens are signed with',
    tag: 'Access',
    secured: false,
    responses: { 200: { description: 'The keys', schema: JsonWebKeySet } },
  },
  getDiscovery: {
    operationId: 'getDiscovery',
    method: 'GET',
    path: '/.well-known/openid-configuration',
    summary: 'Discover the token endpoint and the keys',
    tag: 'Access',
    secured: false,
    responses: { 200: { description: 'The metadata', schema: Discovery } },
  },
  createUser: {
    operationId: 'createUser',
    method: 'POST',
    path: '/cis/v1/users',
    summary: 'Create user',
    tag: 'Users',
    secured: true,
    body: CreateUserInput,
    responses: {
      201: { description: 'The user', schema: UserResult },
      ...badRequest,
      ...unauthorized,
      ...taken,
      ...tooLarge,
    },
  },
  getUsersCount: {
    operationId: 'getUsersCount',
    method: 'GET',
    path: '/cis/v1/users/count',
    summary: 'Get users count',
    tag: 'Users',
    secured: true,
    query: Closed({}),
    responses: {
      200: { description: 'The number', schema: Type.Object({ result: UsersCount }) },
      ...badRequest,
      ...unauthorized,
    },
  },
  getUserById: {
    operationId: 'getUserById',
    method: 'GET',
    path: '/cis/v1/users/{user_id}',
    summary: 'Get user by ID',
    tag: 'Users',
    secured: true,
    params: UserIdParams,
    responses: { 200: { description: 'The user', schema: UserResult }, ...badRequest, ...unauthorized, ...notFound },
  },
  getUserByEmail: {
    operationId: 'getUserByEmail',
    method: 'GET',
    path: '/cis/v1/users/email/{email}',
    summary: 'Get user by primary email',
    tag: 'Users',
    secured: true,
    params: Type.Object({ email: Type.String({ maxLength: 254, format: 'email', description: 'Primary email' }) }),
    responses: { 200: { description: 'The user', schema: UserResult }, ...badRequest, ...unauthorized, ...notFound },
  },
  updateUser: {
    operationId: 'updateUser',
    method: 'PUT',
    path: '/cis/v1/users/{user_id}',
    summary: 'Update user',
    description:
      'Only what is sent changes. Objects and arrays replace the stored value whole, custom_data is merged one level deep, secondary emails and phone numbers are added, null clears.',
    tag: 'Users',
    secured: true,
    params: UserIdParams,
    body: UpdateUserInput,
    responses: {
      200: { description: 'The updated user', schema: UserResult },
      ...badRequest,
      ...unauthorized,
      ...notFound,
      ...taken,
      ...tooLarge,
    },
  },
} as const satisfies Record<string, Operation>;
