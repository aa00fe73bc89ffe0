import { Type, type Static } from 'typebox';
import { OneOf } from '../schema/schemas.ts';

/** The token endpoint (RFC 6749, 3.2) and what lets others check its tokens. */

/** Audience of a token that was asked for without a `resource`. */
export const DEFAULT_AUDIENCE = 'userid-api';
/** The role in the token of a management application. */
export const MANAGEMENT_ROLE = 'management';
/** How long an access token lives, in seconds. */
export const TOKEN_LIFETIME_SECONDS = 3600;

/** What a token may be given for (RFC 6749, 4.1, 4.4 and 6). */
export const GRANT_TYPES = ['client_credentials', 'authorization_code', 'refresh_token'] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

// Members may be missing or unknown here: RFC 6749 has error codes of its own for that, and 3.2 says to ignore the unknown.
export const TokenRequest = Type.Object(
  {
    grant_type: Type.Optional(OneOf(GRANT_TYPES, 'What the token is given for')),
    client_id: Type.Optional(Type.String({ maxLength: 255, format: 'plain-text' })),
    client_secret: Type.Optional(Type.String({ maxLength: 1000, format: 'plain-text' })),
    resource: Type.Optional(
      Type.String({ maxLength: 2048, format: 'uri', description: 'Becomes the audience (RFC 8707)' }),
    ),
    code: Type.Optional(Type.String({ maxLength: 1000, format: 'plain-text', description: 'An authorization code' })),
    redirect_uri: Type.Optional(
      Type.String({ maxLength: 2048, format: 'plain-text', description: 'The one that the code was sent to' }),
    ),
    code_verifier: Type.Optional(
      Type.String({
        maxLength: 128,
        format: 'plain-text',
        description: 'Must be absent: no code is asked for with PKCE (RFC 7636)',
      }),
    ),
    refresh_token: Type.Optional(Type.String({ maxLength: 1000, format: 'plain-text' })),
  },
  { title: 'TokenRequest' },
);

export const TokenResponse = Type.Object(
  {
    access_token: Type.String({ description: 'A signed JWT' }),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds' }),
    scope: Type.Optional(Type.String({ description: 'Permissions, separated by spaces' })),
    id_token: Type.Optional(Type.String({ description: 'Identifies the user who has signed in; a signed JWT' })),
    refresh_token: Type.Optional(Type.String({ description: 'Good for new tokens, once' })),
    session_id: Type.Optional(Type.String({ description: 'The session of the user who has signed in' })),
  },
  { title: 'TokenResponse' },
);

/** The claims of an access token. */
export const AccessTokenClaims = Type.Object({
  iss: Type.String(),
  sub: Type.String({ description: 'The client ID' }),
  aud: Type.String(),
  iat: Type.Integer(),
  exp: Type.Integer(),
  jti: Type.String(),
  client_id: Type.String(),
  app_id: Type.String(),
  app_name: Type.String(),
  tid: Type.String({ description: 'The tenant' }),
  scope: Type.String(),
  roles: Type.Array(Type.String()),
});

/** The claims of the access token that a user's sign-in gives. */
export const UserTokenClaims = Type.Object({
  ...AccessTokenClaims.properties,
  sub: Type.String({ description: 'The user ID' }),
  sid: Type.String({ description: 'The session' }),
});

const OAUTH_ERRORS = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unsupported_grant_type',
  'invalid_target',
  'server_error',
  'too_many_attempts',
  'hashing_busy',
  'database_unavailable',
  'time_limit_reached',
] as const;

export const OAuthError = Type.Object(
  {
    error: Type.Unsafe<(typeof OAUTH_ERRORS)[number]>({ type: 'string', enum: [...OAUTH_ERRORS] }),
    error_description: Type.String(),
  },
  { title: 'OAuthError', description: 'RFC 6749, 5.2; invalid_target: RFC 8707, 2' },
);

export const JsonWebKeySet = Type.Object(
  {
    keys: Type.Array(
      Type.Object({
        kty: Type.String(),
        kid: Type.String(),
        alg: Type.String(),
        use: Type.String(),
        n: Type.String(),
        e: Type.String(),
      }),
    ),
  },
  { title: 'JsonWebKeySet', description: 'RFC 7517' },
);

export const Discovery = Type.Object(
  {
    issuer: Type.String(),
    token_endpoint: Type.String(),
    jwks_uri: Type.String(),
    grant_types_supported: Type.Array(Type.String()),
    token_endpoint_auth_methods_supported: Type.Array(Type.String()),
    response_types_supported: Type.Array(Type.String()),
    subject_types_supported: Type.Array(Type.String()),
    id_token_signing_alg_values_supported: Type.Array(Type.String()),
    userinfo_endpoint: Type.String(),
    scopes_supported: Type.Array(Type.String()),
  },
  { title: 'Discovery', description: 'OpenID Connect Discovery 1.0; RFC 8414' },
);

export type TokenRequest = Static<typeof TokenRequest>;
export type TokenResponse = Static<typeof TokenResponse>;
export type AccessTokenClaims = Static<typeof AccessTokenClaims>;
export type UserTokenClaims = Static<typeof UserTokenClaims>;
export type JsonWebKeySet = Static<typeof JsonWebKeySet>;
export type Discovery = Static<typeof Discovery>;
export type OAuthError = Static<typeof OAuthError>;
