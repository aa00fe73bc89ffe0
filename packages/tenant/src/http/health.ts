import type { FastifyInstance } from 'fastify';
import type { Database } from '../database/database.ts';

/** For whoever runs the tenant: is the process alive, can it serve? */
export function healthRoutes(app: FastifyInstance, database: Database): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    try {
      await database.query('select 1');
      return { status: 'ok' };
    } catch {
      return reply.status(503).send({ message: 'The database does not answer', error_code: 503 });
    }
  });
}
