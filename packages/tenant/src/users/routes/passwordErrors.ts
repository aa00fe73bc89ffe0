import { defineError } from '../../errors.ts';

/** Passwords that cannot be set, by the codes of the vendor's password routes. */

export class InvalidPasswordInput extends defineError({
  code: 'system_invalid_input',
  status: 400,
  meaning: 'The request to a password route is not as the operation wants it, or breaks a rule.',
  remedy: 'Mend what the message names.',
  member: 'error_code',
}) {}

export class WeakPassword extends defineError({
  code: 'auth_password_weak',
  status: 400,
  meaning: 'The password is not complex enough.',
  remedy: 'Choose a longer one.',
  member: 'error_code',
}) {}

export class PasswordConfigured extends defineError({
  code: 'auth_password_already_configured',
  status: 409,
  meaning: 'The user has a password already and another route replaces it, or has none yet to be replaced.',
  remedy: 'Send POST to set the first password, PUT to set the next one.',
  member: 'error_code',
}) {}
