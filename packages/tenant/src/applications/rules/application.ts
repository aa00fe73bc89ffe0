import { isDeepStrictEqual } from 'node:util';
import type {
  ApiApplication,
  ApiBasicApplication,
  CreateApplicationInput,
  CreateClientInput,
  UpdateApplicationInput,
} from '@tessera/contract';
import { clientFaults, protocolOf, toApiClient, type Client, type ClientSettings } from './client.ts';

/** What an application is set up with, apart from its name and its clients: as it came. */
export type ApplicationSettings = Omit<
  CreateApplicationInput,
  'app_name' | 'role' | 'first_client' | 'first_client_authentication_protocol' | keyof typeof OF_CLIENT
>;

/** An application of a tenant, as it is stored. Times are milliseconds since the epoch. */
export interface Application {
  tenant_id: string;
  app_id: string;
  name: string;
  /** Whether its tokens reach the whole tenant, other applications too. */
  management: boolean;
  /** Whether its clients get tokens, and their tokens are good. */
  enabled: boolean;
  settings: ApplicationSettings;
  default_client_id: string | null;
  /** The client whose token made it; empty for those that the tenant made itself. */
  created_by: string;
  created_at: number;
  updated_at: number;
}

/** The deprecated members of an application that are its default client's, and what that calls them. */
const OF_CLIENT = {
  client_type: 'client_type',
  client_display_name: 'name',
  client_description: 'description',
  redirect_uris: 'redirect_uris',
  resources: 'resources',
  device_authorization: 'device_authorization',
  ciba_authorization: 'ciba_authorization',
  client_auth_method: 'token_endpoint_auth_method',
  pkce: 'pkce',
} as const;

const OWN = new Set([
  'app_name',
  'role',
  'enabled',
  'first_client',
  'first_client_authentication_protocol',
  ...Object.keys(OF_CLIENT),
]);

/** What of an application's input is its own settings. */
export const settingsOf = (input: CreateApplicationInput | UpdateApplicationInput): ApplicationSettings =>
  Object.fromEntries(Object.entries(input).filter(([name]) => !OWN.has(name)));

/** What of an application's input is its default client's, by the client's own names. */
export const clientPartOf = (input: CreateApplicationInput | UpdateApplicationInput): Partial<CreateClientInput> =>
  Object.fromEntries(
    Object.entries(OF_CLIENT).flatMap(([name, ofClient]) => {
      const value = (input as Record<string, unknown>)[name];
      return value === undefined ? [] : [[ofClient, value]];
    }),
  );

/**
 * The default client that an application is created with.
 * @returns its name and settings, or a sentence for each thing that is wrong
 */
export function firstClient(
  input: CreateApplicationInput,
): { name: string; settings: ClientSettings } | { faults: string[] } {
  const part = clientPartOf(input);
  const protocol = input.first_client_authentication_protocol;
  if (input.first_client) {
    // The vendor wants client_display_name of every application, though first_client has a name of its own.
    const { name: _displayName, ...sameAgain } = part;
    const { name, ...rest } = input.first_client;
    // What is said of the client beside it counts where it says nothing itself.
    const settings = { ...sameAgain, ...rest, authentication_protocol: rest.authentication_protocol ?? protocol };
    settings.authentication_protocol ??= protocolOf(rest);
    const faults = [...contradictions(sameAgain, rest), ...clientFaults(settings, 'first_client.')];
    if (protocol && settings.authentication_protocol !== protocol) {
      faults.push('first_client_authentication_protocol must be that of first_client');
    }
    return faults.length > 0 ? { faults } : { name, settings };
  }
  if (protocol === 'saml') return { faults: ['first_client is required for a saml client'] };
  const { name = input.app_name, ...settings } = { redirect_uris: [], ...part };
  return { name, settings };
}

/** What the deprecated members say otherwise than the client that they are of: a sentence each. */
const contradictions = (part: Record<string, unknown>, client: Record<string, unknown>): string[] =>
  Object.entries(OF_CLIENT)
    .filter(([, name]) => part[name] !== undefined && client[name] !== undefined)
    .filter(([, name]) => !isDeepStrictEqual(part[name], client[name]))
    .map(([member, name]) => `${member} and first_client.${name} must say the same`);

/** What the API shows of an application where nothing was set. */
const DEFAULTS = {
  logo: '',
  service_providers: [],
  authenticator_preferences: { is_centralized: false, login_uri: '' },
  login_preferences: { auth_methods: {} },
  allow_public_signup: false,
};

/** What the API shows of an application first of all. */
export function toBasicApplication({
  tenant_id,
  app_id,
  name,
  management,
  enabled,
  settings,
}: Application): ApiBasicApplication {
  return {
    app_id,
    tenant_id,
    app_name: name,
    app_description: settings.app_description ?? '',
    ...(settings.login_uri !== undefined && { login_uri: settings.login_uri }),
    role: management ? 'management' : 'ordinary',
    enabled,
  };
}

/**
 * What the API shows of an application, with the deprecated members that are its default client's.
 * @param client the default one; undefined when it has none
 * @param secret the client's, shown when it has just been made
 */
export function toApiApplication(
  application: Application,
  client: Client | undefined,
  secret?: string,
): ApiApplication {
  const { created_by, created_at, updated_at } = application;
  const { custom_domain: domain, ...settings } = application.settings;
  const changedAt = new Date(updated_at).toISOString();
  return {
    ...DEFAULTS,
    ...settings,
    ...(client && ofDefaultClient(client, secret)),
    ...toBasicApplication(application),
    ...(domain !== undefined && { custom_domain: { domain, updated_at: changedAt } }),
    created_by,
    created_at: new Date(created_at).toISOString(),
    updated_at: changedAt,
  };
}

/** The same in a list, which has no logos: they may be large. */
export function toListedApplication(application: Application, client: Client | undefined): ApiApplication {
  const { logo: _, ...shown } = toApiApplication(application, client) as ApiApplication & { logo?: unknown };
  return shown;
}

function ofDefaultClient(client: Client, secret: string | undefined): Record<string, unknown> {
  const shown = toApiClient(client, secret) as Record<string, unknown>;
  const members = Object.entries({ ...OF_CLIENT, client_id: 'client_id', client_secret: 'client_secret' });
  return Object.fromEntries(
    members.flatMap(([name, ofClient]) => (shown[ofClient] === undefined ? [] : [[name, shown[ofClient]]])),
  );
}
