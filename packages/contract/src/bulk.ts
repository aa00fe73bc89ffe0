import { Type, type Static } from 'typebox';
import { Closed } from './schemas.ts';
import { ApiUser } from './user.ts';

/** Create many and update many: the tenant's own operations, for workflows with many items. */

/** The most users in one request. */
export const BULK_MAX_ITEMS = 1000;
/** The most bytes of a request with many users. */
export const BULK_MAX_BYTES = 64 * 1024 * 1024;

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

export type BulkItem = Static<typeof BulkItem>;
export type BulkResult = Static<typeof BulkResult>;
