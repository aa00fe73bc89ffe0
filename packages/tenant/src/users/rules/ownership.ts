import type { AddressKind } from './addresses.ts';
import { hasIdentifier, identifiersOf } from './identifiers.ts';
import type { Profile, User } from './user.ts';

/**
 * Whose profile it is, and which of its addresses may lead to it. Anybody can write an address into a profile; only its owner can
 * prove it. The states are described in docs/security.md.
 */

/** An email or a phone number. */
export interface Address {
  kind: AddressKind;
  /** In the form in which it is stored. */
  value: string;
}

/**
 * Whether a profile has an owner: somebody has signed in to it, or the application or the owner has verified one of its
 * addresses.
 */
export const isProved = ({ profile, identities, last_auth }: Owned): boolean =>
  identities.length > 0 || last_auth !== null || entriesOf(profile).some(({ verified }) => verified);

/** What tells whether a profile has an owner. An import brings no identities, but the time of the latest sign-in. */
type Owned = Pick<User, 'profile' | 'identities' | 'last_auth'>;

/**
 * Whether proving an address signs in to the profile that has it. A verified address always does. An unverified primary address
 * does as long as the profile has no owner: the person who proves it becomes the owner. No other unverified address does.
 */
export function addressIdentifies(user: Owned, address: Address): boolean {
  const entry = entryOf(user.profile, address);
  return entry !== undefined && (entry.verified || (entry.primary && !isProved(user)));
}

/**
 * Whether an address names its user where something else is proved, such as a password: unverified secondary addresses do not,
 * since anybody may have added them.
 */
export function addressNames({ profile }: Pick<User, 'profile'>, address: Address): boolean {
  const entry = entryOf(profile, address);
  return entry !== undefined && (entry.primary || entry.verified);
}

/**
 * Whether a request to create a user means one that exists: the user has everything that names the new one, and the addresses
 * lead to the user. A username alone does not, since anybody may have chosen it.
 */
export function isSameUser(user: Owned, named: Profile): boolean {
  const identifiers = identifiersOf(named);
  return (
    identifiers.every((identifier) => hasIdentifier(user.profile, identifier)) &&
    identifiers.some(({ kind }) => kind !== 'username') &&
    identifiers.every(({ kind, value }) =>
      kind === 'email' || kind === 'phone_number' ? addressIdentifies(user, { kind, value }) : true,
    )
  );
}

interface Entry extends Address {
  primary: boolean;
  verified: boolean;
}

const entryOf = (profile: Profile, { kind, value }: Address): Entry | undefined =>
  entriesOf(profile).find((entry) => entry.kind === kind && entry.value === value);

function entriesOf({ email, phone_number, secondary_emails = [], secondary_phone_numbers = [] }: Profile): Entry[] {
  const emails = [email, ...secondary_emails].flatMap((entry) => entry ?? []);
  const phones = [phone_number, ...secondary_phone_numbers].flatMap((entry) => entry ?? []);
  return [
    ...emails.map((entry): Entry => ({
      kind: 'email',
      value: entry.value,
      primary: entry === email,
      verified: entry.email_verified,
    })),
    ...phones.map((entry): Entry => ({
      kind: 'phone_number',
      value: entry.value,
      primary: entry === phone_number,
      verified: entry.phone_number_verified,
    })),
  ];
}
