-- One Odoo of one customer. What its customer, billing and staff want stands beside what the reconciler found out;
-- `revision` grows with every change of either, so that nothing is saved on top of what its writer has not seen.

create table instances (
    id uuid primary key,
    customer_id uuid not null,
    subscription_id uuid not null constraint instance_subscription_is_taken unique,

    -- Ordered.
    name text not null,
    subdomain text not null,
    odoo_version text not null,
    admin_email text not null,
    language text,
    timezone text,

    -- Stated by billing. Version 0 stands for no statement yet.
    entitlement_version bigint not null default 0,
    standing text constraint instance_standing_is_known
        check (standing in ('awaiting_payment', 'trial', 'active', 'past_due', 'suspended', 'ended')),
    standing_reason text constraint instance_standing_reason_is_known check (standing_reason in ('unpaid', 'paused')),
    plan_name text not null,
    db_type text not null constraint instance_db_type_is_known check (db_type in ('shared', 'dedicated')),
    cpu_limit numeric,
    memory_limit text,
    storage_limit text,

    -- Wished by the owner, held by staff, and unwanted for ever once the owner has said so.
    wish text not null default 'run' constraint instance_wish_is_known check (wish in ('run', 'stop')),
    is_held boolean not null default false,
    unwanted_at timestamptz,
    restart_generation bigint not null default 0,

    -- Written by the reconciler only.
    status text not null constraint instance_status_is_known check (status in
        ('awaiting_payment', 'creating', 'waiting_for_database', 'starting', 'running', 'sleeping', 'stopping', 'stopped',
         'suspended', 'maintenance', 'migrating', 'error', 'terminating', 'terminated')),
    status_reason text constraint instance_status_reason_is_known check (status_reason in
        ('unpaid', 'paused', 'staff', 'ended', 'no_database', 'odoo_fails')),
    status_since timestamptz not null default now(),
    database_state text not null default 'unasked' constraint instance_database_state_is_known
        check (database_state in ('unasked', 'waiting', 'ready', 'released')),
    database_looks integer not null default 0,
    database_looked_at timestamptz,
    db_server_id uuid,
    db_host text,
    db_port integer,
    db_name text,
    -- A description of the Odoo that the runtime has taken last. None where it has to be applied again.
    applied text,
    -- Where the Odoo answered when it was last seen to, and how often it had been restarted by then.
    http_address text,
    websocket_address text,
    seen_restarts integer,
    started_at timestamptz,

    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    revision bigint not null default 1,

    constraint instance_entitlement_is_whole check (
        (entitlement_version = 0) = (standing is null) and (standing is null) = (cpu_limit is null)
        and (standing is null) = (memory_limit is null) and (standing is null) = (storage_limit is null)),
    constraint instance_database_has_an_address check (
        database_state <> 'ready'
        or (db_server_id is not null and db_host is not null and db_port is not null and db_name is not null)),
    constraint instance_answers_somewhere_when_running check (status <> 'running' or http_address is not null)
);

-- A subdomain is free again when its instance is gone.
create unique index instance_subdomain_is_taken on instances (subdomain) where status <> 'terminated';
create index instances_of_customer on instances (customer_id, id);

-- What nobody may read beside an instance: sealed, one row for each, made once.
create table instance_secrets (
    instance_id uuid primary key references instances (id),
    admin_password bytea not null,
    -- What Odoo stores of it. Kept here so that writing it twice is writing the same.
    admin_password_hash text not null,
    master_password bytea not null,
    created_at timestamptz not null default now()
);
