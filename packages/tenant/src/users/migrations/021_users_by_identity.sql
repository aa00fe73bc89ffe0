-- Of those who have an identity alone: a user without one is created, and its email changed, without touching the index.
drop index users_by_identity;
create index users_by_identity on users using gin (identities jsonb_path_ops) where identities <> '[]';
