import { Type, type Static } from 'typebox';
import { DateTime, Milliseconds, OneOf } from '../schema/schemas.ts';

/** What the Users API shows of a user: the vendor's `ApiUser`, member by member, and `delegated_access`. */

export const STATUSES = ['Active', 'Disabled', 'Pending'] as const;
export const ADDRESS_TYPES = ['Home', 'Work', 'Other'] as const;

/** The `ts_error_code` of an identifier that another user of the tenant has. */
export const IDENTIFIER_IS_TAKEN = 'identifier_is_taken';

export const Status = OneOf(STATUSES, 'Whether the user may sign in');

export const ApiUserEmail = Type.Object(
  {
    value: Type.String({ description: 'Email address' }),
    email_verified: Type.Boolean({ description: 'Whether the user has proved to own it' }),
    verified_at: Type.Optional(DateTime('When it was last verified')),
  },
  { title: 'ApiUserEmail' },
);

export const ApiUserPhone = Type.Object(
  {
    value: Type.String({ description: 'Phone number, E.164' }),
    phone_number_verified: Type.Boolean({ description: 'Whether the user has proved to own it' }),
    verified_at: Type.Optional(DateTime('When it was last verified')),
  },
  { title: 'ApiUserPhone' },
);

export const ApiUserName = Type.Object(
  {
    title: Type.Optional(Type.String()),
    first_name: Type.Optional(Type.String()),
    middle_name: Type.Optional(Type.String()),
    last_name: Type.Optional(Type.String()),
  },
  { title: 'ApiUserName' },
);

export const ApiAddress = Type.Object(
  {
    country: Type.Optional(Type.String()),
    state: Type.Optional(Type.String()),
    city: Type.Optional(Type.String()),
    street_address: Type.Optional(Type.String()),
    postal_code: Type.Optional(Type.String()),
    type: Type.Optional(OneOf(ADDRESS_TYPES, 'What the address is for')),
    updated_at: Type.Optional(Milliseconds('When the address was last changed')),
  },
  { title: 'ApiAddress' },
);

export const ApiUserIdentityProvider = Type.Object(
  {
    source: Type.String({ description: 'Type of identity provider' }),
    identifier: Type.String({ description: "The user's identifier at the provider" }),
    email: Type.String({ description: 'Email used at the provider' }),
    first_auth_date: DateTime('First sign-in with this provider'),
    last_auth_date: DateTime('Latest sign-in with this provider'),
  },
  { title: 'ApiUserIdentityProvider' },
);

export const ApiUserIdentity = Type.Object(
  {
    provider_name: Type.String({ description: 'Name of the identity provider' }),
    provider_type: OneOf(['OAuth2', 'Native', 'External'], 'Whose identity provider it is'),
    auth_type: OneOf(
      [
        'webauthn',
        'email_otp',
        'sms_otp',
        'direct_otp',
        'email_magic_link',
        'password',
        'oauth2',
        'saml',
        'transmit',
        'totp',
      ],
      'How the user authenticated',
    ),
    identifier: Type.String({ description: "The user's identifier at the provider" }),
    user_alias: Type.Optional(
      Type.Object({
        type: OneOf(['username', 'email', 'phone_number', 'unspecified'], 'What the alias is'),
        value: Type.String(),
      }),
    ),
    first_auth_date: DateTime('First sign-in with this identity'),
    last_auth_date: DateTime('Latest sign-in with this identity'),
  },
  { title: 'ApiUserIdentity' },
);

export const ApiPasswordInformation = Type.Object(
  {
    expired: Type.Boolean({ description: 'Whether the password has expired' }),
    temporary: Type.Boolean({ description: 'Whether it must be replaced at the next sign-in' }),
    updated_at: Milliseconds('When the password was last set'),
    expires_in: Type.Optional(DateTime('When the password expires')),
  },
  { title: 'ApiPasswordInformation' },
);

export const ApiDelegatedAccess = Type.Object(
  {
    actor_id: Type.String({ description: 'The user who may act for this one' }),
    permissions: Type.Array(Type.String(), { description: 'What that user may do' }),
  },
  { title: 'ApiDelegatedAccess' },
);

export const ApiUser = Type.Object(
  {
    user_id: Type.String({ description: 'Assigned when the user is created' }),
    email: Type.Optional(ApiUserEmail),
    secondary_emails: Type.Array(ApiUserEmail),
    phone_number: Type.Optional(ApiUserPhone),
    secondary_phone_numbers: Type.Array(ApiUserPhone),
    username: Type.Optional(Type.String()),
    external_user_id: Type.Optional(
      Type.String({ description: 'The user in a system of your own; unique in the tenant' }),
    ),
    name: Type.Optional(ApiUserName),
    birthday: Type.Optional(Type.String({ description: 'YYYY-MM-DD' })),
    address: Type.Optional(ApiAddress),
    picture: Type.Optional(Type.String({ description: 'URL' })),
    language: Type.Optional(Type.String({ description: 'As in Accept-Language' })),
    custom_data: Type.Optional(Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true })),
    status: Status,
    status_changed_at: Type.Optional(DateTime('When the status last changed')),
    created_at: Milliseconds('When the user was created'),
    updated_at: Milliseconds('When the user was last changed'),
    last_auth: Type.Optional(DateTime('Latest sign-in')),
    identity_providers: Type.Array(ApiUserIdentityProvider, { deprecated: true }),
    identities: Type.Array(ApiUserIdentity),
    password_information: Type.Optional(ApiPasswordInformation),
    groupIds: Type.Array(Type.String(), { description: 'Groups the user is a member of' }),
    app_name: Type.Optional(
      Type.String({ description: 'The calling application, when the user is associated with it' }),
    ),
    external_account_id: Type.Optional(Type.String({ description: 'The user in the calling application' })),
    custom_app_data: Type.Optional(
      Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
    ),
    delegated_access: Type.Optional(ApiDelegatedAccess),
  },
  { title: 'ApiUser' },
);

export type Status = Static<typeof Status>;
export type ApiUser = Static<typeof ApiUser>;
export type ApiUserEmail = Static<typeof ApiUserEmail>;
export type ApiUserPhone = Static<typeof ApiUserPhone>;
export type ApiUserIdentity = Static<typeof ApiUserIdentity>;
export type ApiUserIdentityProvider = Static<typeof ApiUserIdentityProvider>;
