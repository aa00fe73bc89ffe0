import type { FastifyInstance } from 'fastify';
import { isDeepStrictEqual } from 'node:util';
import { operations, PAGE_LIMIT_DEFAULT, type HistoryEntry } from '@tessera/contract';
import type { Database } from '../../database/database.ts';
import { countHistory, readDeletions, readHistory, type HistoryEntry as StoredEntry } from '../store/history.ts';
import { findUser } from '../store/findUsers.ts';
import { UserNotFound } from '../rules/errors.ts';
import { appAttribute, type Attributes } from '../rules/history.ts';
import { sendList } from '../../http/list.ts';
import { pageInfo } from '../../http/pageInfo.ts';
import { route } from '../../http/route.ts';

/** What became of a user, change by change. */
export function historyRoutes(app: FastifyInstance, database: Database): void {
  route(app, operations.getUserHistory, async ({ params, query, caller, reply }) => {
    const { page_offset: offset = 0, page_limit: limit = PAGE_LIMIT_DEFAULT } = query;
    const user = await findUser(database, caller.tid, params.user_id);
    if (!user) throw new UserNotFound();
    const total = await countHistory(database, caller.tid, params.user_id);
    const read = readHistory(database, caller.tid, params.user_id, { offset, limit });
    return sendList(
      reply,
      read,
      (entry) => shown(entry, caller.app_id),
      (count) => ({ total_count: total, page_info: pageInfo(offset, count, total) }),
    );
  });

  route(app, operations.getDeletedUsers, ({ query, caller, reply }) => {
    const { page_offset: offset = 0, page_limit: limit = PAGE_LIMIT_DEFAULT } = query;
    return sendList(reply, readDeletions(database, caller.tid, { offset, limit }), (deletion) => deletion);
  });
}

/** An entry as an application sees it: of the applications' data, its own. */
function shown({ before, after, ...entry }: StoredEntry, appId: string): HistoryEntry {
  const [old, now] = [visible(before, appId), visible(after, appId)];
  const names = Object.keys({ ...old, ...now }).filter((name) => !isDeepStrictEqual(old[name], now[name]));
  return {
    ...entry,
    changes: names.map((attribute) => ({ attribute, before: old[attribute], after: now[attribute] })),
  };
}

/** How and where a user has signed in. */
interface SignInTrace {
  auth_type: string;
  app_id: string;
  app_name: string;
}

/** An application learns of no other one. */
const shownSignIn = (trace: SignInTrace, appId: string): Partial<SignInTrace> =>
  trace.app_id === appId ? trace : { auth_type: trace.auth_type };

function visible(attributes: Attributes, appId: string): Attributes {
  const own = appAttribute(appId);
  return Object.fromEntries<unknown>(
    Object.entries(attributes).flatMap(([name, value]): [string, unknown][] => {
      if (name === own) return Object.entries(value as object);
      if (name === 'sign_in') return [[name, shownSignIn(value as SignInTrace, appId)]];
      return name.startsWith(appAttribute('')) ? [] : [[name, value]];
    }),
  );
}
