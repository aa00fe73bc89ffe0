-- A session begins with a sign-in, and a further one of the same user may join it. Times are milliseconds since the epoch.
create table sessions (
  tenant_id text not null,
  session_id text not null,
  user_id text not null,
  client_id text not null,
  app_id text not null,
  -- How the user has signed in (RFC 8176).
  methods text[] not null,
  auth_at bigint not null,
  expires_at bigint not null,
  primary key (tenant_id, session_id)
);
create index sessions_of_user on sessions (tenant_id, user_id);
create index sessions_by_end on sessions (expires_at);

-- Of a refresh token only its SHA-256 is kept. One that was used stays until it expires, to be known when it comes again.
create table refresh_tokens (
  tenant_id text not null,
  token_hash text not null,
  session_id text not null,
  client_id text not null,
  audience text,
  rotations integer not null,
  used_at bigint,
  expires_at bigint not null,
  primary key (tenant_id, token_hash)
);
create index refresh_tokens_of_session on refresh_tokens (tenant_id, session_id);
create index refresh_tokens_by_end on refresh_tokens (expires_at);
