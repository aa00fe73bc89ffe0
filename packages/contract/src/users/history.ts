import { Type, type Static } from 'typebox';
import { badRequest, unauthorized } from '../schema/answers.ts';
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
      { description: 'A password is told by when it was set, never by itself' },
    ),
  },
  { title: 'HistoryEntry' },
);

/** Tells what became of a user. */
export const historyOperations = {
  getUserHistory: {
    operationId: 'getUserHistory',
    method: 'GET',
    path: '/cis/v1/users/{user_id}/history',
    summary: "Get user's history",
    curl: '$API/cis/v1/users/$USER_ID/history',
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
          page_info: PageInfo,
          result: Type.Array(HistoryEntry),
        }),
      },
      ...badRequest,
      ...unauthorized,
      ...notFound,
    },
  },
} as const satisfies Record<string, Operation>;

export type HistoryEntry = Static<typeof HistoryEntry>;
