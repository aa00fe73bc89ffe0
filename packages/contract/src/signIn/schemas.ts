import { Type, type Static } from 'typebox';
import { unauthorized } from '../schema/answers.ts';
import { Closed, Email, OneOf, Phone, Text } from '../schema/schemas.ts';

/** What the sign-in operations share. */

const AUTH_ERRORS = [
  'system_invalid_input',
  'auth_invalid_credentials',
  'auth_otp_passcode_expired',
  'auth_locked',
  'auth_password_temporary',
  'auth_password_expired',
  'auth_password_weak',
  'auth_password_recently_used',
  'auth_password_already_configured',
  'session_not_found',
  'refresh_token_invalid',
  'user_not_active',
  'user_not_found',
  'user_email_address_missing',
  'user_phone_number_missing',
  'external_provider_configuration_error',
  'signup_not_allowed',
  'too_many_requests',
] as const;

/** An error of the backend-to-backend operations: its code is text. */
export const AuthError = Type.Object(
  {
    error_code: OneOf(AUTH_ERRORS, 'Stable code of the fault'),
    message: Type.String(),
    reset_token: Type.Optional(
      Type.String({ description: 'What a new password is set with at /cis/v1/auth/password/reset, within 15 minutes' }),
    ),
  },
  { title: 'AuthError' },
);

/** The answers that a backend-to-backend sign-in shares with the others. */
export const authErrors = {
  400: { description: 'The request is malformed', schema: AuthError },
  ...unauthorized,
  403: { description: 'The user may not sign in so, or not now', schema: AuthError },
  429: {
    description: 'Too many of these came for this client, address or source: try again after Retry-After',
    schema: AuthError,
  },
};

const IDENTIFIER_TYPES = ['email', 'phone_number', 'username', 'user_id', 'external_user_id'] as const;

/** What names a user at a sign-in, and what kind of name it is. */
export const identifier = Text(255, 'What names the user');
export const identifierType = OneOf(IDENTIFIER_TYPES, 'What kind of name that is');

export const clientAttributes = Type.Optional(
  Closed(
    {
      user_agent: Type.Optional(Type.String({ maxLength: 1000, format: 'plain-text' })),
      ip_address: Type.Optional(
        Type.String({
          maxLength: 45,
          format: 'plain-text',
          description: "The user's; what is limited by source goes by it",
        }),
      ),
    },
    { description: 'Of the user whom the application signs in' },
  ),
);

const anyObject = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  'x-max-json-bytes': 8192,
  description: 'Claims by name (OpenID Connect Core, 5.5)',
});
export const claims = Type.Optional(
  Closed(
    { id_token: Type.Optional(anyObject), access_token: Type.Optional(anyObject) },
    { description: 'Claims beyond those that every token has; one that the user has no value for is left out' },
  ),
);
export const resource = Type.Optional(
  Type.String({ maxLength: 2048, format: 'uri', description: 'Becomes the audience of the access token' }),
);
export const orgId = Type.Optional(Text(255, 'There are no organizations: refused'));
export const deviceId = Type.Optional(
  Type.String({ maxLength: 80, format: 'plain-text', description: 'Taken, and without effect' }),
);

/** What every sign-in that gives tokens takes. */
export const signInOptions = {
  resource,
  claims,
  org_id: orgId,
  client_attributes: clientAttributes,
  device_id: deviceId,
  session_id: Type.Optional(Text(255, 'A session of the same user that this sign-in joins, as a second factor')),
};

/** The tokens of a user who has signed in. */
export const TokenSet = Type.Object(
  {
    access_token: Type.String({ description: "The user's access token; a signed JWT" }),
    id_token: Type.String({ description: 'Identifies the user (OpenID Connect Core, 2)' }),
    refresh_token: Type.String({ description: 'Good for new tokens, once' }),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Of the access token, in seconds' }),
    session_id: Type.String(),
  },
  { title: 'TokenSet' },
);

const line = (description: string, maxLength = 1000) => Type.Optional(Type.String({ maxLength, description }));

/** The texts of an email, where the application brings its own. */
export const emailContent = Type.Optional(
  Closed(
    {
      subject: Type.String({ minLength: 1, maxLength: 255, format: 'plain-text', description: 'Subject' }),
      primaryColor: Type.Optional(Type.String({ maxLength: 7, format: 'hex-color', description: 'Such as #3b82f6' })),
      base64logo: Type.Optional(Type.String({ maxLength: 20_000, description: 'Picture' })),
      headerText: line('Header'),
      bodyText: line('Body', 5000),
      linkText: line('Text of the link'),
      infoText: line('Further information', 5000),
      footerText: line('Footer'),
      senderName: Type.Optional(
        Type.String({ maxLength: 255, format: 'plain-text', description: 'Name of the sender' }),
      ),
    },
    { description: "The email's texts; those of the tenant, in the user's language, unless told" },
  ),
);

/** At most ten facts that the user approves by the sign-in. */
export const approvalData = Type.Optional(
  Type.Unsafe<Record<string, string | number | boolean>>({
    type: 'object',
    maxProperties: 10,
    propertyNames: { maxLength: 255, format: 'approval-text' },
    additionalProperties: { type: ['string', 'number', 'boolean'], maxLength: 255, format: 'approval-text' },
    description:
      'What the user approves by it, in letters, digits, underscores, hyphens and periods: comes back in the ID token',
  }),
);

export const customMessage = Type.Optional(
  Type.String({ maxLength: 140, format: 'otp-message', description: 'Text of the SMS, with {otp} and {app} in it' }),
);
export const senderId = Type.Optional(
  Type.String({ maxLength: 11, format: 'plain-text', description: 'Who sends the SMS' }),
);

export const email = Email('Email of the user');
export const phone = Phone('Phone number of the user, E.164');
export const redirectUri = Type.String({
  maxLength: 2048,
  format: 'redirect-uri',
  description: "Where the user goes with a code: one of the client's redirect URIs",
});

export const Message = Type.Object({ message: Type.String() }, { title: 'Message' });

export type TokenSet = Static<typeof TokenSet>;
export type AuthError = Static<typeof AuthError>;
export type SignInIdentifierType = (typeof IDENTIFIER_TYPES)[number];
