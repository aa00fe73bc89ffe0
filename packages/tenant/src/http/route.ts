import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { AccessTokenClaims, Operation } from '@tessera/contract';

type Part<O extends Operation, Name extends 'params' | 'query' | 'headers' | 'body'> =
  O extends Record<Name, infer S extends TSchema> ? Static<S> : undefined;

/** What an operation's handler gets of a request: all of it valid by the contract. */
export interface Call<O extends Operation> {
  params: Part<O, 'params'>;
  query: Part<O, 'query'>;
  headers: Part<O, 'headers'>;
  body: Part<O, 'body'>;
  /** Claims of the caller's token; an unsecured operation has none. */
  caller: O['secured'] extends true ? AccessTokenClaims : undefined;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** The statuses of success: an operation has one of them. */
const SUCCESSES = [200, 201, 202, 204] as const;

/** The body of an operation's success; undefined when it has none. */
type Success<O extends Operation> = {
  [S in keyof O['responses'] & (typeof SUCCESSES)[number]]: O['responses'][S] extends {
    schema: infer B extends TSchema;
  }
    ? Static<B>
    : undefined;
}[keyof O['responses'] & (typeof SUCCESSES)[number]];

/** Registers an operation of the contract: its path, its validation and its serialisers come from there. */
export function route<const O extends Operation>(
  app: FastifyInstance,
  operation: O,
  handler: (call: Call<O>) => Promise<Success<O>> | Success<O>,
): void {
  const { method, path, params, query, headers, body, bodyLimit, responses, secured, management } =
    operation as Operation;
  const success = SUCCESSES.find((status) => responses[status])!;
  app.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    schema: {
      ...(params && { params }),
      ...(query && { querystring: query }),
      ...(headers && { headers }),
      ...(body && { body }),
      ...(responses[success]!.schema && { response: { [success]: responses[success]!.schema } }),
    },
    ...(bodyLimit && { bodyLimit }),
    ...(secured && { onRequest: management ? app.authenticateManagement : app.authenticate }),
    handler: async (request, reply) => {
      void reply.status(success);
      const { caller } = request;
      const answer = await handler({
        params: request.params,
        query: request.query,
        headers: request.headers,
        body: request.body,
        caller,
        request,
        reply,
      } as Call<O>);
      return answer ?? reply.send();
    },
  });
}
