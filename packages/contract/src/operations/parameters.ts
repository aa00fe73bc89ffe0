import { Type } from 'typebox';
import { Text } from '../schemas.ts';

/** Parameters that many operations share. */

export const UserIdParams = Type.Object({ user_id: Text(255, 'ID of the user') });

export const Search = Type.Optional(
  Type.String({
    maxLength: 8192,
    description:
      'A SCIM filter (RFC 7644, 3.4.2.2), such as `status eq "Active" and name.last_name sw "Lo"`. ' +
      'Operators: eq, ne, gt, ge, lt, le, sw, pr, and, or, not.',
    examples: ['email sw "ada"'],
  }),
);

/** The most users on one page, and how many when the request does not say. */
export const PAGE_LIMIT_MAX = 5000;
export const PAGE_LIMIT_DEFAULT = 100;

export const paging = {
  page_offset: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, default: 0, description: 'How many to skip' }),
  ),
  page_limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: PAGE_LIMIT_MAX,
      default: PAGE_LIMIT_DEFAULT,
      description: 'How many to give',
    }),
  ),
};
