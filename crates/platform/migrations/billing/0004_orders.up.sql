-- What customers ordered. The row is the intent: it is committed before anything is asked of the billing engine,
-- and the reconciler finishes what a crash left half done.
create table orders (
    id uuid primary key,
    instance_id uuid not null constraint orders_instance_is_taken unique,
    customer_id uuid not null,
    account_id uuid,
    subscription_id uuid constraint orders_subscription_is_taken unique,
    plan_name text not null,
    name text not null,
    subdomain text not null,
    odoo_version text not null,
    admin_email text not null,
    language text,
    timezone text,
    placed_by text not null,
    idempotency_key text,
    request jsonb not null,
    created_at timestamptz not null,
    ended_at timestamptz,
    -- Why it could not be carried out after all.
    refused text,
    constraint orders_refused_is_over check (refused is null or ended_at is not null),
    constraint orders_subscription_has_an_account check (subscription_id is null or account_id is not null)
);
create index orders_customer_id on orders (customer_id, id);
create index orders_account_id on orders (account_id);
create unique index orders_subdomain_is_taken on orders (subdomain) where ended_at is null;
create unique index orders_idempotency_key_is_taken on orders (placed_by, idempotency_key) where idempotency_key is not null;

-- What we hold true of each instance, and what instance-service has acknowledged of it.
create table entitlements (
    instance_id uuid primary key references orders (instance_id),
    version bigint not null default 0,
    looks bigint not null default 0,
    standing text constraint entitlements_standing_is_known
        check (standing in ('awaiting_payment', 'trial', 'active', 'past_due', 'suspended', 'ended')),
    reason text constraint entitlements_reason_is_known check (reason in ('unpaid', 'paused')),
    plan_name text,
    db_type text constraint entitlements_db_type_is_known check (db_type in ('shared', 'dedicated')),
    cpu_limit numeric(5, 2),
    memory_limit text,
    storage_limit text,
    changed_at timestamptz,
    acknowledged_version bigint not null default 0,
    acknowledged_at timestamptz,
    alarm text,
    alarmed_at timestamptz,
    constraint entitlements_are_whole check (
        (version = 0) = (standing is null) and (standing is null) = (plan_name is null)
        and (standing is null) = (db_type is null) and (standing is null) = (cpu_limit is null)
        and (standing is null) = (memory_limit is null) and (standing is null) = (storage_limit is null)),
    constraint entitlements_reason_is_for_suspended check (reason is null or standing = 'suspended')
);
create index entitlements_alarmed on entitlements (instance_id) where alarm is not null;

-- How far the engine's changes have been read: one row.
create table engine_feed (
    is_only boolean primary key default true check (is_only),
    sequence bigint not null default 0
);
insert into engine_feed default values;

create table billing_audit (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null,
    act text not null,
    subject text not null,
    outcome text not null,
    origin text,
    correlation_id uuid
);
create index billing_audit_subject on billing_audit (subject, id);
