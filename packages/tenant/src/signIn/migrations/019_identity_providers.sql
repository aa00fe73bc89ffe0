-- OpenID Connect providers that the users of an application may sign in with. The secret is what the tenant itself
-- authenticates with there, and so is kept as it is.
create table identity_providers (
  tenant_id text not null,
  app_id text not null,
  name text not null,
  issuer text not null,
  client_id text not null,
  client_secret text not null,
  scope text not null,
  created_at bigint not null,
  primary key (tenant_id, app_id, name)
);
