import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../src/postgres/embedded.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The PostgreSQL of this run: each test tenant has a database of its own in it. */
    postgres: EmbeddedPostgres['connection'];
  }
}

/** Starts one PostgreSQL for the whole run: a server for each tenant would take most of a run's time. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-tests-'));
  const postgres = await startEmbeddedPostgres(directory);
  project.provide('postgres', postgres.connection);
  return async () => {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
}
