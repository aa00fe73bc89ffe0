import type { FastifyRequest } from 'fastify';
import { isRedirectUri, redirectUriMatches, type AccessTokenClaims } from '@tessera/contract';
import { findClient, type ClientOfApplication } from '../../applications/clientStore.ts';
import { ClientNotFound } from '../../applications/errors.ts';
import type { Database } from '../../database/database.ts';
import { InvalidRequest } from '../../http/requestErrors.ts';
import { sourceOf } from '../../http/source.ts';
import type { Limiter } from '../../limits/limits.ts';

/** The client whose token a request carries, with its settings. */
export async function callingClient(
  database: Database,
  { client_id }: AccessTokenClaims,
): Promise<ClientOfApplication> {
  const client = await findClient(database, client_id);
  // It was there a moment ago.
  if (!client) throw new ClientNotFound();
  return client;
}

/**
 * Counts a sign-in or a message, for the source that it comes from and for its client. What is too much from a source does not
 * count for the client, or one source would keep all others out.
 * @throws TooManyRequests
 */
export async function countRequest(
  limiter: Limiter,
  { tenant_id, client_id }: Pick<ClientOfApplication, 'tenant_id' | 'client_id'>,
  request: FastifyRequest,
  attributes?: { ip_address?: string },
): Promise<void> {
  await limiter.take('source', tenant_id, sourceOf(attributes?.ip_address ?? request.ip));
  await limiter.take('client', tenant_id, client_id);
}

/**
 * Counts a browser's request for a client that has not authenticated itself, apart from the client's own requests. Its source
 * was counted when the request came in (`rateLimit` of the operation).
 * @throws TooManyRequests
 */
export const countBrowser = (
  limiter: Limiter,
  client: Pick<ClientOfApplication, 'tenant_id' | 'client_id'> | undefined,
): Promise<void> => limiter.take('client', client?.tenant_id ?? '', `browsers of ${client?.client_id ?? ''}`);

/** Refuses what the vendor's API knows and the tenant has nothing for. @throws InvalidRequest */
export function wantKnown({ org_id, require_mfa }: { org_id?: string; require_mfa?: boolean }): void {
  if (org_id !== undefined) throw new InvalidRequest('org_id must be absent: the tenant has no organizations');
  if (require_mfa) throw new InvalidRequest('require_mfa must be false: join a second sign-in to the session instead');
}

/** @throws InvalidRequest when a redirect URI is none of the client's */
export function wantRedirectUri({ settings }: ClientOfApplication, redirectUri: string): void {
  // Earlier versions let clients register URIs of any scheme.
  const isKnown = settings.redirect_uris?.some((registered) => redirectUriMatches(registered, redirectUri));
  if (isKnown && isRedirectUri(redirectUri)) return;
  throw new InvalidRequest("redirect_uri must be one of the client's redirect URIs, character by character");
}
