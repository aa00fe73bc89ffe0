create table if not exists groups (
  tenant_id text not null,
  group_id text not null,
  name text not null,
  description text,
  custom_data jsonb,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, group_id),
  unique (tenant_id, name)
);

-- Whom a user's group_ids name, the other way round.
create table if not exists group_members (
  tenant_id text not null,
  group_id text not null,
  user_id text not null,
  primary key (tenant_id, group_id, user_id)
);
