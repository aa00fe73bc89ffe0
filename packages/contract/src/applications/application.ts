import { Type, type Static } from 'typebox';
import { Closed, DateTime, OneOf, Text } from '../schema/schemas.ts';
import {
  authMethod,
  cibaAuthorization,
  clientType,
  CreateClientInput,
  deviceAuthorization,
  pkce,
  PROTOCOLS,
  redirectUris,
  resources,
} from './client.ts';

/** The applications of a tenant: each has clients, of which one is the default. */

/** What the tokens of an application reach: the whole tenant, or its users and the application itself. */
const APPLICATION_ROLES = ['management', 'ordinary'] as const;

const maybeUri = (description: string) => Type.String({ maxLength: 2048, format: 'plain-text', description });
const line = (description: string) => Type.String({ maxLength: 1000, format: 'plain-text', description });
const UNUSED = 'Kept, and without effect';

/** What an application is made of, apart from its name and its default client. */
const settings = {
  app_description: Type.Optional(line('What it is for')),
  service_providers: Type.Optional(
    Type.Array(Text(255, UNUSED), { maxItems: 100, uniqueItems: true, description: UNUSED }),
  ),
  allow_public_signup: Type.Optional(
    Type.Boolean({ default: false, description: 'Whether a sign-in may create the user' }),
  ),
  authenticator_preferences: Type.Optional(
    Closed({ is_centralized: Type.Boolean({ description: UNUSED }), login_uri: Type.Optional(maybeUri(UNUSED)) }),
  ),
  login_uri: Type.Optional(maybeUri(UNUSED)),
  invite_member_uri: Type.Optional(maybeUri(UNUSED)),
  invite_member_email_expiration_minutes: Type.Optional(Type.Number({ minimum: 1, maximum: 1e9, description: UNUSED })),
  refresh_token_invalidation_trigger_configuration: Type.Optional(
    Closed({
      invalidateOnMemberSuspension: Type.Optional(Type.Boolean({ description: UNUSED })),
      invalidateOnMemberPasswordReset: Type.Optional(Type.Boolean({ description: UNUSED })),
      invalidateOnMemberRoleUpdate: Type.Optional(Type.Boolean({ description: UNUSED })),
    }),
  ),
  logo: Type.Optional(
    Type.String({ maxLength: 100_000, format: 'plain-text', description: 'URI of a logo. Kept, and without effect' }),
  ),
  subdomain: Type.Optional(maybeUri(UNUSED)),
  custom_domain: Type.Optional(maybeUri(UNUSED)),
  should_delete_signing_key: Type.Optional(Type.Boolean({ description: UNUSED })),
  signing_key_enabled: Type.Optional(Type.Boolean({ description: UNUSED })),
  invite_client_id: Type.Optional(Type.String({ maxLength: 255, format: 'plain-text', description: UNUSED })),
};

/** Deprecated: they are the default client's. */
const defaultClient = {
  client_type: Type.Optional(clientType),
  client_display_name: Type.Optional(
    Text(
      255,
      'Name of the default client; that of the application unless told. Beside first_client, whose name counts, it is ignored',
    ),
  ),
  client_description: Type.Optional(line('What the default client is for')),
  redirect_uris: Type.Optional(redirectUris),
  resources: Type.Optional(resources),
  device_authorization: Type.Optional(deviceAuthorization),
  ciba_authorization: Type.Optional(cibaAuthorization),
  client_auth_method: Type.Optional(authMethod),
  pkce: Type.Optional(pkce),
};

const app_name = Text(255, 'Name of the application; unique in the tenant');
const first = {
  first_client_authentication_protocol: Type.Optional(OneOf(PROTOCOLS, 'What the first client speaks')),
  first_client: Type.Optional(CreateClientInput),
};

export const CreateApplicationInput = Closed(
  {
    app_name,
    ...settings,
    ...defaultClient,
    ...first,
    role: Type.Optional(
      OneOf(APPLICATION_ROLES, "What its tokens reach; ordinary unless told (the tenant's own property)"),
    ),
  },
  { title: 'CreateApplicationInput' },
);

export const UpdateApplicationInput = Closed(
  {
    app_name: Type.Optional(app_name),
    ...settings,
    ...defaultClient,
    enabled: Type.Optional(
      Type.Boolean({
        description: "Whether its clients get tokens and its tokens are good (the tenant's own property)",
      }),
    ),
  },
  {
    title: 'UpdateApplicationInput',
    minProperties: 1,
    description: 'Only what is sent changes; objects and arrays replace',
  },
);

export const UpdateResourcesInput = Closed({ resource_ids: resources }, { title: 'UpdateResourcesInput' });

const basics = {
  app_id: Type.String(),
  tenant_id: Type.String(),
  app_name: Type.String(),
  app_description: Type.String(),
  login_uri: Type.Optional(Type.String()),
  role: OneOf(APPLICATION_ROLES, "What its tokens reach (the tenant's own property)"),
  enabled: Type.Boolean({ description: "Whether its tokens are good (the tenant's own property)" }),
};

export const ApiBasicApplication = Type.Object(basics, { title: 'ApiBasicApplication' });

export const ApiApplication = Type.Object(
  {
    ...basics,
    client_id: Type.Optional(Type.String({ description: 'Of the default client' })),
    client_secret: Type.Optional(Type.String({ description: 'Shown this once: only a hash of it is kept' })),
    created_at: DateTime('When it was made'),
    created_by: Type.String({ description: 'The client whose token made it' }),
    updated_at: DateTime('When it was last changed'),
    allow_public_signup: Type.Boolean(),
  },
  {
    title: 'ApiApplication',
    additionalProperties: true,
    description: 'With the settings of the application as they came',
  },
);

export type CreateApplicationInput = Static<typeof CreateApplicationInput>;
export type UpdateApplicationInput = Static<typeof UpdateApplicationInput>;
export type ApiApplication = Static<typeof ApiApplication>;
export type ApiBasicApplication = Static<typeof ApiBasicApplication>;
