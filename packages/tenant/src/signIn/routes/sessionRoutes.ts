import type { FastifyInstance } from 'fastify';
import { operations } from '@tessera/contract';
import { route } from '../../http/route.ts';
import { RefreshTokenInvalid, SessionNotFound, SessionOver } from '../errors.ts';
import type { SignInParts } from '../parts.ts';
import { refresh, tokensOfSession } from '../refresh.ts';
import { isOver } from '../rules/session.ts';
import { endSession, findSession } from '../store/sessions.ts';
import { tellByCode } from './authErrors.ts';
import { callingClient, countRequest } from './caller.ts';

/** Sessions of an application's users, backend to backend. */
export function sessionRoutes(app: FastifyInstance, parts: SignInParts): void {
  const { database, limiter } = parts;
  tellByCode(app);

  route(app, operations.refreshToken, async ({ body, caller, reply }) => {
    const { refresh_token: refreshToken, ...wishes } = body;
    const tokens = await refresh(parts, await callingClient(database, caller), refreshToken, wishes);
    if (!tokens) throw new RefreshTokenInvalid();
    void reply.header('cache-control', 'no-store');
    return tokens;
  });

  route(app, operations.authenticateSession, async ({ body, caller, request, reply }) => {
    const client = await callingClient(database, caller);
    await countRequest(limiter, client, request, body.client_attributes);
    const live = await findSession(database, caller.tid, body.session_id, Date.now());
    if (!live || isOver(live) || live.session.app_id !== caller.app_id) throw new SessionOver();
    void reply.header('cache-control', 'no-store');
    return tokensOfSession(parts, client, live, { resource: body.resource, claims: body.claims });
  });

  route(app, operations.logoutSession, async ({ body, caller }) => {
    if (!(await endSession(database, caller.tid, body.session_id, caller.app_id))) throw new SessionNotFound();
    return undefined;
  });
}
