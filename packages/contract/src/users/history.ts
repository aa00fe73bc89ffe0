import { Type, type Static } from 'typebox';
import { badRequest, forbidden, unauthorized } from '../schema/answers.ts';
import type { Operation } from '../schema/operation.ts';
import { PageInfo, paging } from '../schema/paging.ts';
import { Closed, Milliseconds } from '../schema/schemas.ts';
import { notFound, UserIdParams } from './answers.ts';

/** One change of a user: the tenant's own extension. */
export const HistoryEntry = Type.Object(
  {
    version: Type.Integer({ description: 'The version that the change made; 1 is the creation' }),
    changed_at: Milliseconds('When'),
    client_id: Type.String({ description: 'The client whose token asked for it' }),
    changes: Type.Array(
      Type.Object({
        attribute: Type.String(),
        before: Type.Optional(Type.Unknown({ description: 'Absent when the attribute was not there' })),
        after: Type.Optional(Type.Unknown({ description: 'Absent when the attribute is gone' })),
      }),
      {
        description:
          'A password is told by when it was set, never by itself. Of custom_data, the members that differ; of lists, the ' +
          'entries that went (before) and those that came (after)',
      },
    ),
  },
  { title: 'HistoryEntry' },
);

/** That a user was deleted: nothing of the profile. */
const DeletedUser = Type.Object(
  {
    user_id: Type.String(),
    deleted_at: Milliseconds('When'),
    client_id: Type.String({ description: 'The client whose token asked for it' }),
  },
  { title: 'DeletedUser' },
);

/** Tells what became of a user. */
export const historyOperations = {
  getUserHistory: {
    operationId: 'getUserHistory',
    method: 'GET',
    path: '/cis/v1/users/{user_id}/history',
    summary: "Get user's history",
    curl: '$API/cis/v1/users/$USER_ID/history',
    description:
      'Every change of a user, the newest first, for as long as the tenant keeps it. It goes when the user is deleted.',
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
          page_info: PageInfo,
          result: Type.Array(HistoryEntry),
        }),
      },
      ...badRequest,
      ...unauthorized,
      ...notFound,
    },
  },
  getDeletedUsers: {
    operationId: 'getDeletedUsers',
    method: 'GET',
    path: '/cis/v1/manage/deleted-users',
    summary: 'Get deleted users',
    description:
      "Which users were deleted, when and by which client, the latest first, for as long as history is kept. Wants a management application's token.",
    curl: '$API/cis/v1/manage/deleted-users',
    tag: 'Users',
    secured: true,
    management: true,
    extension: true,
    query: Closed(paging),
    responses: {
      200: { description: 'The deletions', schema: Type.Object({ result: Type.Array(DeletedUser) }) },
      ...badRequest,
      ...unauthorized,
      ...forbidden,
    },
  },
} as const satisfies Record<string, Operation>;

export type DeletedUser = Static<typeof DeletedUser>;
export type HistoryEntry = Static<typeof HistoryEntry>;
