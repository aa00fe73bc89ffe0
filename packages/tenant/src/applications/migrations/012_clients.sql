-- An application has any number of clients from here on, of which one is its default; the credentials that it had are that one's.
create table clients (
  tenant_id text not null,
  client_id text not null,
  app_id text not null,
  name text not null,
  secret_hash text not null,
  previous_secret_hash text,
  previous_valid_until bigint,
  settings jsonb not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, client_id)
);
create index clients_of_application on clients (tenant_id, app_id, created_at);
-- The token endpoint has only the client ID to go by.
create index clients_client_id on clients (client_id);

insert into clients (tenant_id, client_id, app_id, name, secret_hash, settings, created_at, updated_at)
  select tenant_id, client_id, app_id, name, secret_hash, '{"redirect_uris": []}', created_at, created_at from applications;

alter table applications
  add column enabled boolean not null default true,
  add column settings jsonb not null default '{}',
  add column default_client_id text,
  add column created_by text not null default '',
  add column updated_at bigint not null default 0;
update applications set default_client_id = client_id, updated_at = created_at;
alter table applications drop column client_id, drop column secret_hash;
