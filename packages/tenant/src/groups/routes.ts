import type { FastifyInstance } from 'fastify';
import { v7 as uuid } from 'uuid';
import { operations, PAGE_LIMIT_DEFAULT } from '@tessera/contract';
import type { Database } from '../database/database.ts';
import {
  addMembers,
  deleteGroup,
  findGroup,
  insertGroup,
  listGroups,
  listGroupsOfUser,
  listMembers,
  removeMember,
  updateGroup,
} from './store.ts';
import { toApiUser } from '../users/rules/result.ts';
import { writerOf } from '../http/authentication.ts';
import { pageInfo } from '../http/pageInfo.ts';
import { route } from '../http/route.ts';
import { UserNotFound } from '../users/rules/errors.ts';
import { GroupNotFound, MemberNotFound } from './errors.ts';

/** Groups and their members. */
export function groupRoutes(app: FastifyInstance, database: Database): void {
  route(app, operations.createGroup, async ({ body, caller }) => {
    const at = Date.now();
    const group = { group_id: uuid(), ...body, created_at: at, updated_at: at };
    await insertGroup(database, caller.tid, group);
    return { result: group };
  });

  route(app, operations.getGroups, async ({ caller }) => ({ result: await listGroups(database, caller.tid) }));

  route(app, operations.getGroup, async ({ params, caller }) => {
    const group = await findGroup(database, caller.tid, params.group_id);
    if (!group) throw new GroupNotFound();
    return { result: group };
  });

  route(app, operations.updateGroup, async ({ params, body, caller }) => {
    const group = await updateGroup(database, caller.tid, params.group_id, body, Date.now());
    if (!group) throw new GroupNotFound();
    return { result: group };
  });

  route(app, operations.deleteGroup, async ({ params, caller }) => {
    if (!(await deleteGroup(database, writerOf(caller), params.group_id, Date.now()))) throw new GroupNotFound();
    return undefined;
  });

  route(app, operations.getUserGroups, async ({ params, caller }) => {
    const groups = await listGroupsOfUser(database, caller.tid, params.user_id);
    if (!groups) throw new UserNotFound();
    return { result: groups };
  });

  route(app, operations.addGroupMembers, async ({ params, body, caller }) => {
    if (!(await addMembers(database, writerOf(caller), params.group_id, body.user_ids, Date.now())))
      throw new GroupNotFound();
    return undefined;
  });

  route(app, operations.removeGroupMember, async ({ params: { group_id, user_id }, caller }) => {
    if (!(await removeMember(database, writerOf(caller), group_id, user_id, Date.now()))) {
      throw new MemberNotFound();
    }
    return undefined;
  });

  route(app, operations.getGroupMembers, async ({ params, query, caller }) => {
    const { page_offset: offset = 0, page_limit: limit = PAGE_LIMIT_DEFAULT } = query;
    const members = await listMembers(database, caller.tid, params.group_id, { offset, limit });
    if (!members) throw new GroupNotFound();
    const { users, total } = members;
    return {
      total_count: total,
      page_info: pageInfo(offset, users.length, total),
      result: users.map((user) => toApiUser(user, caller, Date.now())),
    };
  });
}
