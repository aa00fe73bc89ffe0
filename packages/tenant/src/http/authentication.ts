import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AccessTokenClaims } from '@tessera/contract';
import type { Tokens } from '../access/tokens.ts';
import { MANAGEMENT_ROLE } from '../access/tokens.ts';
import type { Writer } from '../database/writer.ts';
import { Forbidden, TokenMissing } from './errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Wants a valid access token (RFC 6750, 2.1), and puts its claims on the request. */
    authenticate(request: FastifyRequest): Promise<void>;
  }
  interface FastifyInstance {
    /** The same, and the token must be a management application's. */
    authenticateManagement(request: FastifyRequest): Promise<void>;
  }
  interface FastifyRequest {
    caller: AccessTokenClaims | undefined;
  }
}

const BEARER = /^Bearer +([\w~+/.-]+=*)$/i;

export function addAuthentication(app: FastifyInstance, tokens: Tokens): void {
  app.decorateRequest('caller', undefined);
  app.decorate('authenticate', async (request: FastifyRequest) => {
    const [, token] = BEARER.exec(request.headers.authorization ?? '') ?? [];
    if (!token) throw new TokenMissing('An access token is required: Authorization: Bearer …');
    request.caller = await tokens.verify(token);
  });
  app.decorate('authenticateManagement', async (request: FastifyRequest) => {
    await app.authenticate(request);
    if (!request.caller?.roles.includes(MANAGEMENT_ROLE)) {
      throw new Forbidden('This wants the access token of a management application');
    }
  });
}

/** On whose behalf a caller changes things. */
export const writerOf = ({ tid, client_id }: AccessTokenClaims): Writer => ({ tenantId: tid, clientId: client_id });
