create table if not exists identifiers (
  tenant_id text not null,
  kind text not null,
  value text collate "C" not null,
  user_id text not null,
  primary key (tenant_id, kind, value)
);

-- Before the first release there were tables with another collation; where it is this one, nothing is rewritten.
alter table identifiers alter column value type text collate "C";

create index if not exists identifiers_of_user on identifiers (tenant_id, user_id);
