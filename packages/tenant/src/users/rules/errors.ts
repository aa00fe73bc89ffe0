import { IDENTIFIER_IS_TAKEN } from '@tessera/contract';
import { defineError } from '../../errors.ts';
import type { IdentifierKind } from './identifiers.ts';

/** A request that its schema allows and a rule forbids. */
export class RuleError extends defineError({
  code: 'rule_broken',
  status: 400,
  meaning: 'Each value is well-formed, but together, or with what is stored, they break a rule.',
  remedy: 'Mend what the message names; nothing was changed.',
}) {}

/** There is no user with this ID or identifier. */
export class UserNotFound extends defineError({
  code: 'user_not_found',
  status: 404,
  meaning: 'No user of the tenant has this ID or identifier.',
  remedy: 'Check the ID or identifier; a search finds users by other attributes.',
}) {
  constructor() {
    super('There is no such user');
  }
}

/** What a request names is not on the user's profile. */
export class NotOnProfile extends defineError({
  code: 'not_on_profile',
  status: 404,
  meaning: 'The user is there, but has not the address, or is not in the application, that the request names.',
  remedy: 'Get the user to see what is on the profile.',
}) {}

/** A password that is too easily guessed. */
export class WeakPassword extends defineError({
  code: 'auth_password_weak',
  status: 400,
  meaning: 'The password is too short, or one of the 10,000 commonest.',
  remedy: 'Choose a longer one that nobody else would choose.',
  member: 'error_code',
}) {}

/** A password that the user has or had a short while ago. */
export class PasswordRecentlyUsed extends defineError({
  code: 'auth_password_recently_used',
  status: 400,
  meaning: "The password is the user's, or one of the four before it.",
  remedy: 'Choose another one.',
  member: 'error_code',
}) {
  constructor(property: string) {
    super(`${property} must not be one of the five that the user had last`);
  }
}

/** The user is no longer at the version that a request wants to change. */
export class StaleVersion extends defineError({
  code: 'stale_version',
  status: 412,
  meaning: 'The user has changed since the version that If-Match names.',
  remedy: 'Get the user again, and send the change with the new ETag.',
}) {}

/** Another user of the tenant has an identifier that was asked for. */
export class IdentifierTaken extends defineError({
  code: IDENTIFIER_IS_TAKEN,
  status: 409,
  meaning: 'Another user of the tenant has the email, phone number, username or external user ID.',
  remedy: 'Take another one, or remove it from the user who has it.',
  member: 'ts_error_code',
}) {
  constructor(kind: IdentifierKind) {
    super(`${kind} is taken: Another user has this ${kind}`);
  }
}
