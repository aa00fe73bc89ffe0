import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { PasswordError } from '@tessera/contract';
import { defineError, type ApiError } from '../../errors.ts';
import { answerError, sendError } from '../../http/errors.ts';
import { asApiError } from '../../http/requestErrors.ts';
import { UserNotFound } from '../rules/errors.ts';

/** Passwords that cannot be set, by the codes of the vendor's password routes. */

export class InvalidPasswordInput extends defineError({
  code: 'system_invalid_input',
  status: 400,
  meaning: 'The request to a password route is not as the operation wants it, or breaks a rule.',
  remedy: 'Mend what the message names.',
  member: 'error_code',
}) {}

export class PasswordConfigured extends defineError({
  code: 'auth_password_already_configured',
  status: 409,
  meaning: 'The user has a password already and another route replaces it, or has none yet to be replaced.',
  remedy: 'Send POST to set the first password, PUT to set the next one.',
  member: 'error_code',
}) {}

/** The answer of every route that sets one. */
export const REGISTERED = { result: { message: 'Password registered' } };

/** The routes of an instance tell their own faults by codes, as the vendor's password routes do; the others as every route does. */
export function tellByPasswordCode(app: FastifyInstance): void {
  app.setErrorHandler((thrown: Error, request, reply) => {
    const error = passwordError(thrown, request);
    if (!error) return sendError(thrown, request, reply);
    const body = { error_code: error.code, message: error.message } as PasswordError;
    return answerError(error, body, request, reply);
  });
}

/** The error as the vendor's password routes tell it; undefined when they do not. */
function passwordError(thrown: Error, request: FastifyRequest): ApiError | undefined {
  const error = asApiError(thrown, request);
  if (error.facts.member === 'error_code' || error instanceof UserNotFound) return error;
  return error.status === 400 ? new InvalidPasswordInput(error.message, { cause: thrown }) : undefined;
}
