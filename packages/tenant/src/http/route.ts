import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { bodyLimitOf, type AccessTokenClaims, type Operation, type UserTokenClaims } from '@tessera/contract';
import { awaitPlace } from './largeBodies.ts';
import { JsonStream, Written } from './jsonStream.ts';
import { InvalidRequest } from './requestErrors.ts';
import { withinTime } from './timeLimit.ts';

type Part<O extends Operation, Name extends 'params' | 'query' | 'headers' | 'body'> =
  O extends Record<Name, infer S extends TSchema> ? Static<S> : undefined;

/** What an operation's handler gets of a request: all of it valid by the contract. */
export interface Call<O extends Operation> {
  params: Part<O, 'params'>;
  query: Part<O, 'query'>;
  headers: Part<O, 'headers'>;
  body: Part<O, 'body'>;
  /** Claims of the caller's token; an unsecured operation has none. */
  caller: O extends { signedIn: true } ? UserTokenClaims : O['secured'] extends true ? AccessTokenClaims : undefined;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** The statuses of success: an operation has one of them. */
const SUCCESSES = [200, 201, 202, 204, 302] as const;

/** The body of an operation's success; undefined when it has none. */
type Success<O extends Operation> = {
  [S in keyof O['responses'] & (typeof SUCCESSES)[number]]: O['responses'][S] extends {
    schema: infer B extends TSchema;
  }
    ? Static<B>
    : undefined;
}[keyof O['responses'] & (typeof SUCCESSES)[number]];

const NOTHING = { type: 'object', properties: {}, additionalProperties: false };

/** What of a request the operation would ignore, though it changes what the request means. */
function ignoredPart({ body, headers, method }: Operation, request: FastifyRequest): InvalidRequest | undefined {
  const known = (headers ?? NOTHING) as { properties: object };
  const knows = (name: string): boolean => Object.hasOwn(known.properties, name);
  if (!body && request.body !== undefined && !isEmptyObject(request.body)) {
    return new InvalidRequest('the body must be absent: this operation takes none');
  }
  if (method !== 'GET' && request.headers['if-match'] !== undefined && !knows('if-match')) {
    return new InvalidRequest('if-match must be absent: this operation has no versions');
  }
  return undefined;
}

// Many clients send this where there is nothing to send.
const isEmptyObject = (body: unknown): boolean =>
  body === null || (typeof body === 'object' && Object.keys(body).length === 0);

const authenticationOf = (
  app: FastifyInstance,
  { management, signedIn }: Pick<Operation, 'management' | 'signedIn'>,
) => (signedIn ? app.authenticateUser : management ? app.authenticateManagement : app.authenticate);

/** Registers an operation of the contract: its path, its validation and its serialisers come from there. */
export function route<const O extends Operation>(
  app: FastifyInstance,
  operation: O,
  handler: (call: Call<O>) => Promise<Success<O> | Written> | Success<O>,
): void {
  const {
    method,
    path,
    params,
    query,
    headers,
    body,
    bodyLimit,
    rateLimit,
    changesState,
    responses,
    secured,
    management,
    signedIn,
  } = operation as Operation;
  const success = SUCCESSES.find((status) => responses[status])!;
  app.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    schema: {
      ...(params && { params }),
      // A parameter that an operation does not know is refused, and never ignored.
      querystring: query ?? NOTHING,
      ...(headers && { headers }),
      ...(body && { body }),
      ...(responses[success]!.schema && { response: { [success]: responses[success]!.schema } }),
    },
    bodyLimit: bodyLimitOf(operation),
    ...(changesState && { exposeHeadRoute: false }),
    config: { bodiless: !body },
    onRequest: [
      ...(rateLimit ? [app.countSource] : []),
      ...(secured ? [authenticationOf(app, { management, signedIn })] : []),
      ...(bodyLimit ? [awaitPlace] : []),
    ],
    preValidation: (request, _reply, done) => done(ignoredPart(operation, request)),
    handler: async (request, reply) => {
      void reply.status(success);
      const { caller, params, query, headers, body } = request;
      const call = { params, query, headers, body, caller, request, reply } as Call<O>;
      const answer = await withinTime(reply.raw, bodyLimit ? reply.elapsedTime : 0, () =>
        Promise.resolve(handler(call)),
      ).catch((error: Error) => {
        // One that goes out already is cut off, and cannot become another one.
        if (!reply.sent) throw error;
        return new JsonStream(reply).fail(error);
      });
      return answer instanceof Written ? reply : (answer ?? reply.send());
    },
  });
}
