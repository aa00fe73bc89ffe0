import { Type, type Static } from 'typebox';
import { unauthorized } from '../schema/answers.ts';
import { IdentifierIsTakenError } from '../schema/errors.ts';
import type { Operation } from '../schema/operation.ts';
import { Closed, Username } from '../schema/schemas.ts';
import { IfMatch, stale, UserIdParams } from './answers.ts';

/** The password routes: they have error codes of their own, as text. */

/** The fewest and the most characters (Unicode code points, as JSON Schema counts them) of a password. */
export const PASSWORD_MIN_LENGTH = 8;
export const PASSWORD_MAX_LENGTH = 256;

const password = Type.String({
  minLength: 1,
  maxLength: PASSWORD_MAX_LENGTH,
  format: 'plain-text',
  description: 'The new password',
});
const force_replace = Type.Optional(
  Type.Boolean({ default: true, description: 'Whether it is temporary, to be replaced at the next sign-in' }),
);

export const AddPasswordInput = Closed(
  {
    password,
    force_replace,
    username: Type.Optional(Username('A username to sign in with')),
    enforce_complexity: Type.Optional(
      Type.Boolean({
        default: true,
        description: `Whether it must have at least ${PASSWORD_MIN_LENGTH} characters and be none of the commonest`,
      }),
    ),
  },
  { title: 'AddPasswordInput' },
);

export const UpdatePasswordInput = Closed({ password, force_replace }, { title: 'UpdatePasswordInput' });

export const PasswordRegistered = Type.Object(
  { result: Type.Object({ message: Type.String() }) },
  { title: 'PasswordRegistered' },
);

const PASSWORD_ERRORS = [
  'system_invalid_input',
  'auth_password_weak',
  'user_not_found',
  'auth_password_already_configured',
  'auth_password_recently_used',
  'auth_wrong_password',
  'auth_locked',
] as const;

export const PasswordError = Type.Object(
  {
    error_code: Type.Unsafe<(typeof PASSWORD_ERRORS)[number]>({ type: 'string', enum: [...PASSWORD_ERRORS] }),
    message: Type.String(),
  },
  { title: 'PasswordError' },
);

const errors = {
  400: { description: 'The request is malformed, or the password too weak', schema: PasswordError },
  ...unauthorized,
  ...stale,
  404: { description: 'There is no such user', schema: PasswordError },
};

/** Sets the password of a user. */
export const passwordOperations = {
  addPasswordCredential: {
    operationId: 'addPasswordCredential',
    method: 'POST',
    path: '/cis/v1/users/{user_id}/password',
    summary: 'Create credentials',
    curl: `$API/cis/v1/users/$USER_ID/password -d '{"password":"correct horse battery"}'`,
    tag: 'Users',
    secured: true,
    headers: IfMatch,
    params: UserIdParams,
    body: AddPasswordInput,
    responses: {
      201: { description: 'The password is set', schema: PasswordRegistered },
      ...errors,
      409: {
        description: 'The user has a password already, or another one has the username',
        schema: Type.Union([PasswordError, IdentifierIsTakenError]),
      },
    },
  },
  updatePasswordCredential: {
    operationId: 'updatePasswordCredential',
    method: 'PUT',
    path: '/cis/v1/users/{user_id}/password',
    summary: 'Update password',
    curl: `-X PUT $API/cis/v1/users/$USER_ID/password -d '{"password":"battery staple horse","force_replace":false}'`,
    tag: 'Users',
    secured: true,
    headers: IfMatch,
    params: UserIdParams,
    body: UpdatePasswordInput,
    responses: {
      200: { description: 'The password is set', schema: PasswordRegistered },
      ...errors,
      409: { description: 'The user has no password yet', schema: PasswordError },
    },
  },
} as const satisfies Record<string, Operation>;

export type PasswordError = Static<typeof PasswordError>;
