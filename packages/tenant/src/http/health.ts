import type { FastifyInstance } from 'fastify';
import type { Database } from '../database/database.ts';
import { DatabaseUnavailable, TimeLimitReached } from '../database/errors.ts';
import { withinMs } from '../database/timeLimit.ts';
import { sendError } from './errors.ts';

/** How long the database may take to show that it is there. */
const READY_MS = 2000;

/** For whoever runs the tenant: is the process alive, can it serve? */
export function healthRoutes(app: FastifyInstance, database: Database): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (request, reply) => {
    try {
      await withinMs(
        READY_MS,
        () => new TimeLimitReached(),
        () => database.query({ text: 'select 1' }),
      );
      return { status: 'ok' };
    } catch (error) {
      return sendError(new DatabaseUnavailable(error), request, reply);
    }
  });
}
