import { Type, type Static } from 'typebox';
import { canonicalEmail, CreateUserInput, operations, STATUSES, type Operation } from '@tessera/contract';
import type { ChangeContext } from '../users/rules/change.ts';
import { MAX_SECONDARIES, newUser } from '../users/rules/change.ts';
import { RuleError } from '../users/rules/errors.ts';
import type { User } from '../users/rules/user.ts';

/**
 * A user as import takes it and export gives it, one a line: what Create User takes, and what else belongs to a user.
 * Passwords are taken, and never given.
 */
export const UserLine = Type.Object(
  {
    ...CreateUserInput.properties,
    user_id: Type.Optional(Type.String({ minLength: 1, maxLength: 255, format: 'plain-text' })),
    // As many as a profile may have; a request adds fewer.
    secondary_emails: Type.Optional(
      Type.Array(Type.String({ maxLength: 254, format: 'email' }), { maxItems: MAX_SECONDARIES }),
    ),
    secondary_phone_numbers: Type.Optional(
      Type.Array(Type.String({ maxLength: 16, format: 'e164' }), { maxItems: MAX_SECONDARIES }),
    ),
    status: Type.Optional(Type.Unsafe<User['status']>({ type: 'string', enum: [...STATUSES] })),
    // Of a user who has signed in: only the owner may do so from then on.
    last_auth: Type.Optional(Type.String({ maxLength: 40, format: 'birthday' })),
    verified_emails: Type.Optional(Type.Array(Type.String({ maxLength: 254, format: 'email' }), { maxItems: 101 })),
    verified_phone_numbers: Type.Optional(
      Type.Array(Type.String({ maxLength: 16, format: 'e164' }), { maxItems: 101 }),
    ),
  },
  { additionalProperties: false },
);

/** Words that stand in a path where a user's ID would: no route could reach a user with such an ID. */
const RESERVED = new Set([
  '.',
  '..',
  'me',
  ...Object.values<Operation>(operations).flatMap(({ path }) => /^\/cis\/v1\/users\/([^{/]+)/.exec(path)?.[1] ?? []),
]);

export type UserLine = Static<typeof UserLine>;

/** The new user that a line describes. @throws RuleError when it breaks a rule */
export function userOfLine(userId: string, line: UserLine, context: ChangeContext): User {
  const {
    user_id: _id,
    status,
    last_auth: lastAuth,
    verified_emails = [],
    verified_phone_numbers = [],
    ...input
  } = line;
  if (RESERVED.has(userId)) throw new RuleError(`user_id must not be "${userId}": no route would reach the user`);
  const user = newUser(userId, input, context);
  const verifiedAt = new Date(context.at).toISOString();
  const emails = new Set(verified_emails.map(canonicalEmail));
  const phones = new Set(verified_phone_numbers);
  const { profile } = user;
  for (const entry of [profile.email, ...(profile.secondary_emails ?? [])]) {
    if (entry && emails.has(entry.value)) Object.assign(entry, { email_verified: true, verified_at: verifiedAt });
  }
  for (const entry of [profile.phone_number, ...(profile.secondary_phone_numbers ?? [])]) {
    if (entry && phones.has(entry.value))
      Object.assign(entry, { phone_number_verified: true, verified_at: verifiedAt });
  }
  const at = lastAuth === undefined ? null : Date.parse(lastAuth);
  if (Number.isNaN(at) || (lastAuth !== undefined && !/(?:Z|[+-]\d\d:\d\d)$/i.test(lastAuth)))
    throw new RuleError('last_auth must be a date-time with a time zone, as in 2026-01-31T09:30:00Z');
  return { ...user, status: status ?? user.status, last_auth: at };
}

/** The line of a user, with what the application keeps of it. */
export function lineOfUser(user: User, appId: string): UserLine {
  const {
    email,
    phone_number,
    secondary_emails = [],
    secondary_phone_numbers = [],
    address,
    ...profile
  } = user.profile;
  const { updated_at: _at, ...where } = address ?? {};
  const emails = [email, ...secondary_emails].flatMap((entry) => (entry?.email_verified ? [entry.value] : []));
  const phones = [phone_number, ...secondary_phone_numbers].flatMap((entry) =>
    entry?.phone_number_verified ? [entry.value] : [],
  );
  return {
    user_id: user.user_id,
    email: email?.value,
    phone_number: phone_number?.value,
    ...(secondary_emails.length > 0 && { secondary_emails: secondary_emails.map(({ value }) => value) }),
    ...(secondary_phone_numbers.length > 0 && {
      secondary_phone_numbers: secondary_phone_numbers.map(({ value }) => value),
    }),
    ...profile,
    ...(address && { address: where }),
    ...user.apps[appId],
    ...(user.custom_data && { custom_data: user.custom_data }),
    status: user.status,
    ...(user.last_auth !== null && { last_auth: new Date(user.last_auth).toISOString() }),
    ...(emails.length > 0 && { verified_emails: emails }),
    ...(phones.length > 0 && { verified_phone_numbers: phones }),
  };
}
