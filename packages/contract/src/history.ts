import { Type, type Static } from 'typebox';
import { Milliseconds } from './schemas.ts';

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

export type HistoryEntry = Static<typeof HistoryEntry>;
