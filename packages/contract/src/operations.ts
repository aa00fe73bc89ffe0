import { accessOperations } from './operations/access.ts';
import { bulkOperations } from './operations/bulk.ts';
import { findUserOperations } from './operations/findUsers.ts';
import { groupOperations } from './operations/groups.ts';
import { passwordOperations } from './operations/passwords.ts';
import { userOperations } from './operations/users.ts';

export { IDENTIFIER_NAMES, SORT_FIELDS } from './operations/findUsers.ts';
export type { Operation } from './operations/operation.ts';
export { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from './operations/parameters.ts';

/** Every operation of the tenant, by its ID. */
export const operations = {
  ...accessOperations,
  ...userOperations,
  ...findUserOperations,
  ...passwordOperations,
  ...bulkOperations,
  ...groupOperations,
};
