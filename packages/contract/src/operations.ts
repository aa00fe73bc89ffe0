import { Type, type TSchema } from 'typebox';
import { BadRequestError, HttpError, IdentifierIsTakenError, OAuthError } from './errors.ts';
import { AddMembersInput, ApiGroup, CreateGroupInput, UpdateGroupInput } from './group.ts';
import { HistoryEntry } from './history.ts';
import { Closed, Email, OneOf, Phone, Text } from './schemas.ts';
import { BULK_MAX_BYTES, BulkResult, CreateUsersInput, UpdateUsersInput } from './bulk.ts';
import { Discovery, JsonWebKeySet, TokenRequest, TokenResponse } from './token.ts';
import { ApiUser } from './user.ts';
import { CreateUserInput, UpdateUserInput, VerifyAddressInput } from './userInput.ts';

/** One operation of the tenant: all that a route, a client or the OpenAPI document needs to know of it. */
export interface Operation {
  operationId: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for each path parameter, as OpenAPI writes it. */
  path: string;
  summary: string;
  description?: string;
  tag: 'Access' | 'Users' | 'Groups';
  /** Whether a bearer token is wanted. */
  secured: boolean;
  /** Whether the token must be a management application's. */
  management?: boolean;
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

/** What every Users API answer wraps a single user in. */
const UserResult = Type.Object({ result: ApiUser });

const badRequest = { 400: { description: 'The request is malformed', schema: BadRequestError } };
const unauthorized = { 401: { description: 'No valid access token was sent', schema: HttpError } };
const notFound = { 404: { description: 'There is no such user', schema: HttpError } };
const forbidden = { 403: { description: 'The application is no management application', schema: HttpError } };
const taken = {
  409: { description: 'Another user of the tenant has that identifier', schema: IdentifierIsTakenError },
};
const stale = { 412: { description: 'The user is at another version than If-Match names', schema: HttpError } };
const tooLarge = { 413: { description: 'The body is larger than 1 MB', schema: HttpError } };

const UsersCount = Type.Object(
  { user_count: Type.Integer({ description: 'Number of users' }) },
  { title: 'UsersCount' },
);

const Search = Type.Optional(
  Type.String({
    maxLength: 8192,
    description:
      'A SCIM filter (RFC 7644, 3.4.2.2), such as `status eq "Active" and name.last_name sw "Lo"`. ' +
      'Operators: eq, ne, gt, ge, lt, le, sw, pr, and, or, not.',
    examples: ['email sw "ada"'],
  }),
);

/** The most users on one page, and how many when the request does not say. */
export const PAGE_LIMIT_MAX = 5000;
export const PAGE_LIMIT_DEFAULT = 100;
export const SORT_FIELDS = ['email', 'created_at', 'phone_number', 'last_auth'] as const;

const paging = {
  page_offset: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, default: 0, description: 'How many to skip' }),
  ),
  page_limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: PAGE_LIMIT_MAX,
      default: PAGE_LIMIT_DEFAULT,
      description: 'How many to give',
    }),
  ),
};

const UsersPage = Type.Object(
  {
    total_count: Type.Integer({ description: 'How many users there are on all pages' }),
    page_info: Type.Object({ has_next_page: Type.Boolean(), has_previous_page: Type.Boolean() }, { title: 'PageInfo' }),
    result: Type.Array(ApiUser),
  },
  { title: 'UsersPage' },
);

const GroupIdParams = Type.Object({ group_id: Text(255, 'ID of the group') });
const GroupResult = Type.Object({ result: ApiGroup });
const GroupsResult = Type.Object({ result: Type.Array(ApiGroup) });
const noGroup = { 404: { description: 'There is no such group', schema: HttpError } };
const nameTaken = { 409: { description: 'Another group of the tenant has that name', schema: IdentifierIsTakenError } };

const UserIdParams = Type.Object({ user_id: Text(255, 'ID of the user') });

/** What `getUserByIdentifier` can go by, as the vendor names it. */
export const IDENTIFIER_NAMES = ['email', 'phoneNumber', 'externalUserId', 'username', 'idpIdentifier'] as const;

