-- A database as a tenant of this release left it, with a key and users made up for the test.

CREATE TABLE public.applications (
    tenant_id text NOT NULL,
    app_id text NOT NULL,
    name text NOT NULL,
    client_id text NOT NULL,
    secret_hash text NOT NULL,
    management boolean NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE public.identifiers (
    tenant_id text NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    user_id text NOT NULL
);

CREATE TABLE public.kysely_migration (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);

CREATE TABLE public.kysely_migration_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);

CREATE TABLE public.signing_keys (
    tenant_id text NOT NULL,
    kid text NOT NULL,
    private_jwk jsonb NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE public.tenants (
    tenant_id text NOT NULL,
    name text NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE public.users (
    tenant_id text NOT NULL,
    user_id text NOT NULL,
    version bigint NOT NULL,
    status text NOT NULL,
    status_changed_at bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    last_auth bigint,
    profile jsonb NOT NULL,
    custom_data jsonb,
    apps jsonb NOT NULL,
    password jsonb,
    identities jsonb NOT NULL,
    group_ids text[] NOT NULL
)
WITH (fillfactor='80');

INSERT INTO public.applications VALUES ('01a210d8-39d6-749b-85cb-1f5e2d55bfe2', '01a210d8-3a5c-7038-acf0-0148b1befaff', 'Default application', 'test-client', '$argon2id$v=19$m=19456,t=2,p=1$1tmfOQZFxm1k3CzUI80Htg$ugtTgcRRu1+MNl1qQGqJapvSspCUlMFZ+Ju+1961Y4w', true, 1795578935922);

INSERT INTO public.identifiers VALUES ('01a210d8-39d6-749b-85cb-1f5e2d55bfe2', 'email', 'ada@example.com', '01a210d8-3bd3-74ad-8598-936228266f06');
INSERT INTO public.identifiers VALUES ('01a210d8-39d6-749b-85cb-1f5e2d55bfe2', 'email', 'countess@example.com', '01a210d8-3bd3-74ad-8598-936228266f06');
INSERT INTO public.identifiers VALUES ('01a210d8-39d6-749b-85cb-1f5e2d55bfe2', 'phone_number', '+12125550101', '01a210d8-3bd3-74ad-8598-936228266f06');
INSERT INTO public.identifiers VALUES ('01a210d8-39d6-749b-85cb-1f5e2d55bfe2', 'username', 'ada', '01a210d8-3bd3-74ad-8598-936228266f06');
INSERT INTO public.identifiers VALUES ('01a210d8-39d6-749b-85cb-1f5e2d55bfe2', 'external_user_id', 'crm-2', '01a210d8-3be8-71d8-bd09-f59a65b01744');
INSERT INTO public.identifiers VALUES ('01a210d8-39d6-749b-85cb-1f5e2d55bfe2', 'phone_number', '+12125550102', '01a210d8-3be8-71d8-bd09-f59a65b01744');

INSERT INTO public.kysely_migration VALUES ('001_start', '2026-11-25T03:55:35.762Z');

INSERT INTO public.kysely_migration_lock VALUES ('migration_lock', 0);

INSERT INTO public.signing_keys VALUES ('01a210d8-39d6-749b-85cb-1f5e2d55bfe2', 'w8nStMl-MtdWaZgeMqKHEFn0jGvI0b-usoj3BUKlHNA', '{"d": "AUKJngcdyIZyzeDE_AgcOe0M--zqvPL7iYa3_f6gSNbROYd99-fmJS9yz7SD11jBo6Sz8u4iu-YZG5pXBlKv2nw3bY_PUmkTklCSVYQQhi3qhw_AkFsHz7YX4bQ5uR8vf2xWQrxR5Jd3oTdZ4vR14ftU2aXsVtV-fSHWvPkp_9Nwe1dEWKyYr6GTIZa3jgSFUThBAwZY2LA_p_7IWbnHBGKUBpCMBIPvExsoh26AsQYuD_dS3xlGI_wj_vWGpvsRdFxBandtsMH1aB59JeOUw_IR30daPQCsH2OcB2daK0-xmLb5qKU9D5tYZWXwgUGMT9FWuArcbob8aOh496oBAQ", "e": "AQAB", "n": "plybBr1d3APHxrM_2r2Y3LnOpP_TktqZRyNXMPlwVjAsMTJ1obchDbdx5Sz7oWd-OqG-0nudVNh1ybrdcM6_ca4eJRZKYuRPddgahZ8NtURGppHx9SGcqii1c2sowQcGVNjPNcTWWRKCrG7yO1JxAzSF68SBrhOYIo3x-hqid2DY5jtJkAmXQINlNL2AD649oNs8lhxlMW4xsvxRfadDN11_gChGx65lN6fc73pjbTADCoNWVM047qj_8Ta0XvJdJk4IfcHWj4nbkYVplIJNsYIsSJndGtVPRwS-A1lJJwxprxR01bpZnJrWuDwmP1OEBULRZl0RNL_5jITFopsgzQ", "p": "0uonvyLCVYi_tkipxh9F1jUQ18DpxnGkQ4uBBL4wBGcbPmevtD5AxeLZE-sYXi1eGXMp9zIT4YyjmME_K9ZUifbCNr0iVKpKZ3PgK2il_Ro4qBJeChiTfcRtJu9E6_v7Gm5X2QktiYO15cbnZvGGA3vsTR58trLxn9eomWWdhEE", "q": "yexjefPBT7LQ31JHvw_U46_ATXqUK14VvpOR0N6wzUHwjH-BClaQDCQIOatO339T2FK5DAx4ZrkLFih6DggosJRF9dQhk1YKlkoOfyMPYjMjcUq_xRJK3a9udK-mNPBW0NjxBpb2LxS6_UgnPInHMRbXs4lA53WOQQDppbhzCY0", "dp": "Ko7lBkRVQj0dsgJnf3q_9MEwbNiYU1qK8rYrinF17u1_KdByO8Rz_XoQo1xExnwRCMGcLi0EpfZi7GfR_154IH6SIcl4K-1Qph9TlG7BT5kC5acPIqpi2HXSMJEHLzbhLCwnvbuEXMMe6QaBmtwRVpKi08zbDWJ-LuqtMoa2igE", "dq": "XOy8mtLik5rnJN7oxbSzdFTdWsqehZa2yw1-fXD-THecDAxhhjBv-iZa4q9DjPc7zsHDBxh2EE_4GipmgS6gCyMxTwBgsz1VgfRy1297FOYT2X9c4YSZj4u8eVacVqCEU3iC81Vl1iTkKMubwvBlCuJIQgdYJyyiWqfg3rMTvcE", "qi": "m6z1x8s68AbdI3IbT9exmhP-USHPbVS0f-YjR9wRRyPrTifbRwT3_jviAF6iad6KAPUdkxrN2KOaIGgLnL8ONx4AlHvQ2AK2NXzlc3dgPql5sxD8pvA9pCvwsirI5RtiAZwZWG2kMWB77fIl4xHOMlVmFNot7gHnKKgRHPHCddE", "kty": "RSA"}', 1795578935767);

INSERT INTO public.tenants VALUES ('01a210d8-39d6-749b-85cb-1f5e2d55bfe2', 'Default tenant', 1795578935767);

INSERT INTO public.users VALUES ('01a210d8-39d6-749b-85cb-1f5e2d55bfe2', '01a210d8-3bd3-74ad-8598-936228266f06', 1, 'Pending', 1795578936275, 1795578936275, 1795578936275, NULL, '{"name": {"first_name": "Ada"}, "email": {"value": "ada@example.com", "email_verified": false}, "username": "ada", "phone_number": {"value": "+12125550101", "phone_number_verified": false}, "secondary_emails": [{"value": "countess@example.com", "email_verified": false}], "secondary_phone_numbers": []}', '{"plan": "gold"}', '{"01a210d8-3a5c-7038-acf0-0148b1befaff": {"custom_app_data": {"seat": 4}}}', NULL, '[]', '{}');
INSERT INTO public.users VALUES ('01a210d8-39d6-749b-85cb-1f5e2d55bfe2', '01a210d8-3be8-71d8-bd09-f59a65b01744', 1, 'Pending', 1795578936296, 1795578936296, 1795578936296, NULL, '{"phone_number": {"value": "+12125550102", "phone_number_verified": false}, "external_user_id": "crm-2", "secondary_emails": [], "secondary_phone_numbers": []}', NULL, '{"01a210d8-3a5c-7038-acf0-0148b1befaff": {}}', NULL, '[]', '{}');

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_pkey PRIMARY KEY (tenant_id, app_id);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_tenant_id_client_id_key UNIQUE (tenant_id, client_id);

ALTER TABLE ONLY public.identifiers
    ADD CONSTRAINT identifiers_pkey PRIMARY KEY (tenant_id, kind, value);

ALTER TABLE ONLY public.kysely_migration_lock
    ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.kysely_migration
    ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (tenant_id, kid);

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (tenant_id, user_id);

CREATE INDEX applications_client_id ON public.applications USING btree (client_id);

CREATE INDEX identifiers_of_user ON public.identifiers USING btree (tenant_id, user_id);

