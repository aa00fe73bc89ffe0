import { randomUUID } from 'node:crypto';
import formbody from '@fastify/formbody';
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import type { Tokens } from '../access/tokens.ts';
import type { Database } from '../database/database.ts';
import { addAuthentication } from './authentication.ts';
import { docsRoutes } from './docs.ts';
import { NotFound, refuseUnreadable, sendError } from './errors.ts';
import { groupRoutes } from '../groups/routes.ts';
import { healthRoutes } from './health.ts';
import { historyRoutes } from '../users/routes/historyRoutes.ts';
import { passwordRoutes } from '../users/routes/passwordRoutes.ts';
import { tokenRoutes } from '../access/routes.ts';
import { shareCommits } from '../users/store/sharedCommits.ts';
import { addressRoutes } from '../users/routes/addressRoutes.ts';
import { bulkRoutes } from '../users/routes/bulkRoutes.ts';
import { findRoutes } from '../users/routes/findRoutes.ts';
import { userRoutes } from '../users/routes/userRoutes.ts';
import { makeValidatorCompiler } from '../validation/validator.ts';

/** Room for the longest search, percent-encoded. */
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 1024 * 1024;

export interface ServerParts {
  database: Database;
  tokens: Tokens;
  log: Logger;
  /** Where clients reach this tenant, without a slash at the end. */
  publicUrl: string;
  version: string;
}

/** Puts the HTTP side together; it does not listen yet. */
export async function makeServer({ database, tokens, log, publicUrl, version }: ServerParts): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: MAX_BODY_BYTES,
    // Longer than any identifier may be, so that the schema and not the router refuses one.
    routerOptions: { maxParamLength: 8192, ignoreTrailingSlash: true },
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    clientErrorHandler: refuseUnreadable,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
  });
  app.setValidatorCompiler(makeValidatorCompiler());
  app.setErrorHandler(sendError);
  logRequests(app);
  app.addHook('onRequest', ({ method, headers }, _reply, done) => {
    // Many clients send a media type with every request, body or not.
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
    if (method === 'DELETE' && length === '0' && !encoding) delete headers['content-type'];
    done();
  });
  await app.register(formbody, { bodyLimit: MAX_BODY_BYTES });

  addAuthentication(app, tokens);
  app.setNotFoundHandler(
    {
      // Without a token, nothing is told of what is there.
      preHandler: (request: FastifyRequest, _reply: FastifyReply, done) => {
        if (!request.url.startsWith('/cis/')) done();
        else app.authenticate(request).then(() => done(), done);
      },
    },
    () => {
      throw new NotFound('There is no such route');
    },
  );
  healthRoutes(app, database);
  docsRoutes(app, publicUrl, version);
  await app.register(tokenRoutes(database, tokens, publicUrl));
  const updateTogether = shareCommits(database);
  userRoutes(app, database, updateTogether);
  findRoutes(app, database);
  addressRoutes(app, database);
  await app.register(passwordRoutes(database));
  groupRoutes(app, database);
  historyRoutes(app, database);
  bulkRoutes(app, database, updateTogether);
  return app;
}

/** One line a request. It names the route and not the URL, which may hold an email address. */
function logRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        client_id: request.caller?.client_id,
      },
      'request',
    );
    done();
  });
}
