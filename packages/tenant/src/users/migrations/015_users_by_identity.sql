-- Users are found by the identifier that they have with an identity provider. Only a sign-in changes identities, so that
-- updates go on without touching an index.
create index users_by_identity on users using gin (identities jsonb_path_ops);
