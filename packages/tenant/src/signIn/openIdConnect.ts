import { LRUCache } from 'lru-cache';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  fetchUserInfo,
  type Configuration,
  type CustomFetch,
} from 'openid-client';
import { formats, isLoopback } from '@tessera/contract';
import type { Outgoing } from '../outgoing/outgoing.ts';
import { ProviderFailed } from './errors.ts';
import type { Provider } from './store/providers.ts';

/** The server as a client of an OpenID Connect provider. */

/** How long the provider may take for one response, in seconds. */
const TIMEOUT_S = 5;
/** How long a discovery document is good. */
const DISCOVERY_MS = 10 * 60 * 1000;

/** What the provider says of the user. */
export interface ExternalUser {
  /** As the provider names itself (OpenID Connect Core, 2), however the issuer was written when it was set up. */
  issuer: string;
  subject: string;
  email?: string;
  /** Whether the provider vouches for the email. */
  emailVerified: boolean;
}

/** What is kept between sending the browser away and its coming back. */
export interface Checks {
  state: string;
  nonce: string;
  codeVerifier: string;
}

export interface OpenIdConnect {
  /** Where the browser goes. @throws ProviderFailed */
  authorizationUrl(provider: Provider, callbackUri: string, checks: Checks): Promise<URL>;
  /**
   * Exchanges what the browser came back with, and checks all of it.
   * @param landed the callback URI with the provider's parameters
   * @throws ProviderFailed
   */
  externalUser(provider: Provider, landed: URL, checks: Checks): Promise<ExternalUser>;
}

/** @param outgoing checks the address of every connection, since an application chooses the URLs of its providers */
export function makeOpenIdConnect(outgoing: Outgoing): OpenIdConnect {
  const known = new LRUCache<string, Promise<Configuration>>({ max: 1000, ttl: DISCOVERY_MS });
  const fetch: CustomFetch = (url, options) => outgoing.fetch(url, options);

  const configurationOf = ({ tenant_id, issuer, client_id, client_secret }: Provider): Promise<Configuration> => {
    const key = JSON.stringify([tenant_id, issuer, client_id, client_secret]);
    const before = known.get(key);
    if (before) return before;
    const server = new URL(issuer);
    const found = discovery(server, client_id, client_secret, undefined, {
      timeout: TIMEOUT_S,
      [customFetch]: fetch,
      // Only a provider on this machine may be reached without TLS: for trying things out.
      ...(server.protocol === 'http:' && isLoopback(server.hostname) && { execute: [allowInsecureRequests] }),
    });
    known.set(key, found);
    // What failed is tried again for the next user.
    found.catch(() => known.delete(key));
    return found;
  };

  return {
    async authorizationUrl(provider, callbackUri, checks) {
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
    },

    async externalUser(provider, landed, checks) {
      try {
        const configuration = await configurationOf(provider);
        const tokens = await authorizationCodeGrant(configuration, landed, {
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          pkceCodeVerifier: checks.codeVerifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims()!;
        // The email and whether it is verified come from one source: an attacker may fill in what the other leaves out.
        const source =
          claims.email === undefined && configuration.serverMetadata().userinfo_endpoint
            ? await fetchUserInfo(configuration, tokens.access_token, claims.sub)
            : claims;
        if (!isSubject(claims.sub)) throw new TypeError('The subject is not one of 1 to 255 characters');
        // A provider that says no once is not trusted on that, nor is one that speaks for others.
        const isItself = withoutSlash(claims.iss) === withoutSlash(provider.issuer);
        const trusted = provider.email_trusted && isItself && claims.email_verified === undefined;
        return { issuer: claims.iss, subject: claims.sub, ...emailIn(source, trusted) };
      } catch (error) {
        throw new ProviderFailed(error);
      }
    },
  };
}

const withoutSlash = (issuer: string): string => (issuer.endsWith('/') ? issuer.slice(0, -1) : issuer);

/** OpenID Connect Core, 2: at most 255 characters. */
const isSubject = (sub: string): boolean => sub !== '' && sub.length <= 255 && formats['plain-text'].test(sub);

/** The email in claims, and whether the provider vouches for it. Some send the claim as text (Amazon Cognito, Apple). */
function emailIn(
  { email, email_verified: verified }: Record<string, unknown>,
  trusted: boolean,
): Pick<ExternalUser, 'email' | 'emailVerified'> {
  if (typeof email !== 'string' || !formats.email.test(email)) return { emailVerified: false };
  return { email, emailVerified: verified === true || verified === 'true' || (verified === undefined && trusted) };
}
