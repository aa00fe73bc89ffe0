import { isUtf8 } from 'node:buffer';
import { parse } from 'node:querystring';
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import {
  bodyLimitOf,
  GRANT_TYPES,
  operations,
  sizeInWords,
  TOKEN_LIFETIME_SECONDS,
  type Discovery,
  type GrantType,
  type TokenRequest,
  type TokenResponse,
} from '@tessera/contract';
import type { ClientCredentials } from '../applications/clientCredentials.ts';
import type { AuthenticateClient } from './clientAuthentication.ts';
import { ApiError } from '../errors.ts';
import { answerError } from '../http/errors.ts';
import { InvalidRequest } from '../http/requestErrors.ts';
import { InvalidClient, InvalidTarget, TokenServerError, UnsupportedGrantType } from './errors.ts';
import type { Tokens } from './tokens.ts';
import type { ClientOfApplication } from '../applications/clientStore.ts';
import { ALGORITHM, type Keyring } from './keyring.ts';
import { route } from '../http/route.ts';

/** What a grant gives to a client that has authenticated itself. @throws ApiError */
export type Grant = (client: ClientOfApplication, body: TokenRequest) => Promise<TokenResponse>;

/**
 * The token endpoint.
 * @param grants those beyond client credentials, by their `grant_type`
 */
export function tokenRoutes(
  app: FastifyInstance,
  authenticateClient: AuthenticateClient,
  tokens: Tokens,
  grants: Partial<Record<GrantType, Grant>>,
): void {
  // A form is the one body that the token endpoint takes, and no other route takes one (RFC 6749, 3.2).
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser(FORM, { parseAs: 'buffer' }, readForm);
  // Not the API's error body here, but the one that OAuth clients know.
  app.setErrorHandler((thrown: Error, request, reply) => {
    const error = oauthError(thrown);
    const body = { error: error.code, error_description: error.message };
    return answerError(error, body, request, reply);
  });

  const clientCredentials: Grant = async (client, { resource }) => ({
    access_token: await tokens.issue(client, resource),
    token_type: 'Bearer',
    expires_in: TOKEN_LIFETIME_SECONDS,
    scope: tokens.scope,
  });
  const granting: Partial<Record<GrantType, Grant>> = { ...grants, client_credentials: clientCredentials };

  route(app, operations.getAccessToken, async ({ body, request, reply }) => {
    void reply.header('cache-control', 'no-store');
    if (!body.grant_type) throw new InvalidRequest('grant_type is required');
    const grant = granting[body.grant_type];
    if (!grant) throw new UnsupportedGrantType();
    return grant(await authenticateClient(credentialsOf(request, body)), body);
  });
}

/** The public keys and the discovery documents: those of the first tenant, and of each other one at a path of its own. */
export function keyRoutes(
  app: FastifyInstance,
  keyring: Keyring,
  { issuerOf }: Tokens,
  publicUrl: string,
  firstTenantId: string,
): void {
  const discovery = (tenantId: string): Discovery => {
    const issuer = issuerOf(tenantId);
    return {
      issuer,
      token_endpoint: publicUrl + operations.getAccessToken.path,
      jwks_uri: issuer + operations.getJwks.path,
      grant_types_supported: [...GRANT_TYPES],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [ALGORITHM],
      userinfo_endpoint: publicUrl + operations.getUserInfo.path,
      scopes_supported: ['openid'],
    };
  };
  route(app, operations.getJwks, () => keyring.published(firstTenantId));
  route(app, operations.getJwksOfUsersApi, () => keyring.published(firstTenantId));
  route(app, operations.getDiscovery, () => discovery(firstTenantId));
  route(app, operations.getJwksOfTenant, ({ params }) => keyring.published(params.tenant_id));
  route(app, operations.getDiscoveryOfTenant, ({ params }) => discovery(params.tenant_id));
}

const FORM = 'application/x-www-form-urlencoded';

/** A parameter that comes twice is a list, which the schema refuses (RFC 6749, 3.2). */
function readForm(_request: FastifyRequest, body: Buffer, done: (error: Error | null, body?: unknown) => void): void {
  if (!isUtf8(body)) return done(new InvalidRequest('The body is not valid UTF-8'));
  done(null, { ...parse(body.toString()) });
}

/** Client credentials come as HTTP Basic or in the body (RFC 6749, 2.3.1), not both ways at once. */
function credentialsOf({ headers }: FastifyRequest, body: TokenRequest): ClientCredentials {
  const [, basic] = /^Basic +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (basic === undefined) {
    if (!body.client_id) throw new InvalidRequest('client_id is required');
    if (!body.client_secret) throw new InvalidRequest('client_secret is required');
    return { clientId: body.client_id, clientSecret: body.client_secret };
  }
  if (body.client_secret !== undefined) {
    throw new InvalidRequest('Client credentials came both as HTTP Basic and in the body');
  }
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic, 'base64').toString()) ?? [];
  if (id === undefined || secret === undefined) throw new InvalidClient('The HTTP Basic header is malformed');
  const credentials = { clientId: formDecoded(id), clientSecret: formDecoded(secret) };
  // No client is called so, and the database could not look for one.
  if (credentials.clientId.includes('\u0000')) throw new InvalidClient('The HTTP Basic header is malformed');
  return credentials;
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new InvalidClient('The HTTP Basic header is not percent-encoded as RFC 6749, 2.3.1 wants it');
  }
}

/** The error in the words of RFC 6749, 5.2. */
function oauthError(thrown: Error): ApiError {
  if (thrown instanceof ApiError) return thrown.status === 500 ? new TokenServerError(thrown) : thrown;
  const { validation, statusCode = 500 } = thrown as FastifyError;
  const [fault] = validation ?? [];
  if (fault?.instancePath === '/grant_type' && fault.keyword === 'enum') return new UnsupportedGrantType();
  if (fault?.instancePath === '/resource') return new InvalidTarget();
  if (fault?.instancePath) return new InvalidRequest(`${fault.instancePath.slice(1)} must be given once, as text`);
  if (statusCode === 413) {
    return new InvalidRequest(`The body must be at most ${sizeInWords(bodyLimitOf(operations.getAccessToken))}`);
  }
  if (statusCode < 500) return new InvalidRequest('The body must be application/x-www-form-urlencoded');
  return new TokenServerError(thrown);
}
