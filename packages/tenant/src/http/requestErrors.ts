import type { FastifyError, FastifyRequest } from 'fastify';
import { PUBLIC_BODY_LIMIT, sizeInWords } from '@tessera/contract';
import { ApiError, defineError } from '../errors.ts';
import { faultsOf } from '../validation/faults.ts';

/** What can be wrong with any request, whatever it is about. */

export class InvalidRequest extends defineError({
  code: 'invalid_request',
  status: 400,
  meaning: 'The path, the query, a header or the body is not as the operation wants it, or is not valid HTTP or JSON.',
  remedy: 'Mend what the message names; there is a sentence for each fault.',
}) {}

export class AccessTokenRequired extends defineError({
  code: 'access_token_required',
  status: 401,
  meaning: 'No access token came with the request.',
  remedy: 'Get a token at /oidc/token, and send it as "Authorization: Bearer TOKEN".',
}) {
  override readonly headers = { 'www-authenticate': 'Bearer realm="tessera"' };
  constructor() {
    super('An access token is required: Authorization: Bearer …');
  }
}

export class ManagementTokenRequired extends defineError({
  code: 'management_token_required',
  status: 403,
  meaning: 'The operation wants the access token of a management application.',
  remedy: 'Get a token with the client credentials of a management application.',
}) {
  constructor() {
    super('This wants the access token of a management application');
  }
}

export class RouteNotFound extends defineError({
  code: 'route_not_found',
  status: 404,
  meaning: 'There is no such path, or not with this method.',
  remedy: 'Look the operation up at /docs.',
}) {
  constructor() {
    super('There is no such route');
  }
}

export class RequestTimeout extends defineError({
  code: 'request_timeout',
  status: 408,
  meaning: 'The request did not arrive whole in time.',
  remedy: 'Send the whole request within 10 seconds.',
}) {
  constructor() {
    super('The request must arrive whole within 10 seconds');
  }
}

export class ExpectationFailed extends defineError({
  code: 'expectation_failed',
  status: 417,
  meaning: 'The tenant does not know what the header Expect asks for.',
  remedy: 'Send no such header, or 100-continue.',
}) {
  constructor() {
    super('expect must be 100-continue');
  }
}

export class BodyTooLarge extends defineError({
  code: 'body_too_large',
  status: 413,
  meaning:
    "The body is larger than the operation takes: 16 kB without an application's token, 1 MB with it, 8 MB for many users.",
  remedy: 'Send less at once.',
}) {
  /** @param limit in bytes */
  constructor(limit: number) {
    super(`The body must be at most ${sizeInWords(limit)}`);
  }
}

export class UnsupportedMediaType extends defineError({
  code: 'unsupported_media_type',
  status: 415,
  meaning: 'The operation does not take a body of this media type or charset.',
  remedy: 'Send JSON in UTF-8 with "Content-Type: application/json".',
}) {
  constructor() {
    super('The body must be application/json, in UTF-8');
  }
}

export class HeaderTooLarge extends defineError({
  code: 'header_too_large',
  status: 431,
  meaning: 'The URL and the header together are larger than 64 KB.',
  remedy: 'Send a shorter search, or fewer headers.',
}) {
  constructor() {
    super('The header and the URL must be at most 64 KB');
  }
}

export class InternalError extends defineError({
  code: 'internal_error',
  status: 500,
  meaning: 'The tenant is at fault, and has logged what happened.',
  remedy: 'Look for the x-request-id of the answer in the log, and report what is there.',
}) {
  constructor(cause: unknown) {
    super('The tenant could not answer this request', { cause });
  }
}

/**
 * Whatever went wrong, as an error that a caller may see.
 * @param request the one that it happened to, where a body may have been too large
 */
export function asApiError(error: Error, request?: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  const { validation, validationContext, code, statusCode = 500 } = error as FastifyError;
  if (validation) return new InvalidRequest(faultsOf(validation, validationContext));
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new BodyTooLarge(request?.routeOptions.bodyLimit ?? PUBLIC_BODY_LIMIT);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new UnsupportedMediaType();
  }
  if (statusCode < 500) return new InvalidRequest(error.message);
  return new InternalError(error);
}
