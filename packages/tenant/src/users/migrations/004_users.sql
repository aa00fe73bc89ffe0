-- What an update changes is in no index, so that PostgreSQL updates a row in place (HOT), in the room fillfactor leaves.
create table if not exists users (
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
) with (fillfactor = 80);

-- Before the first release there were tables without these two.
alter table users add column if not exists email text collate "C";
alter table users add column if not exists phone_number text collate "C";
update users set email = profile #>> '{email,value}', phone_number = profile #>> '{phone_number,value}'
  where email is null and phone_number is null;

-- Each order in which users are listed.
create index if not exists users_by_created_at on users (tenant_id, created_at, user_id);
create index if not exists users_by_email on users (tenant_id, email, user_id);
create index if not exists users_by_phone_number on users (tenant_id, phone_number, user_id);
create index if not exists users_by_last_auth on users (tenant_id, last_auth, user_id);
