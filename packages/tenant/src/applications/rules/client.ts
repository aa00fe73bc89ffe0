import type { ApiClient, CreateClientInput, UpdateClientInput } from '@tessera/contract';

/** What a client is set up with, apart from its name: as it came. */
export type ClientSettings = Omit<CreateClientInput, 'name'>;

/** A client of an application, as it is stored. Times are milliseconds since the epoch. */
export interface Client {
  tenant_id: string;
  client_id: string;
  app_id: string;
  name: string;
  /** Argon2id, in PHC string format. */
  secret_hash: string;
  /** The secret before the last rotation, which is good until `previous_valid_until`. */
  previous_secret_hash: string | null;
  previous_valid_until: number | null;
  settings: ClientSettings;
  created_at: number;
  updated_at: number;
}

/** How long a session of a client's users lives unless the client says otherwise, in seconds: two weeks. */
export const SESSION_SECONDS = 14 * 24 * 60 * 60;

/** What the API shows of a client where nothing was set. */
const DEFAULTS = {
  description: '',
  resources: [],
  client_group_id: '',
  default_custom_claims: [],
  short_cookies_samesite_type: 'lax',
};
const OIDC_DEFAULTS = {
  redirect_uris: [],
  client_type: 'web',
  device_authorization: { enabled: false, approval_uri: '', success_uri: '', input_uri: '' },
  ciba_authorization: { enabled: false },
  supported_prompts: ['login', 'consent', 'none'],
  token_expiration: {},
  session_expiration: SESSION_SECONDS,
  enforce_par: false,
  fapi_version_compliancy: false,
};
/** Of SAML nothing is served, and so there are no addresses of it. */
const SAML_DEFAULTS = {
  optional_acs_url: false,
  sp_acs_url: '',
  metadata_url: '',
  sso_url: '',
  entity_id: '',
  x509_certificate: '',
  sp_name_id_type: 'email',
  sign_assertion: false,
};

/** What a client speaks: what it says or, of one that says nothing and has an entity ID and no redirect URIs, SAML. */
export const protocolOf = ({
  authentication_protocol: protocol,
  sp_entity_id,
  redirect_uris,
}: ClientSettings): NonNullable<ClientSettings['authentication_protocol']> =>
  protocol ?? (sp_entity_id !== undefined && redirect_uris === undefined ? 'saml' : 'oidc');

/** What is missing in a client's settings: a sentence each. */
export function clientFaults(settings: ClientSettings, at = ''): string[] {
  if (protocolOf(settings) === 'saml') {
    return settings.sp_entity_id === undefined ? [`${at}sp_entity_id is required of a saml client`] : [];
  }
  return settings.redirect_uris === undefined ? [`${at}redirect_uris is required of an oidc client`] : [];
}

/** The settings after an update: only what is sent changes. */
export function updatedSettings(settings: ClientSettings, { name: _, ...update }: UpdateClientInput): ClientSettings {
  return { ...settings, ...update };
}

/**
 * What the API shows of a client.
 * @param secret shown when it has just been made
 */
export function toApiClient(client: Client, secret?: string): ApiClient {
  const authentication_protocol = protocolOf(client.settings);
  return {
    ...DEFAULTS,
    ...(authentication_protocol === 'saml' ? SAML_DEFAULTS : OIDC_DEFAULTS),
    ...client.settings,
    app_id: client.app_id,
    tenant_id: client.tenant_id,
    client_id: client.client_id,
    ...(secret && { client_secret: secret }),
    name: client.name,
    authentication_protocol,
    created_at: new Date(client.created_at).toISOString(),
    updated_at: new Date(client.updated_at).toISOString(),
  };
}
