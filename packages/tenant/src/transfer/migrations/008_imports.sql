-- How far an import is that is not finished.
create table if not exists imports (
  tenant_id text not null,
  import_key text not null,
  lines bigint not null,
  primary key (tenant_id, import_key)
);
