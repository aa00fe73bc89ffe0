import { canonicalEmail, canonicalUsername, type UpdateUserInput } from '@tessera/contract';
import type { Profile } from './user.ts';

/** What can name a user; a value is unique in its tenant within its kind, primary or secondary. */
export type IdentifierKind = 'email' | 'phone_number' | 'username' | 'external_user_id';

export interface Identifier {
  kind: IdentifierKind;
  value: string;
}

/** The form in which an identifier is kept and looked for, whatever way it is written. */
export function canonicalIdentifier(kind: IdentifierKind, written: string): Identifier {
  const value = kind === 'email' ? canonicalEmail(written) : kind === 'username' ? canonicalUsername(written) : written;
  return { kind, value };
}

/** Every identifier of a profile, in the one order that all writers take their locks in. */
export function identifiersOf(profile: Profile): Identifier[] {
  const emails = [profile.email, ...(profile.secondary_emails ?? [])];
  const phones = [profile.phone_number, ...(profile.secondary_phone_numbers ?? [])];
  const all: [IdentifierKind, string | undefined][] = [
    ...emails.map((email): [IdentifierKind, string | undefined] => ['email', email?.value]),
    ...phones.map((phone): [IdentifierKind, string | undefined] => ['phone_number', phone?.value]),
    ['username', profile.username && canonicalUsername(profile.username)],
    ['external_user_id', profile.external_user_id],
  ];
  return all
    .flatMap(([kind, value]) => (value === undefined ? [] : [{ kind, value }]))
    .sort((a, b) => compare(a.kind, b.kind) || compare(a.value, b.value));
}

/** Whether a profile has an identifier, primary or secondary. */
export function hasIdentifier(profile: Profile, { kind, value }: Identifier): boolean {
  switch (kind) {
    case 'email':
      return profile.email?.value === value || !!profile.secondary_emails?.some((entry) => entry.value === value);
    case 'phone_number':
      return (
        profile.phone_number?.value === value ||
        !!profile.secondary_phone_numbers?.some((entry) => entry.value === value)
      );
    case 'username':
      return profile.username !== undefined && canonicalUsername(profile.username) === value;
    case 'external_user_id':
      return profile.external_user_id === value;
  }
}

/** Where identifiers stand in a profile and in an input, and of what kind they are there. */
const KINDS = {
  email: 'email',
  secondary_emails: 'email',
  phone_number: 'phone_number',
  secondary_phone_numbers: 'phone_number',
  username: 'username',
  external_user_id: 'external_user_id',
} as const satisfies Record<string, IdentifierKind>;
const ATTRIBUTES = Object.keys(KINDS) as (keyof typeof KINDS)[];

/** The identifiers that an update gives a user. @param input valid by its schema */
export const identifiersIn = (input: Pick<UpdateUserInput, keyof typeof KINDS>): Identifier[] =>
  ATTRIBUTES.flatMap((name) => [input[name] ?? []].flat().map((value) => canonicalIdentifier(KINDS[name], value)));

/** Those identifiers of `profile` that `other` has not. */
export function identifiersBeyond(profile: Profile, other: Profile): Identifier[] {
  // Most changes leave all of them as they are.
  if (ATTRIBUTES.every((name) => profile[name] === other[name])) return [];
  const known = new Set(identifiersOf(other).map(identifierKey));
  return identifiersOf(profile).filter((identifier) => !known.has(identifierKey(identifier)));
}

/** Tells two identifiers of a tenant apart. */
export const identifierKey = ({ kind, value }: Identifier): string => `${kind} ${value}`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
