-- With the user, whose order those for whom somebody acts are read in: whatever a plan expects of them, it reads no others.
drop index delegations_by_actor;
create index delegations_by_actor on delegations (tenant_id, actor_id, user_id);
