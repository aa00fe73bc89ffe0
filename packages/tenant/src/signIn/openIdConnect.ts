import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  Configuration,
  discovery,
  fetchUserInfo,
} from 'openid-client';
import { ProviderFailed } from './errors.ts';
import type { Provider } from './store/providers.ts';

/** The tenant as a client of an OpenID Connect provider. */

/** How long the provider may take for one answer, in seconds. */
const TIMEOUT_S = 5;

/** What the provider says of the user. */
export interface ExternalUser {
  subject: string;
  email?: string;
  /** Whether the provider vouches for the email. */
  emailVerified: boolean;
}

/** What the tenant keeps between sending the browser away and its coming back. */
export interface Checks {
  state: string;
  nonce: string;
  codeVerifier: string;
}

/** Where the browser goes. @throws ProviderFailed */
export async function providerUrl(provider: Provider, callbackUri: string, checks: Checks): Promise<URL> {
  try {
    return buildAuthorizationUrl(await configurationOf(provider), {
      redirect_uri: callbackUri,
      scope: provider.scope,
      state: checks.state,
      nonce: checks.nonce,
      code_challenge: await calculatePKCECodeChallenge(checks.codeVerifier),
      code_challenge_method: 'S256',
    });
  } catch (error) {
    throw new ProviderFailed(error);
  }
}

/**
 * Exchanges what the browser came back with, and checks all of it.
 * @param landed where it came back, with the provider's parameters
 * @throws ProviderFailed
 */
export async function externalUser(provider: Provider, landed: URL, checks: Checks): Promise<ExternalUser> {
  try {
    const configuration = await configurationOf(provider);
    const tokens = await authorizationCodeGrant(configuration, landed, {
      expectedState: checks.state,
      expectedNonce: checks.nonce,
      pkceCodeVerifier: checks.codeVerifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims()!;
    // Many providers tell the email there alone.
    const more = configuration.serverMetadata().userinfo_endpoint
      ? await fetchUserInfo(configuration, tokens.access_token, claims.sub)
      : {};
    const all: Record<string, unknown> = { ...more, ...claims };
    const text = (name: string): string | undefined => (typeof all[name] === 'string' ? all[name] : undefined);
    return {
      subject: claims.sub,
      email: text('email'),
      emailVerified: all.email_verified === true,
    };
  } catch (error) {
    throw new ProviderFailed(error);
  }
}

function configurationOf({ issuer, client_id, client_secret }: Provider): Promise<Configuration> {
  // Only a provider on this machine may be reached without TLS: for trying things out.
  const local = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])[:/]/.test(`${issuer}/`);
  return discovery(new URL(issuer), client_id, client_secret, undefined, {
    timeout: TIMEOUT_S,

    ...(local && { execute: [allowInsecureRequests] }),
  });
}
