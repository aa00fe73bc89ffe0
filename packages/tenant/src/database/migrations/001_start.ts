import { sql, type Kysely } from 'kysely';

/**
 * Tenants, their applications and keys, users and their identifiers.
 *
 * The tenant is in every key, so that Citus can distribute each table by it.
 * Times are milliseconds since the epoch.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table tenants (
      tenant_id text primary key,
      name text not null,
      created_at bigint not null
    )`.execute(db);

  await sql`
    create table applications (
      tenant_id text not null,
      app_id text not null,
      name text not null,
      client_id text not null,
      secret_hash text not null,
      management boolean not null,
      created_at bigint not null,
      primary key (tenant_id, app_id),
      unique (tenant_id, client_id)
    )`.execute(db);
  // The token endpoint has only the client ID to go by.
  await sql`create index applications_client_id on applications (client_id)`.execute(db);

  await sql`
    create table signing_keys (
      tenant_id text not null,
      kid text not null,
      private_jwk jsonb not null,
      created_at bigint not null,
      primary key (tenant_id, kid)
    )`.execute(db);

  // What an update changes is in no index, so that PostgreSQL updates a row in place (HOT), in the room fillfactor leaves.
  await sql`
    create table users (
      tenant_id text not null,
      user_id text not null,
      version bigint not null,
      status text not null,
      status_changed_at bigint not null,
      created_at bigint not null,
      updated_at bigint not null,
      last_auth bigint,
      profile jsonb not null,
      custom_data jsonb,
      apps jsonb not null,
      password jsonb,
      identities jsonb not null,
      group_ids text[] not null,
      email text collate "C",
      phone_number text collate "C",
      primary key (tenant_id, user_id)
    ) with (fillfactor = 80)`.execute(db);

  // Each order in which users are listed.
  for (const column of ['created_at', 'email', 'phone_number', 'last_auth']) {
    await sql`create index ${sql.raw(`users_by_${column}`)} on users (tenant_id, ${sql.raw(column)}, user_id)`.execute(
      db,
    );
  }

  await sql`
    create table identifiers (
      tenant_id text not null,
      kind text not null,
      value text collate "C" not null,
      user_id text not null,
      primary key (tenant_id, kind, value)
    )`.execute(db);
  await sql`
    create table groups (
      tenant_id text not null,
      group_id text not null,
      name text not null,
      description text,
      custom_data jsonb,
      created_at bigint not null,
      updated_at bigint not null,
      primary key (tenant_id, group_id),
      unique (tenant_id, name)
    )`.execute(db);
  // Whom a user's group_ids name, the other way round.
  await sql`
    create table group_members (
      tenant_id text not null,
      group_id text not null,
      user_id text not null,
      primary key (tenant_id, group_id, user_id)
    )`.execute(db);

  await sql`
    create table user_history (
      tenant_id text not null,
      user_id text not null,
      version bigint not null,
      changed_at bigint not null,
      client_id text not null,
      before jsonb not null,
      after jsonb not null,
      primary key (tenant_id, user_id, version)
    )`.execute(db);

  // How far an import is that is not finished.
  await sql`
    create table imports (
      tenant_id text not null,
      import_key text not null,
      lines bigint not null,
      primary key (tenant_id, import_key)
    )`.execute(db);

  await sql`create index identifiers_of_user on identifiers (tenant_id, user_id)`.execute(db);
}
