import { Type, type Static } from 'typebox';
import { Closed, CustomData, Email, Nullable, OneOf, Phone, Text, Username } from '../schema/schemas.ts';
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from './passwords.ts';
import { ADDRESS_TYPES, STATUSES } from './user.ts';

/** What the Users API takes when a user is created or updated. */

export const UserNameInput = Closed(
  {
    title: Type.Optional(Text(30, 'Title')),
    first_name: Type.Optional(Text(30, 'First name')),
    middle_name: Type.Optional(Text(30, 'Middle name')),
    last_name: Type.Optional(Text(30, 'Last name')),
  },
  { description: 'Full name; replaces the stored one whole' },
);

export const AddressInput = Closed(
  {
    country: Type.Optional(Text(30, 'Country')),
    state: Type.Optional(Text(30, 'State')),
    city: Type.Optional(Text(30, 'City')),
    street_address: Type.Optional(Text(150, 'Street address')),
    postal_code: Type.Optional(Text(30, 'Postal code')),
    type: Type.Optional(OneOf(ADDRESS_TYPES, 'What the address is for')),
  },
  { description: 'Postal address; replaces the stored one whole' },
);

export const CredentialsInput = Closed(
  {
    password: Type.String({
      minLength: PASSWORD_MIN_LENGTH,
      maxLength: PASSWORD_MAX_LENGTH,
      format: 'plain-text',
      description: 'The new password; kept only as an Argon2id hash',
    }),
    force_replace: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Whether the password is temporary, to be replaced at the next sign-in',
      }),
    ),
  },
  {
    description:
      'Password of a user who has a username or a primary email. If the first sign-in of the user is by a code, a link or a provider, it removes the password',
  },
);

export const DelegatedAccessInput = Closed(
  {
    actor_id: Text(255, 'ID of the user who may act for this one'),
    permissions: Type.Array(Text(255, 'Permission'), {
      maxItems: 100,
      uniqueItems: true,
      description: 'What that user may do',
    }),
  },
  { description: 'Who may act for this user, a dependent, and how' },
);

const attributes = {
  email: Email('Primary email; compared without case, stored in lower case'),
  phone_number: Phone('Primary phone number, E.164'),
  username: Username('Name to sign in with; compared without case, unique in the tenant'),
  birthday: Type.String({
    maxLength: 40,
    format: 'birthday',
    description: 'YYYY-MM-DD or a date-time, whose date is kept as written',
  }),
  address: AddressInput,
  name: UserNameInput,
  external_account_id: Text(255, 'The user in the calling application'),
  custom_app_data: CustomData("The calling application's data; replaced whole"),
  picture: Type.String({ maxLength: 2048, format: 'http-url', description: 'URL of a picture' }),
  language: Text(255, 'As in Accept-Language'),
  custom_data: CustomData("The tenant's data; merged one level deep"),
  external_user_id: Text(255, 'The user in a system of your own; unique in the tenant'),
  delegated_access: DelegatedAccessInput,
};

const additions = {
  secondary_emails: Type.Array(Email('Secondary email'), {
    maxItems: 50,
    description: 'Emails to add to those on the profile',
  }),
  secondary_phone_numbers: Type.Array(Phone('Secondary phone number, E.164'), {
    maxItems: 50,
    description: 'Phone numbers to add to those on the profile',
  }),
};

export const CreateUserInput = Closed(
  {
    email: Type.Optional(attributes.email),
    phone_number: Type.Optional(attributes.phone_number),
    username: Type.Optional(attributes.username),
    secondary_emails: Type.Optional(additions.secondary_emails),
    secondary_phone_numbers: Type.Optional(additions.secondary_phone_numbers),
    birthday: Type.Optional(attributes.birthday),
    address: Type.Optional(attributes.address),
    name: Type.Optional(attributes.name),
    external_account_id: Type.Optional(attributes.external_account_id),
    custom_app_data: Type.Optional(attributes.custom_app_data),
    picture: Type.Optional(attributes.picture),
    language: Type.Optional(attributes.language),
    custom_data: Type.Optional(attributes.custom_data),
    external_user_id: Type.Optional(attributes.external_user_id),
    credentials: Type.Optional(CredentialsInput),
    delegated_access: Type.Optional(attributes.delegated_access),
  },
  { title: 'CreateUserInput', description: 'An email, phone_number, username or external_user_id is required' },
);

export const UpdateUserInput = Closed(
  {
    email: Type.Optional(Nullable(attributes.email)),
    phone_number: Type.Optional(Nullable(attributes.phone_number)),
    username: Type.Optional(Nullable(attributes.username)),
    secondary_emails: Type.Optional(additions.secondary_emails),
    secondary_phone_numbers: Type.Optional(additions.secondary_phone_numbers),
    birthday: Type.Optional(Nullable(attributes.birthday)),
    address: Type.Optional(Nullable(attributes.address)),
    name: Type.Optional(Nullable(attributes.name)),
    external_account_id: Type.Optional(Nullable(attributes.external_account_id)),
    custom_app_data: Type.Optional(Nullable(attributes.custom_app_data)),
    picture: Type.Optional(Nullable(attributes.picture)),
    language: Type.Optional(Nullable(attributes.language)),
    custom_data: Type.Optional(Nullable(attributes.custom_data)),
    external_user_id: Type.Optional(Nullable(attributes.external_user_id)),
    delegated_access: Type.Optional(Nullable(attributes.delegated_access)),
    credentials: Type.Optional(CredentialsInput),
    status: Type.Optional(OneOf(STATUSES, 'Whether the user may sign in')),
  },
  {
    title: 'UpdateUserInput',
    minProperties: 1,
    description: 'Only what is sent changes; null clears an optional attribute',
  },
);

export const VerifyAddressInput = Closed(
  {
    change_to_primary: Type.Optional(
      Type.Boolean({ default: false, description: 'Whether a secondary address becomes the primary one' }),
    ),
  },
  { title: 'VerifyAddressInput' },
);

export type CreateUserInput = Static<typeof CreateUserInput>;
export type UpdateUserInput = Static<typeof UpdateUserInput>;
