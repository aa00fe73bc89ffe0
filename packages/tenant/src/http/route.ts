import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { AccessTokenClaims, Operation } from '@tessera/contract';

type Part<O extends Operation, Name extends 'params' | 'query' | 'body'> =
  O extends Record<Name, infer S extends TSchema> ? Static<S> : undefined;

/** What an operation's handler gets of a request: all of it valid by the contract. */
export interface Call<O extends Operation> {
  params: Part<O, 'params'>;
  query: Part<O, 'query'>;
  body: Part<O, 'body'>;
  /** Claims of the caller's token; an unsecured operation has none. */
  caller: O['secured'] extends true ? AccessTokenClaims : undefined;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** The body of an operation's success. */
type Success<O extends Operation> = {
  [S in keyof O['responses'] & (200 | 201)]: O['responses'][S] extends { schema: infer B extends TSchema }
    ? Static<B>
    : void;
}[keyof O['responses'] & (200 | 201)];

/** Registers an operation of the contract: its path, its validation and its serialisers come from there. */
export function route<const O extends Operation>(
  app: FastifyInstance,
  operation: O,
  handler: (call: Call<O>) => Promise<Success<O>> | Success<O>,
): void {
  const { method, path, params, query, body, responses, secured } = operation as Operation;
  const success = responses[201] ? 201 : 200;
  app.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    schema: {
      ...(params && { params }),
      ...(query && { querystring: query }),
      ...(body && { body }),
      response: { [success]: responses[success]?.schema },
    },
    ...(secured && { onRequest: app.authenticate }),
    handler: async (request, reply) => {
      void reply.status(success);
      const { caller } = request;
      return handler({
        params: request.params,
        query: request.query,
        body: request.body,
        caller,
        request,
        reply,
      } as Call<O>);
    },
  });
}
