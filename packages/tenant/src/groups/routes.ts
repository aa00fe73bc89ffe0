import type { FastifyInstance } from 'fastify';
import { v7 as uuid } from 'uuid';
import { operations, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from '@tessera/contract';
import type { Database } from '../database/database.ts';
import {
  addMembers,
  deleteGroup,
  findGroup,
  insertGroup,
  countMembers,
  groupOf,
  readGroups,
  readGroupsOfUser,
  readMembers,
  removeMember,
  updateGroup,
} from './store.ts';
import { sendUsers } from '../users/routes/userAnswer.ts';
import { writerOf } from '../http/authentication.ts';
import { sendList } from '../http/list.ts';
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

  route(app, operations.getGroups, ({ query, caller, reply }) => {
    const { page_offset: offset = 0, page_limit: limit = PAGE_LIMIT_MAX } = query;
    return sendList(reply, readGroups(database, caller.tid, { offset, limit }), groupOf);
  });

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

  route(app, operations.getUserGroups, async ({ params, caller, reply }) => {
    const read = await readGroupsOfUser(database, caller.tid, params.user_id);
    if (!read) throw new UserNotFound();
    return sendList(reply, read, groupOf);
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

  route(app, operations.getGroupMembers, async ({ params, query, caller, reply }) => {
    const { page_offset: offset = 0, page_limit: limit = PAGE_LIMIT_DEFAULT } = query;
    const read = await readMembers(database, caller.tid, params.group_id, { offset, limit });
    if (!read) throw new GroupNotFound();
    const counting = countMembers(database, caller.tid, params.group_id);
    counting.catch(() => {});
    return sendUsers(reply, caller, read, offset, counting);
  });
}
