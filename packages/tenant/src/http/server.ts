import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import { PUBLIC_BODY_LIMIT } from '@tessera/contract';
import type { Database } from '../database/database.ts';
import { exactJson, exactJsonInSlices } from '../validation/json.ts';
import { makeValidatorCompiler } from '../validation/validator.ts';
import { addAuthentication, type Verify } from './authentication.ts';
import { docsRoutes } from './docs.ts';
import { errorBody, refuseUnreadable, sendError } from './errors.ts';
import { healthRoutes } from './health.ts';
import { ExpectationFailed, InvalidRequest, RouteNotFound, UnsupportedMediaType } from './requestErrors.ts';
import { addSourceLimit, type CountSource } from './source.ts';
import { ClientGone } from './timeLimit.ts';

/** Room for the longest search, percent-encoded. */
const MAX_HEADER_BYTES = 64 * 1024;

/** How long a client may take to send the header, and the whole request. */
const HEADER_MS = 5000;
const REQUEST_MS = 10_000;
/** How long a connection may carry no byte while a response is under way. */
const STALLED_MS = 20_000;

/** Registers the routes of a subject. */
export type Routes = (app: FastifyInstance) => void;

export interface ServerParts {
  database: Database;
  verify: Verify;
  verifyUser: Verify;
  countSource: CountSource;
  log: Logger;
  /** Where clients reach this tenant, without a slash at the end. */
  publicUrl: string;
  /** Addresses or networks of those whose `X-Forwarded-For` is believed. */
  trustedProxies: string[];
  version: string;
  /** Those of each subject; an error handler that one sets is for its routes alone. */
  routes: Routes[];
}

/** Puts the HTTP side together; it does not listen yet. */
export async function makeServer(parts: ServerParts): Promise<FastifyInstance> {
  const { database, verify, verifyUser, countSource, log, publicUrl, trustedProxies, version, routes } = parts;
  const loggerInstance: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    // Of operations that declare no other, and of paths that are none.
    bodyLimit: PUBLIC_BODY_LIMIT,
    trustProxy: trustedProxies.length > 0 && trustedProxies,
    requestTimeout: REQUEST_MS,
    connectionTimeout: STALLED_MS,
    // Longer than any identifier may be, so that the schema and not the router refuses one.
    routerOptions: { maxParamLength: MAX_HEADER_BYTES, ignoreTrailingSlash: true },
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADER_MS,
      connectionsCheckingInterval: 1000,
      // Node would refuse a request without one in words of its own; a hook here does.
      requireHostHeader: false,
    },
    clientErrorHandler: refuseUnreadable,
    forceCloseConnections: 'idle',
    // What comes in while the tenant stops is answered as any other request, for as long as the connection lives.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
  });
  app.setValidatorCompiler(makeValidatorCompiler());
  app.setErrorHandler(sendError);
  logRequests(app);
  app.addHook('onRequest', ({ method, headers, raw, routeOptions }, _reply, done) => {
    // RFC 9112, 3.2.
    if (headers.host === undefined && raw.httpVersion === '1.1') return done(new InvalidRequest('host is required'));
    // Many clients send a media type with every request, body or not.
    if (!hasBody(headers) && (method === 'DELETE' || routeOptions.config.bodiless)) delete headers['content-type'];
    done();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, readJson);

  addAuthentication(app, verify, verifyUser);
  addSourceLimit(app, countSource);
  app.setNotFoundHandler(
    {
      // Without a token, nothing is told of what is there.
      preHandler: (request: FastifyRequest, _reply: FastifyReply, done) => {
        // The target may have a host in it (RFC 9112, 3.2.2), or begin with several slashes.
        if (!/^(?:https?:\/\/[^/]*)?\/+cis\//i.test(request.url)) done();
        else app.authenticate(request).then(() => done(), done);
      },
    },
    () => {
      throw new RouteNotFound();
    },
  );
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const error = new ExpectationFailed();
    response.writeHead(error.status, { 'content-type': 'application/json', 'x-error-code': error.code });
    response.end(JSON.stringify(errorBody(error)));
    request.resume();
  });
  healthRoutes(app, database);
  docsRoutes(app, publicUrl, version);
  for (const register of routes) {
    await app.register((scope, _options, done) => {
      register(scope);
      done();
    });
  }
  return app;
}

const hasBody = ({ 'content-length': length = '0', 'transfer-encoding': encoding }: IncomingHttpHeaders): boolean =>
  length !== '0' || encoding !== undefined;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the operation takes no body. */
    bodiless?: boolean;
  }
  interface FastifyRequest {
    /** The code of the error that it was answered with. */
    errorCode: string | undefined;
  }
}

/** Larger bodies are read in slices. */
const READ_AT_ONCE_BYTES = 64 * 1024;

/** Reads a JSON body. Text in another charset than UTF-8 is not JSON (RFC 8259, 8.1). */
function readJson(request: FastifyRequest, body: Buffer, done: (error: Error | null, body?: unknown) => void): void {
  try {
    if (!isUtf8Charset(request.headers['content-type'] ?? '')) throw new UnsupportedMediaType();
    if (body.length === 0) throw new InvalidRequest('The body is empty: it must be a JSON object');
    if (body.length <= READ_AT_ONCE_BYTES) return done(null, exactJson(body));
    exactJsonInSlices(body).then((value) => done(null, value), done);
  } catch (error) {
    done(error as Error);
  }
}

function isUtf8Charset(contentType: string): boolean {
  const parameter = contentType
    .split(';')
    .slice(1)
    .map((text) => text.trim().toLowerCase())
    .find((text) => text.startsWith('charset='));
  const charset = parameter?.slice('charset='.length).replaceAll('"', '') ?? 'utf-8';
  return ['utf-8', 'utf8', 'us-ascii'].includes(charset);
}

/**
 * One line a request, also when its answer came to no end. It names the route and not the URL, which may hold an email address.
 */
function logRequests(app: FastifyInstance): void {
  app.decorateRequest('errorCode', undefined);
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    reply.raw.once('close', () => {
      if (reply.raw.writableFinished) logRequest(request, reply);
      // By then what was under way knows that nobody waits for it.
      else setImmediate(logRequest, request, reply);
    });
    done();
  });
}

function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const isCut = !reply.raw.writableFinished && request.errorCode === undefined;
  const { status, code } = isCut ? new ClientGone() : { status: reply.statusCode, code: request.errorCode };
  request.log.info(
    {
      method: request.method,
      route: request.routeOptions.url,
      status,
      error: code,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      client_id: request.caller?.client_id,
    },
    'request',
  );
}
