-- Whether the emails of a provider count as verified though it says nothing of that: an administrator vouches for the provider.
alter table identity_providers add column email_trusted boolean not null default false;
