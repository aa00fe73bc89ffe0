import { Type } from 'typebox';
import { HttpError, IdentifierIsTakenError } from '../schema/errors.ts';
import { AddMembersInput, ApiGroup, CreateGroupInput, UpdateGroupInput } from './group.ts';
import { Closed, Text } from '../schema/schemas.ts';
import { badRequest, forbidden, unauthorized } from '../schema/answers.ts';
import type { Operation } from '../schema/operation.ts';
import { PAGE_LIMIT_MAX, paging } from '../schema/paging.ts';
import { notFound, UserIdParams, UsersPage } from '../users/answers.ts';

const GroupIdParams = Type.Object({ group_id: Text(255, 'ID of the group') });
const GroupResult = Type.Object({ result: ApiGroup });
const GroupsResult = Type.Object({ result: Type.Array(ApiGroup) });
const noGroup = { 404: { description: 'There is no such group', schema: HttpError } };
const nameTaken = { 409: { description: 'Another group of the tenant has that name', schema: IdentifierIsTakenError } };

/** The vendor's operation has no pages: without these parameters it gives as many as any page may have. */
const groupsPaging = {
  page_offset: paging.page_offset,
  page_limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX, default: PAGE_LIMIT_MAX, description: 'How many to give' }),
  ),
};

/** Groups and their members. */
export const groupOperations = {
  getUserGroups: {
    operationId: 'getUserGroups',
    method: 'GET',
    path: '/cis/v1/users/{user_id}/groups',
    summary: "Get user's groups",
    curl: '$API/cis/v1/users/$USER_ID/groups',
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
    curl: `$API/cis/v1/groups -d '{"name":"Navy","description":"On ships"}'`,
    tag: 'Groups',
    secured: true,
    management: true,
    body: CreateGroupInput,
    responses: {
      201: { description: 'The group', schema: GroupResult },
      ...badRequest,
      ...unauthorized,
      ...forbidden,
      ...nameTaken,
    },
  },
  getGroups: {
    operationId: 'getGroups',
    method: 'GET',
    path: '/cis/v1/groups',
    summary: 'Get groups',
    curl: '$API/cis/v1/groups',
    tag: 'Groups',
    secured: true,
    management: true,
    query: Closed(groupsPaging),
    responses: {
      200: { description: 'The groups', schema: GroupsResult },
      ...badRequest,
      ...unauthorized,
      ...forbidden,
    },
  },
  getGroup: {
    operationId: 'getGroup',
    method: 'GET',
    path: '/cis/v1/groups/{group_id}',
    summary: 'Get group by ID',
    curl: '$API/cis/v1/groups/$GROUP_ID',
    tag: 'Groups',
    secured: true,
    management: true,
    params: GroupIdParams,
    responses: {
      200: { description: 'The group', schema: GroupResult },
      ...badRequest,
      ...unauthorized,
      ...forbidden,
      ...noGroup,
    },
  },
  updateGroup: {
    operationId: 'updateGroup',
    method: 'PUT',
    path: '/cis/v1/groups/{group_id}',
    summary: 'Update group',
    curl: `-X PUT $API/cis/v1/groups/$GROUP_ID -d '{"description":"On any ship"}'`,
    description: 'Only what is sent changes, and replaces what is stored; null clears.',
    tag: 'Groups',
    secured: true,
    management: true,
    params: GroupIdParams,
    body: UpdateGroupInput,
    responses: {
      200: { description: 'The group', schema: GroupResult },
      ...badRequest,
      ...unauthorized,
      ...forbidden,
      ...noGroup,
      ...nameTaken,
    },
  },
  deleteGroup: {
    operationId: 'deleteGroup',
    method: 'DELETE',
    path: '/cis/v1/groups/{group_id}',
    summary: 'Delete group',
    curl: '-X DELETE $API/cis/v1/groups/$GROUP_ID',
    tag: 'Groups',
    secured: true,
    management: true,
    params: GroupIdParams,
    responses: { 204: { description: 'The group is gone' }, ...badRequest, ...unauthorized, ...forbidden, ...noGroup },
  },
  getGroupMembers: {
    operationId: 'getGroupMembers',
    method: 'GET',
    path: '/cis/v1/groups/{group_id}/users',
    summary: 'Get members',
    curl: '$API/cis/v1/groups/$GROUP_ID/users',
    tag: 'Groups',
    secured: true,
    management: true,
    extension: true,
    params: GroupIdParams,
    query: Closed(paging),
    responses: {
      200: { description: 'The users', schema: UsersPage },
      ...badRequest,
      ...unauthorized,
      ...forbidden,
      ...noGroup,
    },
  },
  addGroupMembers: {
    operationId: 'addGroupMembers',
    method: 'POST',
    path: '/cis/v1/groups/{group_id}/users',
    summary: 'Add members',
    curl: `$API/cis/v1/groups/$GROUP_ID/users -d '{"user_ids":["'$USER_ID'"]}'`,
    description: 'All of the users, or none when one is not there.',
    tag: 'Groups',
    secured: true,
    management: true,
    extension: true,
    params: GroupIdParams,
    body: AddMembersInput,
    responses: {
      204: { description: 'The users are members' },
      ...badRequest,
      ...unauthorized,
      ...forbidden,
      ...noGroup,
    },
  },
  removeGroupMember: {
    operationId: 'removeGroupMember',
    method: 'DELETE',
    path: '/cis/v1/groups/{group_id}/users/{user_id}',
    summary: 'Remove member',
    curl: '-X DELETE $API/cis/v1/groups/$GROUP_ID/users/$USER_ID',
    tag: 'Groups',
    secured: true,
    management: true,
    extension: true,
    params: Type.Object({ ...GroupIdParams.properties, ...UserIdParams.properties }),
    responses: {
      204: { description: 'The user is no member' },
      ...badRequest,
      ...unauthorized,
      ...forbidden,
      ...noGroup,
    },
  },
} as const satisfies Record<string, Operation>;
