import type { Socket } from 'node:net';
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

/**
 * The valid token that came last on a connection, and the header that it came in: most send the same again, and it need not be
 * read again then.
 */
const lastTokens = new WeakMap<Socket, { authorization: string; token: string }>();

/** @param verifyUser the same as `verify`, for the token of a user */
export function addAuthentication(app: FastifyInstance, verify: Verify, verifyUser: Verify): void {
  app.decorateRequest('caller', undefined);
  const authenticateBy = async (request: FastifyRequest, verify: Verify): Promise<void> => {
    const { authorization = '' } = request.headers;
    const last = lastTokens.get(request.socket);
    if (last?.authorization === authorization) {
      request.caller = await verify(last.token);
      return;
    }
    const [, token] = BEARER.exec(authorization) ?? [];
    if (!token) throw new AccessTokenRequired();
    request.caller = await verify(token);
    lastTokens.set(request.socket, { authorization, token });
  };
  app.decorate('authenticate', (request: FastifyRequest) => authenticateBy(request, verify));
  app.decorate('authenticateUser', (request: FastifyRequest) => authenticateBy(request, verifyUser));
  app.decorate('authenticateManagement', async (request: FastifyRequest) => {
    await app.authenticate(request);
    if (!request.caller?.roles.includes(MANAGEMENT_ROLE)) throw new ManagementTokenRequired();
  });
}

/** On whose behalf a caller changes things. */
export const writerOf = ({ tid, client_id }: AccessTokenClaims): Writer => ({ tenantId: tid, clientId: client_id });
