import type { FastifyInstance } from 'fastify';
import type { AuthenticateClient } from '../../access/clientAuthentication.ts';
import type { SignInParts } from '../parts.ts';
import { browserRoutes } from './browserRoutes.ts';
import { linkRoutes } from './linkRoutes.ts';
import { meRoutes, ownPasswordRoutes } from './meRoutes.ts';
import { passcodeRoutes } from './passcodeRoutes.ts';
import { passwordSignInRoutes } from './passwordRoutes.ts';
import { providerRoutes } from './providerRoutes.ts';
import { sessionRoutes } from './sessionRoutes.ts';

/** The routes of signing in; those that tell their errors in the same way are together. */
export function signInRoutes(
  parts: SignInParts,
  authenticateClient: AuthenticateClient,
): ((app: FastifyInstance) => void)[] {
  return [
    (app) => passwordSignInRoutes(app, parts),
    (app) => passcodeRoutes(app, parts),
    (app) => linkRoutes(app, parts),
    (app) => sessionRoutes(app, parts),
    (app) => browserRoutes(app, parts, authenticateClient),
    (app) => providerRoutes(app, parts),
    (app) => meRoutes(app, parts),
    (app) => ownPasswordRoutes(app, parts),
  ];
}
