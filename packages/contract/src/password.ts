import { Type, type Static } from 'typebox';
import { Closed, Text } from './schemas.ts';

/** The password routes: they have error codes of their own, as text. */

/** The fewest characters of a password whose complexity counts. */
export const PASSWORD_MIN_LENGTH = 8;

const password = Type.String({ minLength: 1, maxLength: 256, format: 'plain-text', description: 'The new password' });
const force_replace = Type.Optional(
  Type.Boolean({ default: true, description: 'Whether it is temporary, to be replaced at the next sign-in' }),
);

export const AddPasswordInput = Closed(
  {
    password,
    force_replace,
    username: Type.Optional(Text(255, 'A username to sign in with')),
    enforce_complexity: Type.Optional(
      Type.Boolean({ default: true, description: `Whether it must have at least ${PASSWORD_MIN_LENGTH} characters` }),
    ),
  },
  { title: 'AddPasswordInput' },
);

export const UpdatePasswordInput = Closed({ password, force_replace }, { title: 'UpdatePasswordInput' });

export const PasswordRegistered = Type.Object(
  { result: Type.Object({ message: Type.String() }) },
  { title: 'PasswordRegistered' },
);

export const PASSWORD_ERRORS = [
  'system_invalid_input',
  'auth_password_weak',
  'user_not_found',
  'auth_password_already_configured',
] as const;

export const PasswordError = Type.Object(
  {
    error_code: Type.Unsafe<(typeof PASSWORD_ERRORS)[number]>({ type: 'string', enum: [...PASSWORD_ERRORS] }),
    message: Type.String(),
  },
  { title: 'PasswordError' },
);

export type PasswordError = Static<typeof PasswordError>;
