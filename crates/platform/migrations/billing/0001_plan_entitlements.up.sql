-- What a plan gives. A change of a plan is a new row with a later effective_date, so that the past stays readable.
create table plan_entitlements (
    id bigint generated always as identity primary key,
    plan_name varchar(100) not null,
    effective_date timestamptz not null,
    cpu_limit numeric(5, 2) not null constraint plan_entitlements_cpu_limit_is_a_size check (cpu_limit between 0.1 and 64),
    memory_limit varchar(10) not null constraint plan_entitlements_memory_limit_is_a_size check (memory_limit ~ '^[1-9][0-9]*[MG]$'),
    storage_limit varchar(10) not null constraint plan_entitlements_storage_limit_is_a_size check (storage_limit ~ '^[1-9][0-9]*[MG]$'),
    description text,
    created_by varchar(100) not null default 'system',
    created_at timestamptz not null default now(),
    constraint plan_entitlements_one_per_date unique (plan_name, effective_date)
);
