import { Type, type Static } from 'typebox';

/** The token endpoint (RFC 6749, 4.4: client credentials) and what lets others check its tokens. */

/** Audience of a token that was asked for without a `resource`. */
export const DEFAULT_AUDIENCE = 'userid-api';
/** The role in the token of a management application. */
export const MANAGEMENT_ROLE = 'management';
/** How long an access token lives, in seconds. */
export const TOKEN_LIFETIME_SECONDS = 3600;

// Members may be missing or unknown here: RFC 6749 has error codes of its own for that, and 3.2 says to ignore the unknown.
export const TokenRequest = Type.Object(
  {
    grant_type: Type.Optional(Type.Literal('client_credentials')),
    client_id: Type.Optional(Type.String({ maxLength: 255, format: 'plain-text' })),
    client_secret: Type.Optional(Type.String({ maxLength: 1000, format: 'plain-text' })),
    resource: Type.Optional(Type.String({ format: 'uri', description: 'Becomes the audience (RFC 8707)' })),
  },
  { title: 'TokenRequest' },
);

export const TokenResponse = Type.Object(
  {
    access_token: Type.String({ description: 'A signed JWT' }),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds' }),
    scope: Type.String({ description: 'Permissions, separated by spaces' }),
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

export const OAUTH_ERRORS = [
  'invalid_request',
  'invalid_client',
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
  },
  { title: 'Discovery', description: 'RFC 8414' },
);

export type TokenRequest = Static<typeof TokenRequest>;
export type TokenResponse = Static<typeof TokenResponse>;
export type AccessTokenClaims = Static<typeof AccessTokenClaims>;
export type JsonWebKeySet = Static<typeof JsonWebKeySet>;
export type Discovery = Static<typeof Discovery>;
export type OAuthError = Static<typeof OAuthError>;
