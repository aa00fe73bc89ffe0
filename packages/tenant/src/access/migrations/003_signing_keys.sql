create table if not exists signing_keys (
  tenant_id text not null,
  kid text not null,
  private_jwk jsonb not null,
  created_at bigint not null,
  primary key (tenant_id, kid)
);
