import type { CustomClaim } from '@tessera/contract';
import type { CallingApp } from '../../users/rules/result.ts';
import type { User } from '../../users/rules/user.ts';

/** What tokens and the user info say of a user, by the vendor's names and the standard's. */

type Claims = Record<string, unknown>;

/** The claims that the tenant knows; one that is not among them, or that the user has not, is left out. */
const VALUES: Partial<Record<CustomClaim | StandardClaim, (user: User, app: CallingApp) => unknown>> = {
  fname: ({ profile }) => profile.name?.first_name,
  mname: ({ profile }) => profile.name?.middle_name,
  lname: ({ profile }) => profile.name?.last_name,
  given_name: ({ profile }) => profile.name?.first_name,
  middle_name: ({ profile }) => profile.name?.middle_name,
  family_name: ({ profile }) => profile.name?.last_name,
  name: ({ profile: { name } }) =>
    [name?.first_name, name?.middle_name, name?.last_name].filter(Boolean).join(' ') || undefined,
  preferred_username: ({ profile }) => profile.username,
  username: ({ profile }) => profile.username,
  email: ({ profile }) => profile.email?.value,
  email_verified: ({ profile }) => profile.email?.email_verified,
  phone_number: ({ profile }) => profile.phone_number?.value,
  phone_number_verified: ({ profile }) => profile.phone_number?.phone_number_verified,
  secondary_emails: ({ profile }) => profile.secondary_emails?.map(({ value }) => value),
  secondary_phone_numbers: ({ profile }) => profile.secondary_phone_numbers?.map(({ value }) => value),
  birthday: ({ profile }) => profile.birthday,
  birthdate: ({ profile }) => profile.birthday,
  language: ({ profile }) => profile.language,
  locale: ({ profile }) => profile.language,
  picture: ({ profile }) => profile.picture,
  address: ({ profile: { address } }) => address && withoutDate(address),
  city: ({ profile }) => profile.address?.city,
  country: ({ profile }) => profile.address?.country,
  street_address: ({ profile }) => profile.address?.street_address,
  address_type: ({ profile }) => profile.address?.type,
  groups: ({ group_ids }) => group_ids,
  created_at: ({ created_at }) => created_at,
  last_auth: ({ last_auth }) => last_auth ?? undefined,
  external_user_id: ({ profile }) => profile.external_user_id,
  external_account_id: ({ apps }, { app_id }) => apps[app_id]?.external_account_id,
  custom_app_data: ({ apps }, { app_id }) => apps[app_id]?.custom_app_data,
  custom_data: ({ custom_data }) => custom_data ?? undefined,
  app_name: (_user, { app_name }) => app_name,
  updated_at: ({ updated_at }) => Math.floor(updated_at / 1000),
};

const STANDARD_CLAIMS = [
  'name',
  'given_name',
  'middle_name',
  'family_name',
  'preferred_username',
  'birthdate',
  'locale',
  'updated_at',
] as const;
type StandardClaim = (typeof STANDARD_CLAIMS)[number];

/** What the user info always has (OpenID Connect Core, 5.1 and 5.4: profile, email, phone). */
export const USER_INFO_CLAIMS = [
  ...STANDARD_CLAIMS,
  'picture',
  'email',
  'email_verified',
  'phone_number',
  'phone_number_verified',
] as const;

/** The values of claims by name. */
export function claimsOf(user: User, app: CallingApp, names: Iterable<string>): Claims {
  const claims: Claims = {};
  for (const name of names) {
    const value = Object.hasOwn(VALUES, name) ? VALUES[name as CustomClaim]!(user, app) : undefined;
    if (value !== undefined) claims[name] = value;
  }
  return claims;
}

const withoutDate = ({ updated_at: _, ...address }: { updated_at?: number }): object => address;
