-- The user first: an index that begins with the tenant looks good enough for any question about identifiers to a PostgreSQL
-- that has no statistics yet, and all of the tenant's were read for it.
drop index identifiers_of_user;
create index identifiers_of_user on identifiers (user_id, tenant_id);
