import { Type } from 'typebox';
import { BadRequestError, HttpError, IdentifierIsTakenError } from '../errors.ts';
import { ApiUser } from '../user.ts';

/** Answers that many operations share. */

export const badRequest = { 400: { description: 'The request is malformed', schema: BadRequestError } };
export const unauthorized = { 401: { description: 'No valid access token was sent', schema: HttpError } };
export const notFound = { 404: { description: 'There is no such user', schema: HttpError } };
export const forbidden = { 403: { description: 'The application is no management application', schema: HttpError } };
export const taken = {
  409: { description: 'Another user of the tenant has that identifier', schema: IdentifierIsTakenError },
};
export const stale = { 412: { description: 'The user is at another version than If-Match names', schema: HttpError } };
export const tooLarge = { 413: { description: 'The body is larger than 1 MB', schema: HttpError } };

/** What every Users API answer wraps a single user in. */
export const UserResult = Type.Object({ result: ApiUser });

export const UsersPage = Type.Object(
  {
    total_count: Type.Integer({ description: 'How many users there are on all pages' }),
    page_info: Type.Object({ has_next_page: Type.Boolean(), has_previous_page: Type.Boolean() }, { title: 'PageInfo' }),
    result: Type.Array(ApiUser),
  },
  { title: 'UsersPage' },
);
/** A body with many users may be larger. */
export const tooLargeForMany = { 413: { description: 'The body is larger than 64 MB', schema: HttpError } };
