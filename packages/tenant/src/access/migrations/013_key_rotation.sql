-- A tenant has any number of keys, of which one signs. One that validates is published, so that tokens it signed stay good.
alter table signing_keys
  add column name text not null default 'First key',
  add column app_id text not null default '',
  add column status text not null default 'validating',
  add column source text not null default 'global',
  add column updated_at bigint not null default 0;
update signing_keys set updated_at = created_at;
update signing_keys set status = 'signing' where (tenant_id, kid) in (
  select distinct on (tenant_id) tenant_id, kid from signing_keys order by tenant_id, created_at desc, kid
);
create unique index signing_keys_one_signs on signing_keys (tenant_id) where status = 'signing';
