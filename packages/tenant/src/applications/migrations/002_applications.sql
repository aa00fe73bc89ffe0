-- Every key begins with the tenant, so that Citus can distribute each table. Times are milliseconds since the epoch.
create table if not exists tenants (
  tenant_id text primary key,
  name text not null,
  created_at bigint not null
);

create table if not exists applications (
  tenant_id text not null,
  app_id text not null,
  name text not null,
  client_id text not null,
  secret_hash text not null,
  management boolean not null,
  created_at bigint not null,
  primary key (tenant_id, app_id),
  unique (tenant_id, client_id)
);

-- The token endpoint has only the client ID to go by.
create index if not exists applications_client_id on applications (client_id);
