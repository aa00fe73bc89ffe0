import { AddPasswordInput, PasswordError, PasswordRegistered, UpdatePasswordInput } from '../password.ts';
import { unauthorized } from './answers.ts';
import type { Operation } from './operation.ts';
import { UserIdParams } from './parameters.ts';

const errors = {
  400: { description: 'The request is malformed, or the password too weak', schema: PasswordError },
  ...unauthorized,
  404: { description: 'There is no such user', schema: PasswordError },
};

/** Sets the password of a user. */
export const passwordOperations = {
  addPasswordCredential: {
    operationId: 'addPasswordCredential',
    method: 'POST',
    path: '/cis/v1/users/{user_id}/password',
    summary: 'Create credentials',
    tag: 'Users',
    secured: true,
    params: UserIdParams,
    body: AddPasswordInput,
    responses: {
      201: { description: 'The password is set', schema: PasswordRegistered },
      ...errors,
      409: { description: 'The user has a password already', schema: PasswordError },
    },
  },
  updatePasswordCredential: {
    operationId: 'updatePasswordCredential',
    method: 'PUT',
    path: '/cis/v1/users/{user_id}/password',
    summary: 'Update password',
    tag: 'Users',
    secured: true,
    params: UserIdParams,
    body: UpdatePasswordInput,
    responses: {
      200: { description: 'The password is set', schema: PasswordRegistered },
      ...errors,
      409: { description: 'The user has no password yet', schema: PasswordError },
    },
  },
} as const satisfies Record<string, Operation>;
