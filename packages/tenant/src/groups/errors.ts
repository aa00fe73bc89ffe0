import { GROUP_NAME_IS_TAKEN } from '@tessera/contract';
import { defineError } from '../errors.ts';

/** There is no group with this ID. */
export class GroupNotFound extends defineError({
  code: 'group_not_found',
  status: 404,
  meaning: 'No group of the tenant has this ID.',
  remedy: 'Get the groups to see their IDs.',
}) {
  constructor() {
    super('There is no such group');
  }
}

/** The user is no member of the group. */
export class MemberNotFound extends defineError({
  code: 'member_not_found',
  status: 404,
  meaning: 'There is no such group, or the user is no member of it.',
  remedy: 'Get the members of the group.',
}) {
  constructor() {
    super('There is no such member of such a group');
  }
}

/** Another group of the tenant has the name that was asked for. */
export class GroupNameTaken extends defineError({
  code: GROUP_NAME_IS_TAKEN,
  status: 409,
  meaning: 'Another group of the tenant has this name.',
  remedy: 'Take another name.',
  member: 'ts_error_code',
}) {
  constructor() {
    super('name is taken: Another group has this name');
  }
}

/** Users who were to be added to a group, and are not there. */
export class UnknownMembers extends defineError({
  code: 'unknown_members',
  status: 400,
  meaning: 'Some of the users who were to be added to the group are not there; nobody was added.',
  remedy: 'Leave out the users whom the message names.',
}) {
  constructor(userIds: string[]) {
    super(`user_ids: There is no such user: ${userIds.join(', ')}`);
  }
}
