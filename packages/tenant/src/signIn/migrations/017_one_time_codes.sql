-- Codes that sign somebody in, once: one for each purpose and subject. Of a code only its SHA-256 is kept.
create table one_time_codes (
  tenant_id text not null,
  purpose text not null,
  -- The name or address that it was sent for; of codes that are looked for by themselves, their hash.
  subject text not null,
  code_hash text not null,
  client_id text not null,
  -- Whose it is; null when the sign-in is to create the user.
  user_id text,
  attempts integer not null,
  data jsonb not null,
  expires_at bigint not null,
  locked_until bigint,
  primary key (tenant_id, purpose, subject)
);
create index one_time_codes_by_code on one_time_codes (purpose, code_hash);
create index one_time_codes_of_user on one_time_codes (tenant_id, user_id);
create index one_time_codes_by_end on one_time_codes (expires_at);
