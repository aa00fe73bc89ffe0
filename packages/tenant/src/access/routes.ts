import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { operations, TOKEN_LIFETIME_SECONDS, type OAuthError, type TokenRequest } from '@tessera/contract';
import { isSecret, type ClientCredentials } from '../hashing/secrets.ts';
import type { Tokens } from './tokens.ts';
import { findApplication } from '../applications/store.ts';
import type { Database } from '../database/database.ts';
import { route } from '../http/route.ts';

/** A token request that fails, by RFC 6749, 5.2. */
class TokenRequestError extends Error {
  override name = 'TokenRequestError';
  readonly error: OAuthError['error'];
  constructor(error: OAuthError['error'], description: string) {
    super(description);
    this.error = error;
  }
}

/** The token endpoint, the public keys and the discovery document. */
export function tokenRoutes(database: Database, tokens: Tokens, publicUrl: string) {
  return (app: FastifyInstance): Promise<void> => {
    // Not the API's error body here, but the one that OAuth clients know.
    app.setErrorHandler((error: Error, request, reply) => {
      const fault = tokenRequestError(error);
      if (fault.error === 'server_error') request.log.error({ err: { type: error.name } }, 'token request failed');
      if (fault.error === 'invalid_client')
        void reply.header('www-authenticate', 'Basic realm="tessera", charset="UTF-8"');
      const body: OAuthError = { error: fault.error, error_description: fault.message };
      const status = { invalid_client: 401, server_error: 500 }[fault.error as string] ?? 400;
      return reply.status(status).serializer(JSON.stringify).send(body);
    });

    route(app, operations.getAccessToken, async ({ body, request, reply }) => {
      void reply.header('cache-control', 'no-store');
      if (!body.grant_type) throw new TokenRequestError('invalid_request', 'grant_type is required');
      const { clientId, clientSecret } = credentialsOf(request, body);
      const application = await findApplication(database, clientId);
      if (!(await isSecret(clientSecret, application?.secret_hash)) || !application) {
        throw new TokenRequestError('invalid_client', 'The client ID or the client secret is wrong');
      }
      return {
        access_token: await tokens.issue(application, body.resource),
        token_type: 'Bearer' as const,
        expires_in: TOKEN_LIFETIME_SECONDS,
        scope: tokens.scope,
      };
    });

    route(app, operations.getJwks, () => tokens.publicKeys);

    route(app, operations.getDiscovery, () => ({
      issuer: tokens.issuer,
      token_endpoint: publicUrl + operations.getAccessToken.path,
      jwks_uri: publicUrl + operations.getJwks.path,
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
      response_types_supported: [],
    }));
    return Promise.resolve();
  };
}

/** Client credentials come as HTTP Basic or in the body (RFC 6749, 2.3.1), not both ways at once. */
function credentialsOf({ headers }: FastifyRequest, body: TokenRequest): ClientCredentials {
  const [, basic] = /^Basic +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (basic === undefined) {
    if (!body.client_id) throw new TokenRequestError('invalid_request', 'client_id is required');
    if (!body.client_secret) throw new TokenRequestError('invalid_request', 'client_secret is required');
    return { clientId: body.client_id, clientSecret: body.client_secret };
  }
  if (body.client_secret !== undefined) {
    throw new TokenRequestError('invalid_request', 'Client credentials came both as HTTP Basic and in the body');
  }
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic, 'base64').toString()) ?? [];
  if (id === undefined || secret === undefined)
    throw new TokenRequestError('invalid_client', 'The HTTP Basic header is malformed');
  return { clientId: formDecoded(id), clientSecret: formDecoded(secret) };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new TokenRequestError(
      'invalid_client',
      'The HTTP Basic header is not percent-encoded as RFC 6749, 2.3.1 wants it',
    );
  }
}

function tokenRequestError(error: Error): TokenRequestError {
  if (error instanceof TokenRequestError) return error;
  const { validation, statusCode = 500 } = error as FastifyError;
  const [fault] = validation ?? [];
  if (fault?.instancePath === '/grant_type' && fault.keyword === 'const') {
    return new TokenRequestError('unsupported_grant_type', 'grant_type must be client_credentials');
  }
  if (fault?.instancePath === '/resource')
    return new TokenRequestError('invalid_target', 'resource must be one absolute URI');
  if (fault?.instancePath) {
    return new TokenRequestError('invalid_request', `${fault.instancePath.slice(1)} must be given once, as text`);
  }
  if (statusCode < 500)
    return new TokenRequestError('invalid_request', 'The body must be application/x-www-form-urlencoded');
  return new TokenRequestError('server_error', 'The tenant could not answer this request');
}
