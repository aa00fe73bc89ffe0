import type { FastifyInstance } from 'fastify';
import type { AuthError } from '@tessera/contract';
import { ApiError } from '../../errors.ts';
import { answerError, sendError } from '../../http/errors.ts';
import { asApiError } from '../../http/requestErrors.ts';
import { TooManyRequests } from '../../limits/errors.ts';
import { UserNotFound } from '../../users/rules/errors.ts';
import { AddressUnverified, InvalidCode, PasswordMustChange, SessionOver } from '../errors.ts';

/** The routes of an instance tell their faults by the vendor's codes; what has none of them as every route does. */
export function tellByCode(app: FastifyInstance): void {
  app.setErrorHandler((thrown: Error, request, reply) => {
    const error = asApiError(thrown, request);
    const body = authBody(error);
    return body ? answerError(error, body, request, reply) : sendError(error, request, reply);
  });
}

/** The same of email links, where the vendor's code is the status as text. */
export function tellByStatus(app: FastifyInstance): void {
  app.setErrorHandler((thrown: Error, request, reply) => {
    const error = asApiError(thrown, request);
    if (!authBody(error)) return sendError(error, request, reply);
    return answerError(error, { error_code: String(error.status), message: error.message }, request, reply);
  });
}

function authBody(error: ApiError): AuthError | undefined {
  const { message } = error;
  if (error instanceof PasswordMustChange) return { error_code: error.word, message, reset_token: error.resetToken };
  if (error instanceof InvalidCode || error instanceof AddressUnverified)
    return { error_code: 'auth_invalid_credentials', message };
  if (error instanceof SessionOver) return { error_code: 'session_not_found', message };
  if (error instanceof TooManyRequests) return { error_code: 'too_many_requests', message };
  if (error instanceof UserNotFound) return { error_code: 'user_not_found', message };
  if (error.facts.member === 'error_code') return { error_code: error.code as AuthError['error_code'], message };
  return error.status === 400 ? { error_code: 'system_invalid_input', message } : undefined;
}
