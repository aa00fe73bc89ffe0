import { isUtf8 } from 'node:buffer';
import { parse } from 'node:querystring';
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { operations, TOKEN_LIFETIME_SECONDS, type OAuthError, type TokenRequest } from '@tessera/contract';
import type { ClientCredentials } from '../applications/clientCredentials.ts';
import { makeSecretCheck } from './clientSecrets.ts';
import { ApiError } from '../errors.ts';
import { answerError } from '../http/errors.ts';
import { InvalidRequest } from '../http/requestErrors.ts';
import { InvalidClient, InvalidTarget, TokenServerError, UnsupportedGrantType } from './errors.ts';
import type { Tokens } from './tokens.ts';
import { findApplication } from '../applications/store.ts';
import type { Database } from '../database/database.ts';
import { route } from '../http/route.ts';

/** The token endpoint. */
export function tokenRoutes(app: FastifyInstance, database: Database, tokens: Tokens): void {
  const isSecretOf = makeSecretCheck();
  // A form is the one body that the token endpoint takes, and no other route takes one (RFC 6749, 3.2).
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser(FORM, { parseAs: 'buffer' }, readForm);
  // Not the API's error body here, but the one that OAuth clients know.
  app.setErrorHandler((thrown: Error, request, reply) => {
    const error = oauthError(thrown);
    const body = { error: error.code, error_description: error.message } as OAuthError;
    return answerError(error, body, request, reply);
  });

  route(app, operations.getAccessToken, async ({ body, request, reply }) => {
    void reply.header('cache-control', 'no-store');
    if (!body.grant_type) throw new InvalidRequest('grant_type is required');
    const { clientId, clientSecret } = credentialsOf(request, body);
    const application = await findApplication(database, clientId);
    if (!(await isSecretOf(clientId, clientSecret, application?.secret_hash)) || !application) {
      throw new InvalidClient('The client ID or the client secret is wrong');
    }
    return {
      access_token: await tokens.issue(application, body.resource),
      token_type: 'Bearer' as const,
      expires_in: TOKEN_LIFETIME_SECONDS,
      scope: tokens.scope,
    };
  });
}

/** The public keys and the discovery document. */
export function keyRoutes(app: FastifyInstance, tokens: Tokens, publicUrl: string): void {
  route(app, operations.getJwks, () => tokens.publicKeys);

  route(app, operations.getDiscovery, () => ({
    issuer: tokens.issuer,
    token_endpoint: publicUrl + operations.getAccessToken.path,
    jwks_uri: publicUrl + operations.getJwks.path,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    response_types_supported: [],
  }));
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
  return { clientId: formDecoded(id), clientSecret: formDecoded(secret) };
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
  if (fault?.instancePath === '/grant_type' && fault.keyword === 'const') return new UnsupportedGrantType();
  if (fault?.instancePath === '/resource') return new InvalidTarget();
  if (fault?.instancePath) return new InvalidRequest(`${fault.instancePath.slice(1)} must be given once, as text`);
  if (statusCode < 500) return new InvalidRequest('The body must be application/x-www-form-urlencoded');
  return new TokenServerError(thrown);
}
