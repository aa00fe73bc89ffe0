import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MANAGEMENT_ROLE, type AccessTokenClaims } from '@tessera/contract';
import type { Writer } from '../database/writer.ts';
import { AccessTokenRequired, ManagementTokenRequired } from './requestErrors.ts';

/** Gives the claims of an access token. @throws ApiError with status 401 when it is not valid */
export type Verify = (token: string) => Promise<AccessTokenClaims>;

declare module 'fastify' {
  interface FastifyInstance {
    /** Wants a valid access token (RFC 6750, 2.1), and puts its claims on the request. */
    authenticate(request: FastifyRequest): Promise<void>;
    /** The same, and the token must be a management application's. */
    authenticateManagement(request: FastifyRequest): Promise<void>;
    /** Wants a valid access token of a user who has signed in. */
    authenticateUser(request: FastifyRequest): Promise<void>;
  }
  interface FastifyRequest {
    caller: AccessTokenClaims | undefined;
  }
}

const BEARER = /^Bearer +([\w~+/.-]+=*)$/i;

/** @param verifyUser the same as `verify`, for the token of a user */
export function addAuthentication(app: FastifyInstance, verify: Verify, verifyUser: Verify): void {
  app.decorateRequest('caller', undefined);
  const bearerOf = ({ headers }: FastifyRequest): string => {
    const [, token] = BEARER.exec(headers.authorization ?? '') ?? [];
    if (!token) throw new AccessTokenRequired();
    return token;
  };
  app.decorate('authenticate', async (request: FastifyRequest) => {
    request.caller = await verify(bearerOf(request));
  });
  app.decorate('authenticateUser', async (request: FastifyRequest) => {
    request.caller = await verifyUser(bearerOf(request));
  });
  app.decorate('authenticateManagement', async (request: FastifyRequest) => {
    await app.authenticate(request);
    if (!request.caller?.roles.includes(MANAGEMENT_ROLE)) throw new ManagementTokenRequired();
  });
}

/** On whose behalf a caller changes things. */
export const writerOf = ({ tid, client_id }: AccessTokenClaims): Writer => ({ tenantId: tid, clientId: client_id });
