import type { AddressKind } from './addresses.ts';
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
export const isProved = ({ profile, identities }: Pick<User, 'profile' | 'identities'>): boolean =>
  identities.length > 0 || entriesOf(profile).some(({ verified }) => verified);

/**
 * Whether proving an address signs in to the profile that has it. A verified address always does. An unverified primary address
 * does as long as the profile has no owner, and whoever proves it becomes the owner. No other unverified address does.
 */
export function addressIdentifies(user: Pick<User, 'profile' | 'identities'>, address: Address): boolean {
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