/** An operation that finds a user by the one parameter in its path. */
function getUserBy<const Id extends string, const Path extends string, const Params extends Record<string, TSchema>>(
  operationId: Id,
  path: Path,
  what: string,
  params: Params,
) {
  return {
    operationId,
    method: 'GET',
    path,
    summary: `Get user by ${what}`,
    tag: 'Users',
    secured: true,
    params: Type.Object(params),
    responses: { 200: { description: 'The user', schema: UserResult }, ...badRequest, ...unauthorized, ...notFound },
  } as const;
}

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
  getUsers: {
    operationId: 'getUsers',
    method: 'GET',
    path: '/cis/v1/users',
    summary: 'Get users',
    description: 'Finds users, a page at a time, in an order that stays put.',
    tag: 'Users',
    secured: true,
    query: Closed({
      search: Search,
      search_prefix: Type.Optional(
        Type.String({ maxLength: 254, description: 'What the primary email or phone number begins with' }),
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
    tag: 'Users',
    secured: true,
    params: UserIdParams,
    responses: { 200: { description: 'The user', schema: UserResult }, ...badRequest, ...unauthorized, ...notFound },
  },
  getUserByEmail: getUserBy('getUserByEmail', '/cis/v1/users/email/{email}', 'primary email', {
    email: Email('Primary email'),
  }),
  getUserByUsername: getUserBy('getUserByUsername', '/cis/v1/users/username/{username}', 'username', {
    username: Text(255, 'Username'),
  }),
  getUserByExternalUserId: getUserBy(
    'getUserByExternalUserId',
    '/cis/v1/users/external-user-id/{external_user_id}',
    'external user ID',
    { external_user_id: Text(255, 'External user ID') },
  ),
  getUserByPhone: getUserBy('getUserByPhone', '/cis/v1/users/phone-number/{phone_number}', 'primary phone number', {
    phone_number: Phone('Primary phone number, E.164'),
  }),
  deprecatedGetUserByPhone: {
    ...getUserBy('deprecatedGetUserByPhone', '/cis/v1/users/phone/{phone_number}', 'primary phone number', {
      phone_number: Phone('Primary phone number, E.164'),
    }),
    deprecated: true,
  },
  getUserByIdentifier: {
    operationId: 'getUserByIdentifier',
    method: 'GET',
    path: '/cis/v1/users/identifier',
    summary: 'Get user by identifier',
    description: 'Finds a user by a secondary email or phone number, too.',
    tag: 'Users',
    secured: true,
    query: Closed({
      identifier_name: OneOf(IDENTIFIER_NAMES, 'What the value is'),
      identifier_value: Text(255, 'The identifier'),
    }),
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
    headers: Type.Object({
      'if-match': Type.Optional(
        Type.String({ maxLength: 1000, description: 'Entity tags of the versions that may be changed; an extension' }),
      ),
    }),
    body: UpdateUserInput,
    responses: {
      200: { description: 'The updated user', schema: UserResult },
      ...badRequest,
      ...unauthorized,
      ...notFound,
      ...taken,
      ...stale,
      ...tooLarge,
    },
  },
  deleteTenantUser: {
    operationId: 'deleteTenantUser',
    method: 'DELETE',
    path: '/cis/v1/manage/users/{user_id}',
    summary: 'Delete user',
    description: "Deletes a user and all their data. Wants a management application's token.",
    tag: 'Users',
    secured: true,
    management: true,
    params: UserIdParams,
    responses: { 204: { description: 'The user is gone' }, ...badRequest, ...unauthorized, ...forbidden, ...notFound },
  },
  removeUserFromApp: {
    operationId: 'removeUserFromApp',
    method: 'DELETE',
    path: '/cis/v1/users/{user_id}/apps',
    summary: 'Remove user from app',
    description: "Removes a user, and the application's data of it, from the calling application.",
    tag: 'Users',
    secured: true,
    params: UserIdParams,
    responses: { 204: { description: 'The user is removed' }, ...badRequest, ...unauthorized, ...notFound },
  },
  removeUserSecondaryEmail: {
    operationId: 'removeUserSecondaryEmail',
    method: 'DELETE',
    path: '/cis/v1/users/{user_id}/emails/{email}',
    summary: 'Remove secondary email',
    tag: 'Users',
    secured: true,
    params: Type.Object({ ...UserIdParams.properties, email: Email('Secondary email') }),
    responses: { 204: { description: 'The email is removed' }, ...badRequest, ...unauthorized, ...notFound },
  },
  removeUserSecondaryPhoneNumber: {
    operationId: 'removeUserSecondaryPhoneNumber',
    method: 'DELETE',
    path: '/cis/v1/users/{user_id}/phone-numbers/{phone_number}',
    summary: 'Remove secondary phone number',
    tag: 'Users',
    secured: true,
    params: Type.Object({ ...UserIdParams.properties, phone_number: Phone('Secondary phone number, E.164') }),
    responses: { 204: { description: 'The phone number is removed' }, ...badRequest, ...unauthorized, ...notFound },
  },
  verifyUserEmail: {
    operationId: 'verifyUserEmail',
    method: 'POST',
    path: '/cis/v1/users/{user_id}/emails/{email}/verify',
    summary: 'Mark email as verified',
    description: 'A secondary email can become the primary one by that; the two are swapped.',
    tag: 'Users',
    secured: true,
    params: Type.Object({ ...UserIdParams.properties, email: Email('Email of the user') }),
    body: VerifyAddressInput,
    responses: { 202: { description: 'The email is verified' }, ...badRequest, ...unauthorized, ...notFound },
  },
  verifyUserPhoneNumber: {
    operationId: 'verifyUserPhoneNumber',
    method: 'POST',
    path: '/cis/v1/users/{user_id}/phone-numbers/{phone_number}/verify',
    summary: 'Mark phone as verified',
    description: 'A secondary phone number can become the primary one by that; the two are swapped.',
    tag: 'Users',
    secured: true,
    params: Type.Object({ ...UserIdParams.properties, phone_number: Phone('Phone number of the user, E.164') }),
    body: VerifyAddressInput,
    responses: { 202: { description: 'The phone number is verified' }, ...badRequest, ...unauthorized, ...notFound },
  },
  createUsers: {
    operationId: 'createUsers',
    method: 'POST',
    path: '/cis/v1/users/bulk',
    summary: 'Create users',
    description:
      'Up to 1,000 users at once, each a CreateUserInput that succeeds or fails alone. The results come in order.',
    tag: 'Users',
    secured: true,
    extension: true,
    body: CreateUsersInput,
    bodyLimit: BULK_MAX_BYTES,
    responses: {
      200: { description: 'What became of each', schema: Type.Object({ result: BulkResult }) },
      ...badRequest,
      ...unauthorized,
      413: { description: 'The body is larger than 64 MB', schema: HttpError },
    },
  },
  updateUsers: {
    operationId: 'updateUsers',
    method: 'PUT',
    path: '/cis/v1/users/bulk',
    summary: 'Update users',
    description:
      'Up to 1,000 updates at once, each an UpdateUserInput with the user_id beside it, that succeeds or fails alone. ' +
      'Updates of one user are made in order, and the results come in order.',
    tag: 'Users',
    secured: true,
    extension: true,
    body: UpdateUsersInput,
    bodyLimit: BULK_MAX_BYTES,
    responses: {
      200: { description: 'What became of each', schema: Type.Object({ result: BulkResult }) },
      ...badRequest,
      ...unauthorized,
      413: { description: 'The body is larger than 64 MB', schema: HttpError },
    },
  },
  getUserGroups: {
    operationId: 'getUserGroups',
    method: 'GET',
    path: '/cis/v1/users/{user_id}/groups',
    summary: "Get user's groups",
    tag: 'Groups',
    secured: true,
    params: UserIdParams,
    responses: {
      200: { description: 'The groups', schema: GroupsResult },
      ...badRequest,
      ...unauthorized,
      ...notFound,
    },
  },
  createGroup: {
    operationId: 'createGroup',
    method: 'POST',
    path: '/cis/v1/groups',
    summary: 'Create group',
    tag: 'Groups',
    secured: true,
    body: CreateGroupInput,
    responses: { 201: { description: 'The group', schema: GroupResult }, ...badRequest, ...unauthorized, ...nameTaken },
  },
  getGroups: {
    operationId: 'getGroups',
    method: 'GET',
    path: '/cis/v1/groups',
    summary: 'Get groups',
    tag: 'Groups',
    secured: true,
    responses: { 200: { description: 'The groups', schema: GroupsResult }, ...unauthorized },
  },
  getGroup: {
    operationId: 'getGroup',
    method: 'GET',
    path: '/cis/v1/groups/{group_id}',
    summary: 'Get group by ID',
    tag: 'Groups',
    secured: true,
    params: GroupIdParams,
    responses: { 200: { description: 'The group', schema: GroupResult }, ...badRequest, ...unauthorized, ...noGroup },
  },
  updateGroup: {
    operationId: 'updateGroup',
    method: 'PUT',
    path: '/cis/v1/groups/{group_id}',
    summary: 'Update group',
    description: 'Only what is sent changes, and replaces what is stored; null clears.',
    tag: 'Groups',
    secured: true,
    params: GroupIdParams,
    body: UpdateGroupInput,
    responses: {
      200: { description: 'The group', schema: GroupResult },
      ...badRequest,
      ...unauthorized,
      ...noGroup,
      ...nameTaken,
    },
  },
  deleteGroup: {
    operationId: 'deleteGroup',
    method: 'DELETE',
    path: '/cis/v1/groups/{group_id}',
    summary: 'Delete group',
    tag: 'Groups',
    secured: true,
    params: GroupIdParams,
    responses: { 204: { description: 'The group is gone' }, ...badRequest, ...unauthorized, ...noGroup },
  },
  getGroupMembers: {
    operationId: 'getGroupMembers',
    method: 'GET',
    path: '/cis/v1/groups/{group_id}/users',
    summary: 'Get members',
    tag: 'Groups',
    secured: true,
    extension: true,
    params: GroupIdParams,
    query: Closed(paging),
    responses: { 200: { description: 'The users', schema: UsersPage }, ...badRequest, ...unauthorized, ...noGroup },
  },
  addGroupMembers: {
    operationId: 'addGroupMembers',
    method: 'POST',
    path: '/cis/v1/groups/{group_id}/users',
    summary: 'Add members',
    description: 'All of the users, or none when one is not there.',
    tag: 'Groups',
    secured: true,
    extension: true,
    params: GroupIdParams,
    body: AddMembersInput,
    responses: { 204: { description: 'The users are members' }, ...badRequest, ...unauthorized, ...noGroup },
  },
  removeGroupMember: {
    operationId: 'removeGroupMember',
    method: 'DELETE',
    path: '/cis/v1/groups/{group_id}/users/{user_id}',
    summary: 'Remove member',
    tag: 'Groups',
    secured: true,
    extension: true,
    params: Type.Object({ ...GroupIdParams.properties, ...UserIdParams.properties }),
    responses: { 204: { description: 'The user is no member' }, ...badRequest, ...unauthorized, ...noGroup },
  },
  getUserHistory: {
    operationId: 'getUserHistory',
    method: 'GET',
    path: '/cis/v1/users/{user_id}/history',
    summary: "Get user's history",
    description: 'Every change of a user, the newest first. It goes when the user is deleted.',
    tag: 'Users',
    secured: true,
    extension: true,
    params: UserIdParams,
    query: Closed(paging),
    responses: {
      200: {
        description: 'The changes',
        schema: Type.Object({
          total_count: Type.Integer(),
          page_info: UsersPage.properties.page_info,
          result: Type.Array(HistoryEntry),
        }),
      },
      ...badRequest,
      ...unauthorized,
      ...notFound,
    },
  },
} as const satisfies Record<string, Operation>;
