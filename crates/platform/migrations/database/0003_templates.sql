-- Databases that were initialised once: their dump, their golden copies on the servers, and clones in advance.

create table database.db_templates (
    name text primary key
        constraint db_template_name_is_plain check (name ~ '^[a-z0-9][a-z0-9.-]{0,39}$'),
    odoo_version text not null,
    modules text[] not null,
    state text not null default 'wanted'
        constraint db_template_state_is_known check (state in ('wanted', 'creating', 'installing', 'bundling', 'dumping', 'cleaning', 'ready')),
    -- Grows with every build, so a golden copy of an older one is known as such.
    generation integer not null default 0,
    -- Where it is being built; gone from here only when it is gone from there.
    build_server_id uuid constraint db_template_build_server_exists references database.db_servers (id),
    build_name text,
    build_password bytea,
    build_verifier text,
    dump bytea,
    dump_sha256 bytea,
    built_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint db_template_that_is_ready_has_a_dump check (state not in ('cleaning', 'ready') or dump is not null),
    constraint db_template_is_built_somewhere check (
        (state in ('wanted', 'ready')) = (build_server_id is null)
        and (build_server_id is null) = (build_name is null)
        and (build_server_id is null) = (build_password is null)
        and (build_server_id is null) = (build_verifier is null))
);

-- Bytes that are compressed already are not compressed again.
alter table database.db_templates alter column dump set storage external;

create table database.db_goldens (
    server_id uuid not null constraint db_golden_server_exists references database.db_servers (id),
    template text not null constraint db_golden_template_exists references database.db_templates (name),
    generation integer not null,
    db_name text not null,
    state text not null default 'making'
        constraint db_golden_state_is_known check (state in ('making', 'ready', 'dropping')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (server_id, template, generation)
);

create table database.db_stock (
    id uuid primary key,
    server_id uuid not null,
    template text not null,
    generation integer not null,
    db_name text not null,
    db_user text not null,
    state text not null default 'making'
        constraint db_stock_state_is_known check (state in ('making', 'ready', 'dropping')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint db_stock_database_is_taken unique (server_id, db_name),
    constraint db_stock_golden_exists
        foreign key (server_id, template, generation) references database.db_goldens (server_id, template, generation)
);

create index db_stock_to_take on database.db_stock (server_id, template, created_at) where state = 'ready';
