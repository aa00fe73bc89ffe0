import { accessOperations } from './access/operations.ts';
import { applicationOperations } from './applications/operations.ts';
import { groupOperations } from './groups/operations.ts';
import { signInOperations } from './signIn/operations.ts';
import { bulkOperations } from './users/bulk.ts';
import { findUserOperations } from './users/find.ts';
import { historyOperations } from './users/history.ts';
import { userOperations } from './users/operations.ts';
import { passwordOperations } from './users/passwords.ts';

/** Every operation of the tenant, by its ID. */
export const operations = {
  ...accessOperations,
  ...applicationOperations,
  ...userOperations,
  ...historyOperations,
  ...findUserOperations,
  ...passwordOperations,
  ...bulkOperations,
  ...groupOperations,
  ...signInOperations,
};
