-- That a user was deleted, when, and by whose token: nothing of the profile.
create table deleted_users (
  tenant_id text not null,
  user_id text not null,
  deleted_at bigint not null,
  client_id text not null,
  primary key (tenant_id, user_id)
);
create index deleted_users_by_time on deleted_users (tenant_id, deleted_at, user_id);
