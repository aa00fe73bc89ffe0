-- Who acts for whom, by the actor: a user who is deleted acts for nobody any more.
create table delegations (
  tenant_id text not null,
  user_id text not null,
  actor_id text not null,
  primary key (tenant_id, user_id)
);
create index delegations_by_actor on delegations (tenant_id, actor_id);
insert into delegations (tenant_id, user_id, actor_id)
  select tenant_id, user_id, profile #>> '{delegated_access,actor_id}' from users
  where profile #>> '{delegated_access,actor_id}' is not null;
