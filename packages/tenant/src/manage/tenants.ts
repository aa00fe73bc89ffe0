import { inTransaction, type Database } from '../database/database.ts';
import { ownTables } from '../database/migrate.ts';

/** Deletes a tenant with all that it has, in one transaction. @returns whether there was one */
export function deleteTenant(database: Database, tenantId: string): Promise<boolean> {
  return inTransaction(database, async (connection) => {
    const { rows: tables } = await connection.query<{ name: string }>({
      // Whatever a migration adds belongs to a tenant, and so goes with it; what others keep there is theirs.
      text: `select table_name as name from information_schema.columns
        where table_schema = current_schema() and column_name = 'tenant_id' and table_name <> 'tenants'
          and table_name = any ($1::text[])`,
      values: [await ownTables()],
    });
    await connection.query({ text: "set local statement_timeout = '10min'" });
    for (const { name } of tables) {
      await connection.query({ text: `delete from ${name} where tenant_id = $1`, values: [tenantId] });
    }
    const { rowCount } = await connection.query({
      text: 'delete from tenants where tenant_id = $1',
      values: [tenantId],
    });
    return rowCount === 1;
  });
}
