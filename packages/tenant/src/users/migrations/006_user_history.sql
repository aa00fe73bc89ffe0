create table if not exists user_history (
  tenant_id text not null,
  user_id text not null,
  version bigint not null,
  changed_at bigint not null,
  client_id text not null,
  before jsonb not null,
  after jsonb not null,
  primary key (tenant_id, user_id, version)
);
