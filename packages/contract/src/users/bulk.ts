import { Type, type Static } from 'typebox';
import { badRequest, unauthorized } from '../schema/answers.ts';
import type { Operation } from '../schema/operation.ts';
import { Closed } from '../schema/schemas.ts';
import { ApiUser } from './user.ts';

/** Create many and update many: the tenant's own operations, for workflows with many items. */

/** The most users in one request. */
const BULK_MAX_ITEMS = 1000;
/** The most bytes of a request with many users. */
const BULK_MAX_BYTES = 8 * 1024 * 1024;

// Each item is checked by the schema of a single user, but on its own: a bad one must not fail the others.
const items = (description: string) =>
  Type.Array(Type.Unknown(), { minItems: 1, maxItems: BULK_MAX_ITEMS, description });

export const CreateUsersInput = Closed({ users: items('Each a CreateUserInput') }, { title: 'CreateUsersInput' });

export const UpdateUsersInput = Closed(
  { updates: items('Each an UpdateUserInput, with the user_id beside its attributes') },
  { title: 'UpdateUsersInput' },
);

export const BulkItem = Type.Object(
  {
    user: Type.Optional(ApiUser),
    error: Type.Optional(
      Type.Object(
        {
          message: Type.Array(Type.String(), { description: 'A sentence for each fault' }),
          error_code: Type.Integer({ description: 'The HTTP status that the request would have had alone' }),
          ts_error_code: Type.Optional(Type.String()),
        },
        { title: 'BulkItemError' },
      ),
    ),
  },
  { title: 'BulkItem', description: 'The user as it is now, or why it is not so' },
);

export const BulkResult = Type.Object(
  {
    succeeded: Type.Integer(),
    failed: Type.Integer(),
    items: Type.Array(BulkItem, { description: 'In the order of the request' }),
  },
  { title: 'BulkResult' },
);

/** Creates and updates many users at once. */
export const bulkOperations = {
  createUsers: {
    operationId: 'createUsers',
    method: 'POST',
    path: '/cis/v1/users/bulk',
    summary: 'Create users',
    curl: `$API/cis/v1/users/bulk -d '{"users":[{"email":"alan@example.com"},{"email":"no address"}]}'`,
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
    },
  },
  updateUsers: {
    operationId: 'updateUsers',
    method: 'PUT',
    path: '/cis/v1/users/bulk',
    summary: 'Update users',
    curl: `-X PUT $API/cis/v1/users/bulk -d '{"updates":[{"user_id":"'$USER_ID'","language":"en"},{"user_id":"nobody","language":"en"}]}'`,
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
    },
  },
} as const satisfies Record<string, Operation>;

export type BulkItem = Static<typeof BulkItem>;
export type BulkResult = Static<typeof BulkResult>;
