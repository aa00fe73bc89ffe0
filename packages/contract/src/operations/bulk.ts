import { Type } from 'typebox';
import { BULK_MAX_BYTES, BulkResult, CreateUsersInput, UpdateUsersInput } from '../bulk.ts';
import { badRequest, tooLargeForMany, unauthorized } from './answers.ts';
import type { Operation } from './operation.ts';

/** Creates and updates many users at once. */
export const bulkOperations = {
  createUsers: {
    operationId: 'createUsers',
    method: 'POST',
    path: '/cis/v1/users/bulk',
    summary: 'Create users',
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
      ...tooLargeForMany,
    },
  },
  updateUsers: {
    operationId: 'updateUsers',
    method: 'PUT',
    path: '/cis/v1/users/bulk',
    summary: 'Update users',
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
      ...tooLargeForMany,
    },
  },
} as const satisfies Record<string, Operation>;
