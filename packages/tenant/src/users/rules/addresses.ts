import type { ApiUserEmail, ApiUserPhone } from '@tessera/contract';
import { NotOnProfile } from './errors.ts';
import type { Address } from './ownership.ts';
import type { Profile, User } from './user.ts';

/** Addresses of a user: one may be primary, others secondary. */
export type AddressKind = 'email' | 'phone_number';

const SECONDARIES = { email: 'secondary_emails', phone_number: 'secondary_phone_numbers' } as const;
const WORDS = { email: 'email', phone_number: 'phone number' } as const;

/**
 * Takes a secondary address off a profile.
 * @param value an email in the form in which they are stored
 * @throws NotOnProfile when it is no secondary one
 */
export function removeSecondary(user: User, kind: AddressKind, value: string, at: number): User {
  const secondaries = secondariesOf(user.profile, kind);
  const rest = secondaries.filter((entry) => entry.value !== value);
  if (rest.length === secondaries.length) throw new NotOnProfile(`The user has no such secondary ${WORDS[kind]}`);
  return changed(user, { [SECONDARIES[kind]]: rest }, at);
}

/**
 * Marks an address as verified, now.
 * @param value an email in the form in which they are stored
 * @param changeToPrimary whether a secondary address becomes the primary one; the two are swapped
 * @throws NotOnProfile when the user has no such address
 */
export function verifyAddress(
  user: User,
  kind: AddressKind,
  value: string,
  changeToPrimary: boolean,
  at: number,
): User {
  const { [kind]: primary } = user.profile;
  const secondaries = secondariesOf(user.profile, kind);
  const found = [primary, ...secondaries].find((entry) => entry?.value === value);
  if (!found) throw new NotOnProfile(`The user has no such ${WORDS[kind]}`);
  const verified = { ...found, [`${kind}_verified`]: true, verified_at: new Date(at).toISOString() };
  if (primary?.value === value) return changed(user, { [kind]: verified }, at);
  // In its place in the list, so that an order that people see stays put.
  const replacement = changeToPrimary ? primary : verified;
  const rest = secondaries.flatMap((entry) => (entry.value === value ? (replacement ?? []) : entry));
  return changed(user, { ...(changeToPrimary && { [kind]: verified }), [SECONDARIES[kind]]: rest }, at);
}

/** Takes an address off a profile, wherever it is there: somebody else has proved it. A user may be left without any name. */
export function withoutAddress(user: User, { kind, value }: Address, at: number): User {
  const { [kind]: primary, ...profile } = user.profile;
  const rest = secondariesOf(user.profile, kind).filter((entry) => entry.value !== value);
  const kept = primary && primary.value !== value ? { [kind]: primary } : {};
  return { ...changed(user, {}, at), profile: { ...profile, ...kept, [SECONDARIES[kind]]: rest } };
}

/** Takes a user out of an application, with what the application kept. @throws NotOnProfile when it is not in there */
export function removeFromApp(user: User, appId: string, at: number): User {
  const { [appId]: gone, ...apps } = user.apps;
  if (!gone) throw new NotOnProfile('The user is not in this application');
  return { ...changed(user, {}, at), apps };
}

/** Puts a user into an application, and changes nothing else of it. */
export const addToApp = (user: User, appId: string, at: number): User => ({
  ...changed(user, {}, at),
  apps: { ...user.apps, [appId]: {} },
});

function secondariesOf(profile: Profile, kind: AddressKind): (ApiUserEmail | ApiUserPhone)[] {
  return profile[SECONDARIES[kind]] ?? [];
}

function changed(user: User, profile: Profile, at: number): User {
  return {
    ...user,
    version: user.version + 1,
    updated_at: Math.max(at, user.updated_at),
    profile: { ...user.profile, ...profile },
  };
}
