import { Type, type Static } from 'typebox';
import { Closed, DateTime, OneOf, Text } from '../schema/schemas.ts';
import { CUSTOM_CLAIMS } from './claims.ts';

/** The clients of an application: what authenticates itself with a client ID and a client secret. */

export const PROTOCOLS = ['oidc', 'saml'] as const;
const CLIENT_TYPES = ['web', 'native'] as const;
const PKCE_MODES = [
  'enforcePkceInsteadOfClientCredentials',
  'enforcePkceAlongsideClientCredentials',
  'allowPkceAlongsideClientCredentials',
] as const;
const AUTH_METHODS = [
  'client_secret_basic',
  'self_signed_tls_client_auth',
  'tls_client_auth',
  'none',
  'private_key_jwt',
] as const;

/** The longest that a client's access tokens, and its sessions and refresh tokens, may live, in seconds. */
const ACCESS_TOKEN_TTL_MAX = 24 * 60 * 60;
const SESSION_TTL_MAX = 366 * 24 * 60 * 60;

const maybeUri = (description: string) => Type.String({ maxLength: 2048, format: 'plain-text', description });
const line = (description: string) => Type.String({ maxLength: 1000, format: 'plain-text', description });
const names = (description: string) =>
  Type.Array(Text(255, description), { maxItems: 100, uniqueItems: true, description });
const claims = (description: string) =>
  Type.Array(OneOf(CUSTOM_CLAIMS, 'Claim'), { maxItems: CUSTOM_CLAIMS.length, uniqueItems: true, description });
const seconds = (maximum: number, description: string) =>
  Type.Integer({ minimum: 1, maximum, description: `${description}, in seconds` });
const keySet = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  'x-max-json-bytes': 65_536,
  description: 'A JSON Web Key Set',
});

/** Shared by an application's deprecated members, which are its default client's, and a client's own. */
export const redirectUris = Type.Array(
  Type.String({ maxLength: 2048, format: 'redirect-uri', description: 'Where users may be sent after a sign-in' }),
  {
    maxItems: 100,
    uniqueItems: true,
    description:
      "Where users may be sent after a sign-in: compared character by character, but for the port on the user's own machine",
  },
);
export const resources = names('IDs of resources. Kept, and without effect: a token may be asked for any resource');
export const pkce = OneOf(PKCE_MODES, 'Kept, and without effect: no code is asked for with PKCE');
export const authMethod = OneOf(AUTH_METHODS, 'Kept, and without effect: client secrets are what counts');
export const clientType = OneOf(CLIENT_TYPES, 'Where the client runs. Kept, and without effect');
export const deviceAuthorization = Closed({
  enabled: Type.Boolean({ description: 'Kept, and without effect' }),
  approval_uri: Type.Optional(maybeUri('Kept, and without effect')),
  success_uri: Type.Optional(maybeUri('Kept, and without effect')),
  input_uri: Type.Optional(maybeUri('Kept, and without effect')),
});
export const cibaAuthorization = Closed({
  enabled: Type.Boolean({ description: 'Kept, and without effect' }),
  login_uri: Type.Optional(maybeUri('Kept, and without effect')),
});

const TokenExpiration = Closed({
  access_token_ttl: Type.Optional(seconds(ACCESS_TOKEN_TTL_MAX, 'How long access tokens of its users live')),
  refresh_token_ttl: Type.Optional(seconds(SESSION_TTL_MAX, 'How long a refresh token lives')),
  max_refresh_rotate: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'How often a refresh token may be rotated' }),
  ),
});

const AuthenticationConfiguration = Closed({
  method: OneOf(AUTH_METHODS, 'Kept, and without effect'),
  tls_client_auth: Type.Optional(
    Closed({
      certificate_chain: Type.Optional(Type.String({ maxLength: 65_536 })),
      distinguished_name: Type.Optional(Type.Union([Type.Number(), line('Distinguished name')])),
      ocsp_on: Type.Optional(Type.Boolean()),
      ocsp_responder_uri: Type.Optional(maybeUri('OCSP responder')),
      ocsp_responder_certificate: Type.Optional(Type.String({ maxLength: 65_536 })),
      ocsp_fail_open: Type.Optional(Type.Boolean()),
    }),
  ),
  isMtlsCertTokenBound: Type.Optional(Type.Boolean()),
  jwks: Type.Optional(keySet),
});

