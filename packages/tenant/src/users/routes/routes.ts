import type { FastifyInstance } from 'fastify';
import type { Database } from '../../database/database.ts';
import type { Passwords } from '../passwords.ts';
import { addressRoutes } from './addressRoutes.ts';
import { bulkRoutes } from './bulkRoutes.ts';
import { findRoutes } from './findRoutes.ts';
import { historyRoutes } from './historyRoutes.ts';
import { passwordRoutes } from './passwordRoutes.ts';
import { userRoutes } from './userRoutes.ts';

/** The routes of users; those of passwords have an error body of their own. */
export function usersRoutes(database: Database, passwords: Passwords): ((app: FastifyInstance) => void)[] {
  return [
    (app) => {
      userRoutes(app, database, passwords);
      findRoutes(app, database);
      addressRoutes(app, database);
      historyRoutes(app, database);
      bulkRoutes(app, database, passwords);
    },
    (app) => passwordRoutes(app, database, passwords),
  ];
}
