import { BadRequestError, HttpError } from './errors.ts';

/** Answers that operations of every subject share. */

export const badRequest = { 400: { description: 'The request is malformed', schema: BadRequestError } };
export const unauthorized = { 401: { description: 'No valid access token was sent', schema: HttpError } };
export const forbidden = { 403: { description: 'The application is no management application', schema: HttpError } };
export const notOwn = {
  403: {
    description: 'The application is another one, and the calling one is no management application',
    schema: HttpError,
  },
};
