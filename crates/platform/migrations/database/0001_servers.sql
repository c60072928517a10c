-- The tenants' PostgreSQL servers, and how many databases each may hold.
-- `wish` is what staff or a release want; `status` is what the server does about it.

create table database.db_servers (
    id uuid primary key,
    name text not null,
    host text,
    port integer,
    server_type text not null
        constraint db_server_type_is_known check (server_type in ('shared', 'dedicated', 'platform')),
    max_instances integer not null
        constraint db_server_size_is_sane check (max_instances between 1 and 1000),
    max_connections integer not null
        constraint db_server_connections_are_sane check (max_connections between 20 and 10000),
    wish text not null default 'serve'
        constraint db_server_wish_is_known check (wish in ('serve', 'drain', 'remove')),
    status text not null default 'provisioning'
        constraint db_server_status_is_known check (status in
            ('provisioning', 'initializing', 'active', 'full', 'draining', 'maintenance', 'error', 'deprovisioning', 'gone')),
    status_reason text,
    health_status text not null default 'unknown'
        constraint db_server_health_is_known check (health_status in ('healthy', 'degraded', 'unhealthy', 'unknown')),
    health_failures integer not null default 0
        constraint db_server_health_failures_are_counted check (health_failures >= 0),
    health_message text,
    health_latency_ms bigint,
    health_connections bigint,
    last_health_check timestamptz,
    priority integer not null default 100,
    allocation_strategy text not null default 'auto'
        constraint db_server_strategy_is_known check (allocation_strategy in ('auto', 'manual')),
    cpu_limit numeric not null,
    memory_limit text not null,
    postgres_version text,
    dedicated_to_customer_id uuid,
    dedicated_to_instance_id uuid,
    superuser_password bytea not null,
    -- The description that the runtime took last: what differs from it is applied again.
    applied text,
    -- The walls between tenants stand since then; before that no tenant gets in.
    prepared_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint db_server_is_dedicated_to_one_instance check (
        (server_type = 'dedicated') = (dedicated_to_customer_id is not null)
        and (server_type = 'dedicated') = (dedicated_to_instance_id is not null)
        and (server_type <> 'dedicated' or max_instances = 1)),
    constraint db_server_has_an_address_when_active check (
        status not in ('active', 'full', 'draining') or prepared_at is null or (host is not null and port is not null))
);

-- A name is free again when its server is gone: the server of one instance always has the same name.
create unique index db_server_name_is_taken on database.db_servers (name) where status <> 'gone';
create unique index db_server_instance_is_taken on database.db_servers (dedicated_to_instance_id) where status <> 'gone';

-- Never reused, so a pool that comes after another that went has a name of its own.
create sequence database.pool_numbers;
