import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { BadRequestError, HttpError, IdentifierIsTakenError } from '@tessera/contract';
import type { ApiError } from '../errors.ts';
import { asApiError, HeaderTooLarge, InvalidRequest, RequestTimeout } from './requestErrors.ts';

/** How long a client that is refused may take to read why. */
const LEAVE_MS = 1000;

type ErrorBody = BadRequestError | HttpError | IdentifierIsTakenError;

/** How much of a body that is too large is read on. */
const READ_ON_BYTES = 64 * 1024 * 1024;

/** The API's body of an error. */
export function errorBody(error: ApiError): ErrorBody {
  const { status, code, faults, message, facts } = error;
  if (status === 400) return { message: faults, error_code: 400 };
  const coded = facts.member === 'ts_error_code' ? { ts_error_code: code } : {};
  return { message, error_code: status, ...coded };
}

/** Fastify's error handler: turns whatever went wrong into a status and the API's error body. */
export function sendError(thrown: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = asApiError(thrown, request);
  return answerError(error, errorBody(error), request, reply);
}

/** Answers with an error, in a body of the route's own. What is the tenant's own fault is logged, without a profile. */
export function answerError(error: ApiError, body: object, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  logFault(request.log, error);
  request.errorCode = error.code;
  void reply
    .status(error.status)
    .headers({ ...error.headers, 'x-error-code': error.code })
    .type('application/json')
    .serializer(JSON.stringify);
  const { raw, headers } = request;
  if (Number(headers['content-length'] ?? 0) > READ_ON_BYTES) return reply.send(body);
  // The client may still be writing: what is left is read, within the bounds of one request, so that it sees the answer.
  const closes = raw.httpVersion !== '1.1' || /close/i.test(headers.connection ?? '');
  if (!closes) {
    // Node reads on by itself on a connection that stays.
    if (error.status === 413) void reply.removeHeader('connection');
    return reply.send(body);
  }
  if (raw.complete || raw.destroyed) return reply.send(body);
  const answer = (): void => {
    raw.off('end', answer).off('close', answer);
    void reply.send(body);
  };
  raw.on('end', answer).on('close', answer).resume();
  return reply;
}

/** Logs what is the tenant's own fault, without a profile. */
export function logFault(log: FastifyBaseLogger, error: ApiError): void {
  // One that is only put off is told of in the line of its request: a stack says no more of it.
  if ((error.status < 500 && !error.facts.logged) || (error.status === 503 && error.cause === undefined)) return;
  // Database errors quote rows in `detail`, so only what names the fault is kept.
  const { name, code, stack } = (error.cause ?? error) as FastifyError;
  log.error({ err: { type: name, code, stack: stack?.split('\n').slice(1).join('\n') } }, 'request failed');
}

/** Answers a request that is no HTTP, or whose header is too large, before there is a request to speak of. */
export function refuseUnreadable(fault: Error & { code?: string }, socket: Socket): void {
  if (fault.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const error =
    fault.code === 'HPE_HEADER_OVERFLOW'
      ? new HeaderTooLarge()
      : fault.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new RequestTimeout()
        : new InvalidRequest('The request is not valid HTTP');
  const json = JSON.stringify(errorBody(error));
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(json)}`,
    `x-error-code: ${error.code}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${json}`);
  // A client that leaves its side open would keep the socket, and what the request holds, for as long as it likes.
  setTimeout(() => socket.destroy(), LEAVE_MS).unref();
}