/** What a client is made of, apart from its name. */
const settings = {
  description: Type.Optional(line('What it is for')),
  resources: Type.Optional(resources),
  client_group_id: Type.Optional(
    Type.String({ maxLength: 255, format: 'plain-text', description: 'Kept, and without effect' }),
  ),
  default_custom_claims: Type.Optional(claims('Claims that its ID tokens have without being asked')),
  default_user_info_claims: Type.Optional(claims('Claims that its user info has without being asked')),
  sync_id_token_claims_to_userinfo: Type.Optional(
    Type.Boolean({ default: false, description: 'Whether the user info has the claims of the ID token' }),
  ),
  short_cookies_samesite_type: Type.Optional(OneOf(['lax', 'none', 'strict'], 'Kept, and without effect')),
  redirect_uris: Type.Optional(redirectUris),
  client_type: Type.Optional(clientType),
  device_authorization: Type.Optional(deviceAuthorization),
  ciba_authorization: Type.Optional(cibaAuthorization),
  is_third_party: Type.Optional(Type.Boolean({ description: 'Kept, and without effect' })),
  allowed_scopes: Type.Optional(names('Kept, and without effect')),
  consent_uri: Type.Optional(maybeUri('Kept, and without effect')),
  consent_validity_period: Type.Optional(Type.Number({ description: 'Kept, and without effect' })),
  pkce: Type.Optional(pkce),
  supported_prompts: Type.Optional(
    Type.Array(OneOf(['login', 'consent', 'none'], 'Prompt'), {
      uniqueItems: true,
      description: 'Kept, and without effect',
    }),
  ),
  token_expiration: Type.Optional(TokenExpiration),
  session_expiration: Type.Optional(seconds(SESSION_TTL_MAX, 'How long a session of its users lives')),
  enforce_par: Type.Optional(Type.Boolean({ description: 'Kept, and without effect' })),
  role_ids: Type.Optional(names('Kept, and without effect')),
  fapi_version_compliancy: Type.Optional(Type.Boolean({ description: 'Kept, and without effect' })),
  token_endpoint_auth_method: Type.Optional(authMethod),
  response_types: Type.Optional(
    Type.Array(OneOf(['code', 'id_token'], 'Response type'), {
      uniqueItems: true,
      description: 'Kept, and without effect',
    }),
  ),
  authentication_configuration: Type.Optional(AuthenticationConfiguration),
  id_token_encryption: Type.Optional(
    Closed({ enabled: Type.Boolean({ description: 'Kept, and without effect' }), jwks: Type.Optional(keySet) }),
  ),
  sp_acs_url: Type.Optional(maybeUri('Kept, and without effect: the tenant speaks no SAML')),
  sp_entity_id: Type.Optional(maybeUri('Kept, and without effect: the tenant speaks no SAML')),
  sp_name_id_type: Type.Optional(
    OneOf(['email', 'secondaryEmail', 'username', 'phoneNumber', 'externalUserId'], 'Kept, and without effect'),
  ),
  sign_assertion: Type.Optional(Type.Boolean({ description: 'Kept, and without effect' })),
  optional_acs_url: Type.Optional(Type.Boolean({ description: 'Kept, and without effect' })),
  use_centralized_login: Type.Optional(Type.Boolean({ description: 'Kept, and without effect' })),
};

const name = Text(255, 'Name of the client; unique in its application');

export const CreateClientInput = Closed(
  { name, authentication_protocol: Type.Optional(OneOf(PROTOCOLS, 'oidc unless told')), ...settings },
  { title: 'CreateClientInput', description: 'An oidc client needs redirect_uris, a saml one sp_entity_id' },
);

export const UpdateClientInput = Closed(
  { name: Type.Optional(name), ...settings },
  {
    title: 'UpdateClientInput',
    minProperties: 1,
    description: 'Only what is sent changes; objects and arrays replace',
  },
);

export const ApiClient = Type.Object(
  {
    app_id: Type.String({ description: 'The application it belongs to' }),
    tenant_id: Type.String(),
    client_id: Type.String(),
    client_secret: Type.Optional(Type.String({ description: 'Shown this once: only a hash of it is kept' })),
    name: Type.String(),
    created_at: DateTime('When it was made'),
    updated_at: DateTime('When it was last changed'),
    authentication_protocol: OneOf(PROTOCOLS, 'What it speaks'),
  },
  { title: 'ApiClient', additionalProperties: true, description: 'With the settings of the client as they came' },
);

/** The tenant's own: a new secret for a client. */
export const RotateSecretInput = Closed(
  {
    previous_valid_for: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 30 * 24 * 60 * 60,
        default: 0,
        description: 'For how long the secret so far stays valid beside the new one, in seconds; 30 days at most',
      }),
    ),
  },
  { title: 'RotateSecretInput' },
);

export const RotatedSecret = Type.Object(
  {
    client_id: Type.String(),
    client_secret: Type.String({ description: 'Shown this once: only a hash of it is kept' }),
    previous_valid_until: Type.Optional(DateTime('Until when the secret so far is valid as well')),
  },
  { title: 'RotatedSecret' },
);

export type CreateClientInput = Static<typeof CreateClientInput>;
export type UpdateClientInput = Static<typeof UpdateClientInput>;
export type ApiClient = Static<typeof ApiClient>;
