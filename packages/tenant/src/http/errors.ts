import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import {
  GROUP_NAME_IS_TAKEN,
  IDENTIFIER_IS_TAKEN,
  type BadRequestError,
  type HttpError,
  type IdentifierIsTakenError,
} from '@tessera/contract';
import { TokenError } from '../access/tokens.ts';
import { GroupNameTaken, UnknownMembers } from '../groups/store.ts';
import { IdentifierTaken } from '../users/store/identifiers.ts';
import { NotOnProfile } from '../users/notOnProfile.ts';
import { RuleError } from '../users/rules/errors.ts';
import { StaleVersion } from '../users/rules/version.ts';
import { faultsOf } from '../validation/faults.ts';

/** There is nothing where the request points. */
export class NotFound extends Error {
  override name = 'NotFound';
}

/** The caller may not do that. */
export class Forbidden extends Error {
  override name = 'Forbidden';
}

/** No access token came with the request. */
export class TokenMissing extends Error {
  override name = 'TokenMissing';
}

type ErrorBody = BadRequestError | HttpError | IdentifierIsTakenError;

/** The one place that turns whatever went wrong into a status and the API's error body. */
export function errorBody(error: Error): ErrorBody {
  if (error instanceof RuleError) return { message: error.faults, error_code: 400 };
  if (error instanceof TokenMissing || error instanceof TokenError) return { message: error.message, error_code: 401 };
  if (error instanceof Forbidden) return { message: error.message, error_code: 403 };
  if (error instanceof NotFound || error instanceof NotOnProfile) return { message: error.message, error_code: 404 };
  if (error instanceof StaleVersion) return { message: error.message, error_code: 412 };
  if (error instanceof IdentifierTaken) {
    return { message: `${error.kind} is taken: ${error.message}`, error_code: 409, ts_error_code: IDENTIFIER_IS_TAKEN };
  }
  if (error instanceof GroupNameTaken) {
    return { message: error.message, error_code: 409, ts_error_code: GROUP_NAME_IS_TAKEN };
  }
  if (error instanceof UnknownMembers) return { message: [`user_ids: ${error.message}`], error_code: 400 };
  const { validation, validationContext, code, statusCode = 500 } = error as FastifyError;
  if (validation) return { message: faultsOf(validation, validationContext), error_code: 400 };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return { message: 'The body must be at most 1 MB, or 64 MB for many users', error_code: 413 };
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return { message: 'The body must be application/json', error_code: 415 };
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY')
    return { message: ['The body is empty: it must be a JSON object'], error_code: 400 };
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY' || error instanceof SyntaxError) {
    return { message: ['The body is not valid JSON'], error_code: 400 };
  }
  if (statusCode === 400) return { message: [error.message], error_code: 400 };
  if (statusCode < 500) return { message: error.message, error_code: statusCode };
  return { message: 'The tenant could not answer this request', error_code: 500 };
}

/** Fastify's error handler. What is the tenant's own fault is logged; what it says never repeats a profile. */
export function sendError(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body = errorBody(error);
  if (body.error_code >= 500) {
    // Database errors quote rows in `detail`, so only what names the fault is kept.
    const { name, code, stack } = error as FastifyError;
    request.log.error({ err: { type: name, code, stack: stack?.split('\n').slice(1).join('\n') } }, 'request failed');
  }
  if (body.error_code === 401) {
    const reason = error instanceof TokenError ? `, error="invalid_token", error_description="${error.message}"` : '';
    void reply.header('www-authenticate', `Bearer realm="tessera"${reason}`);
  }
  return reply.status(body.error_code).type('application/json').serializer(JSON.stringify).send(body);
}

/** Answers a request that is no HTTP, or whose header is too large, before there is a request to speak of. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const status = tooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request';
  const body: ErrorBody = tooLarge
    ? { message: 'The header and the URL must be at most 64 KB', error_code: 431 }
    : { message: ['The request is not valid HTTP'], error_code: 400 };
  const json = JSON.stringify(body);
  const head = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\nconnection: close`;
  socket.end(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n${json}`);
}
