import type { Queryable } from '../database/database.ts';

/** How many lines of a file an import has done that is not finished; undefined when there is none. */
export async function importedLines(database: Queryable, tenantId: string, key: string): Promise<number | undefined> {
  const { rows } = await database.query<{ lines: number }>({
    text: 'select lines from imports where tenant_id = $1 and import_key = $2',
    values: [tenantId, key],
  });
  return rows[0]?.lines;
}

/** Keeps how far an import is, for when it is cut short. */
export async function rememberImport(database: Queryable, tenantId: string, key: string, lines: number): Promise<void> {
  await database.query({
    text: `insert into imports (tenant_id, import_key, lines) values ($1, $2, $3)
      on conflict (tenant_id, import_key) do update set lines = excluded.lines`,
    values: [tenantId, key, lines],
  });
}

/** The import is finished. */
export async function forgetImport(database: Queryable, tenantId: string, key: string): Promise<void> {
  await database.query({
    text: 'delete from imports where tenant_id = $1 and import_key = $2',
    values: [tenantId, key],
  });
}
