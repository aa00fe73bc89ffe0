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

CREATE TABLE public.group_members (
    tenant_id text NOT NULL,
    group_id text NOT NULL,
    user_id text NOT NULL
);

CREATE TABLE public.groups (
    tenant_id text NOT NULL,
    group_id text NOT NULL,
    name text NOT NULL,
    description text,
    custom_data jsonb,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

CREATE TABLE public.identifiers (
    tenant_id text NOT NULL,
    kind text NOT NULL,
    value text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL
);

CREATE TABLE public.imports (
    tenant_id text NOT NULL,
    import_key text NOT NULL,
    lines bigint NOT NULL
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

CREATE TABLE public.user_history (
    tenant_id text NOT NULL,
    user_id text NOT NULL,
    version bigint NOT NULL,
    changed_at bigint NOT NULL,
    client_id text NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL
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
    group_ids text[] NOT NULL,
    email text COLLATE pg_catalog."C",
    phone_number text COLLATE pg_catalog."C"
)
WITH (fillfactor='80');

INSERT INTO public.applications VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', '01a210d8-2bbb-7086-93e0-cfab45dc2f0e', 'Default application', 'test-client', '$argon2id$v=19$m=19456,t=2,p=1$tMsaIAqjFTSY6PQ6dMsAPg$p75vJ1JCRfgcymiJouVUJvcKF03gFt9yXDQ+lRyajB4', true, 1795578932219);

INSERT INTO public.identifiers VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', 'email', 'ada@example.com', '01a210d8-2eb1-752c-b147-d8d0f2204de9');
INSERT INTO public.identifiers VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', 'email', 'countess@example.com', '01a210d8-2eb1-752c-b147-d8d0f2204de9');
INSERT INTO public.identifiers VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', 'phone_number', '+12125550101', '01a210d8-2eb1-752c-b147-d8d0f2204de9');
INSERT INTO public.identifiers VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', 'username', 'ada', '01a210d8-2eb1-752c-b147-d8d0f2204de9');
INSERT INTO public.identifiers VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', 'external_user_id', 'crm-2', '01a210d8-2ec5-7664-9c75-60046fc09a3c');
INSERT INTO public.identifiers VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', 'phone_number', '+12125550102', '01a210d8-2ec5-7664-9c75-60046fc09a3c');

INSERT INTO public.kysely_migration VALUES ('001_start', '2026-11-25T03:55:32.084Z');

INSERT INTO public.kysely_migration_lock VALUES ('migration_lock', 0);

INSERT INTO public.signing_keys VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', 'YG0dMCW7GRG_IU7UgS4szGYQQTBsFdjknAcdSaEyAzo', '{"d": "BCuiN_ZBCYgWsryuSArPC8HYTNkoD8OA9XQCazCdAKSyLyjBjSjCcdATWDprbaFGU2jXPC-iDyyhXZsFOH1HaDi622lYA89a7LkXPlkMKznsq_1UiT-xGaa03SDxYBjfivhXjemWrlm_WitGs7nAUh28OqmYP-Y7UP2ABUNiLWQWsxac7jGFugGRPpy3lDQANpBal08yZVzikHXHV3mvQ8BE6meVS9MB3Ee1TMJXrWXTxuAhJeigSGSO4zVVYaH-sjHshgqNnORib06vQAH_K6sZU4X1RCDgRXgWn9iMgYj3LjSn4YDB8NKTvBS-XJqjXlU6WOvWYpYwBdO7WCGYnQ", "e": "AQAB", "n": "xvcSR-kT60NfvKVzu4yDANsExP2w5RCXDcQUpfn16PJ-gpasJEkzvxhi5qFI5NRdh7fjRMKaff6lpEWg1CskJ09PW-SvUSdA4sNopbByZnoeu6mz0Bx3S7fwKoc0GDLFeRe1lCmhlGb2nFKIVwB5exAJBPFkS_mEhfULThp4a3kksJnotzfiEgJ2KhEeusPpBQ3jKOH06OpemytfDlSd2xQgp5DQmxTMjghOBorKX0ITO76fVLL6JHjhTrMMEogHEGSH22Zse6bIoK2pDh1Ku-NAgBkVKN8V1bc3c3u5V0IHm2i2DeDRzQ_34aTPBVu78EAxZeRfTpQUnApJbJoAGw", "p": "6TxbsypbhX22MLGavvaEG2dNoP_7h-px_EWhQkKidAPCSd6jJc8qLQm_orJLqtq7pDvT_0dALsUZEFBMx_tCk2orq1TwjEXf0Lr5m5StIqYxviMbz3gfLAYFFR1P0d6pUfWMrkN72ytuQMaGCCYxF4NB6uVB6wKk74-Ch7Vyvs8", "q": "2mJswgaUeshZTpZXvQ275V1jnBDTLIpRHQmvDF4TRGP1MCE5m6Aos6oVRoP3CHUrGrDX92Qz7_0GiTI9h7BxgFxdXZDmnMI3lFip-oXvG5FnTW71CYSX9U0aiHkZmBqtaTpS_Dm3rfldoMT4kMNcqngZ0qJxWQcnjbRyhGkZXPU", "dp": "cA6mxBLiu-UlJon-HieUWxIr0uGJ-MgkEZ9mlc4r_O9dZl5IJj89NTxMzR86iZDjvEleVnTmGlJp81ORQDewyeClsIBzvgFIQiHDEQPClzYgCgkWMHy3BVCzGmzlz6BZ213NRGB53lgkdYysErg-t9xBTFjvbbjsg4iAnzEHOzM", "dq": "1srV46RrJ7Skujn_A_BdLYREM70MpxNIIoJizIw-8RZLk1IqghntzoBsOpYTRBtSEQd881N4DgRVCF4EzM_LYw_1uNCLMgWIev0V-lT_T6Mc8rk-g2UJvPhgL3jEpqkehJAcDP6L3a6V20nAnUm5e-VyqIyjZYg27BZeSEPC8X0", "qi": "N0UVl19u7HETJfa7B5l0DjnUYHA2K72HRJROBV4TXR3OEIcxYU5VJHSgn1IkdlPbGoLkZQRY4pJCtIlPjy8RbornwsqVVOuUIgUCwwa18jyYxvAYLPsjpo7RLSkfyzFALozjKgQfzeKdWiVQOypmPLJUvLzu_iIv55Ach_ca-6I", "kty": "RSA"}', 1795578932088);

INSERT INTO public.tenants VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', 'Default tenant', 1795578932088);

INSERT INTO public.user_history VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', '01a210d8-2eb1-752c-b147-d8d0f2204de9', 1, 1795578932913, 'test-client', '{}', '{"name": {"first_name": "Ada"}, "email": {"value": "ada@example.com", "email_verified": false}, "status": "Pending", "groupIds": [], "username": "ada", "custom_data": {"plan": "gold"}, "phone_number": {"value": "+12125550101", "phone_number_verified": false}, "secondary_emails": [{"value": "countess@example.com", "email_verified": false}], "secondary_phone_numbers": [], "app:01a210d8-2bbb-7086-93e0-cfab45dc2f0e": {"custom_app_data": {"seat": 4}}}');
INSERT INTO public.user_history VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', '01a210d8-2ec5-7664-9c75-60046fc09a3c', 1, 1795578932933, 'test-client', '{}', '{"status": "Pending", "groupIds": [], "phone_number": {"value": "+12125550102", "phone_number_verified": false}, "external_user_id": "crm-2", "secondary_emails": [], "secondary_phone_numbers": [], "app:01a210d8-2bbb-7086-93e0-cfab45dc2f0e": {}}');

INSERT INTO public.users VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', '01a210d8-2eb1-752c-b147-d8d0f2204de9', 1, 'Pending', 1795578932913, 1795578932913, 1795578932913, NULL, '{"name": {"first_name": "Ada"}, "email": {"value": "ada@example.com", "email_verified": false}, "username": "ada", "phone_number": {"value": "+12125550101", "phone_number_verified": false}, "secondary_emails": [{"value": "countess@example.com", "email_verified": false}], "secondary_phone_numbers": []}', '{"plan": "gold"}', '{"01a210d8-2bbb-7086-93e0-cfab45dc2f0e": {"custom_app_data": {"seat": 4}}}', NULL, '[]', '{}', 'ada@example.com', '+12125550101');
INSERT INTO public.users VALUES ('01a210d8-2b78-7295-b727-d202bb138cc1', '01a210d8-2ec5-7664-9c75-60046fc09a3c', 1, 'Pending', 1795578932933, 1795578932933, 1795578932933, NULL, '{"phone_number": {"value": "+12125550102", "phone_number_verified": false}, "external_user_id": "crm-2", "secondary_emails": [], "secondary_phone_numbers": []}', NULL, '{"01a210d8-2bbb-7086-93e0-cfab45dc2f0e": {}}', NULL, '[]', '{}', NULL, '+12125550102');

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_pkey PRIMARY KEY (tenant_id, app_id);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_tenant_id_client_id_key UNIQUE (tenant_id, client_id);

ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_pkey PRIMARY KEY (tenant_id, group_id, user_id);

ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_pkey PRIMARY KEY (tenant_id, group_id);

ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_tenant_id_name_key UNIQUE (tenant_id, name);

ALTER TABLE ONLY public.identifiers
    ADD CONSTRAINT identifiers_pkey PRIMARY KEY (tenant_id, kind, value);

ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_pkey PRIMARY KEY (tenant_id, import_key);

ALTER TABLE ONLY public.kysely_migration_lock
    ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.kysely_migration
    ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (tenant_id, kid);

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.user_history
    ADD CONSTRAINT user_history_pkey PRIMARY KEY (tenant_id, user_id, version);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (tenant_id, user_id);

CREATE INDEX applications_client_id ON public.applications USING btree (client_id);

CREATE INDEX identifiers_of_user ON public.identifiers USING btree (tenant_id, user_id);

CREATE INDEX users_by_created_at ON public.users USING btree (tenant_id, created_at, user_id);

CREATE INDEX users_by_email ON public.users USING btree (tenant_id, email, user_id);

CREATE INDEX users_by_last_auth ON public.users USING btree (tenant_id, last_auth, user_id);

CREATE INDEX users_by_phone_number ON public.users USING btree (tenant_id, phone_number, user_id);

