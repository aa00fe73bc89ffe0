-- Read from either end: those who signed in last come first when it is read backwards, and those who never did come last.
drop index users_by_last_auth;
create index users_by_last_auth on users (tenant_id, last_auth nulls first, user_id);
