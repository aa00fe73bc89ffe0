import { Type, type TSchema } from 'typebox';
import { Closed, Email, OneOf, Phone, Text } from '../schema/schemas.ts';
import { badRequest, unauthorized } from '../schema/answers.ts';
import type { Operation } from '../schema/operation.ts';
import { paging } from '../schema/paging.ts';
import { notFound, UserIdParams, UserResult, UsersPage } from './answers.ts';

const Search = Type.Optional(
  Type.String({
    maxLength: 8192,
    description:
      'A SCIM filter (RFC 7644, 3.4.2.2), such as `status eq "Active" and name.last_name sw "Lo"`. ' +
      'Operators: eq, ne, gt, ge, lt, le, sw, pr, and, or, not.',
    examples: ['email sw "ada"'],
  }),
);

const UsersCount = Type.Object(
  { user_count: Type.Integer({ description: 'Number of users' }) },
  { title: 'UsersCount' },
);

export const SORT_FIELDS = ['email', 'created_at', 'phone_number', 'last_auth'] as const;

/** What `getUserByIdentifier` can go by, as the vendor names it. */
export const IDENTIFIER_NAMES = ['email', 'phoneNumber', 'externalUserId', 'username', 'idpIdentifier'] as const;

/** An operation that finds a user by the one parameter in its path. */
function getUserBy<const Id extends string, const Path extends string, const Params extends Record<string, TSchema>>(
  operationId: Id,
  path: Path,
  what: string,
  params: Params,
  curl: string,
) {
  return {
    operationId,
    method: 'GET',
    path,
    summary: `Get user by ${what}`,
    curl,
    tag: 'Users',
    secured: true,
    params: Type.Object(params),
    responses: { 200: { description: 'The user', schema: UserResult }, ...badRequest, ...unauthorized, ...notFound },
  } as const;
}

/** Finds one user, or lists and counts many. */
export const findUserOperations = {
  getUsers: {
    operationId: 'getUsers',
    method: 'GET',
    path: '/cis/v1/users',
    summary: 'Get users',
    curl: '"$API/cis/v1/users?sort_field=email&sort_order=desc&page_offset=0&page_limit=20"',
    description: 'Finds users, a page at a time, in an order that stays put.',
    tag: 'Users',
    secured: true,
    query: Closed({
      search: Search,
      search_prefix: Type.Optional(
        Type.String({
          maxLength: 254,
          format: 'plain-text',
          description: 'What the primary email or phone number begins with',
        }),
      ),
      ...paging,
      sort_field: Type.Optional(OneOf(SORT_FIELDS, 'What to sort by; created_at unless told')),
      sort_order: Type.Optional(OneOf(['asc', 'desc'], 'In which direction; asc unless told')),
    }),
    responses: { 200: { description: 'The users', schema: UsersPage }, ...badRequest, ...unauthorized },
  },
  getUsersCount: {
    operationId: 'getUsersCount',
    method: 'GET',
    path: '/cis/v1/users/count',
    summary: 'Get users count',
    curl: `-G $API/cis/v1/users/count --data-urlencode 'search=created_at ge "2024-01-01"'`,
    tag: 'Users',
    secured: true,
    query: Closed({ search: Search }),
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
    curl: '$API/cis/v1/users/$USER_ID',
    tag: 'Users',
    secured: true,
    params: UserIdParams,
    responses: { 200: { description: 'The user', schema: UserResult }, ...badRequest, ...unauthorized, ...notFound },
  },
  getUserByEmail: getUserBy(
    'getUserByEmail',
    '/cis/v1/users/email/{email}',
    'primary email',
    {
      email: Email('Primary email'),
    },
    '$API/cis/v1/users/email/grace@example.com',
  ),
  getUserByUsername: getUserBy(
    'getUserByUsername',
    '/cis/v1/users/username/{username}',
    'username',
    {
      username: Text(255, 'Username'),
    },
    '$API/cis/v1/users/username/grace',
  ),
  getUserByExternalUserId: getUserBy(
    'getUserByExternalUserId',
    '/cis/v1/users/external-user-id/{external_user_id}',
    'external user ID',
    { external_user_id: Text(255, 'External user ID') },
    '$API/cis/v1/users/external-user-id/crm-7',
  ),
  getUserByPhone: getUserBy(
    'getUserByPhone',
    '/cis/v1/users/phone-number/{phone_number}',
    'primary phone number',
    {
      phone_number: Phone('Primary phone number, E.164'),
    },
    '$API/cis/v1/users/phone-number/%2B12125550199',
  ),
  deprecatedGetUserByPhone: {
    ...getUserBy(
      'deprecatedGetUserByPhone',
      '/cis/v1/users/phone/{phone_number}',
      'primary phone number',
      {
        phone_number: Phone('Primary phone number, E.164'),
      },
      '$API/cis/v1/users/phone/%2B12125550199',
    ),
    deprecated: true,
  },
  getUserByIdentifier: {
    operationId: 'getUserByIdentifier',
    method: 'GET',
    path: '/cis/v1/users/identifier',
    summary: 'Get user by identifier',
    curl: '"$API/cis/v1/users/identifier?identifier_name=username&identifier_value=grace"',
    description: 'Finds a user by a secondary email or phone number, too.',
    tag: 'Users',
    secured: true,
    query: Closed({
      identifier_name: OneOf(IDENTIFIER_NAMES, 'What the value is'),
      identifier_value: Text(255, 'The identifier'),
    }),
    responses: { 200: { description: 'The user', schema: UserResult }, ...badRequest, ...unauthorized, ...notFound },
  },
} as const satisfies Record<string, Operation>;
