import { Type } from 'typebox';
import { HttpError, IdentifierIsTakenError } from '../schema/errors.ts';
import { PageInfo } from '../schema/paging.ts';
import { Text } from '../schema/schemas.ts';
import { ApiUser } from './user.ts';

/** What operations on users share: the parameter that names one, and answers. */

export const UserIdParams = Type.Object({ user_id: Text(255, 'ID of the user') });

/** The versions of the user that a change is meant for: an extension. */
export const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({ maxLength: 1000, description: 'Entity tags of the versions that may be changed; an extension' }),
  ),
});

export const notFound = { 404: { description: 'There is no such user', schema: HttpError } };
export const taken = {
  409: { description: 'Another user of the tenant has that identifier', schema: IdentifierIsTakenError },
};
export const stale = { 412: { description: 'The user is at another version than If-Match names', schema: HttpError } };

/** What every Users API answer wraps a single user in. */
export const UserResult = Type.Object({ result: ApiUser });

export const UsersPage = Type.Object(
  {
    total_count: Type.Integer({ description: 'How many users there are on all pages' }),
    page_info: PageInfo,
    result: Type.Array(ApiUser),
  },
  { title: 'UsersPage' },
);
