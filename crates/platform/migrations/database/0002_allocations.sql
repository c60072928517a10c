-- The claim of one instance to one database. The row is there before anything is made, and until everything is gone.

create table database.db_allocations (
    id uuid primary key,
    instance_id uuid not null,
    customer_id uuid not null,
    db_type text not null
        constraint db_allocation_type_is_known check (db_type in ('shared', 'dedicated')),
    state text not null default 'waiting'
        constraint db_allocation_state_is_known check (state in ('waiting', 'making', 'ready', 'releasing', 'released')),
    server_id uuid constraint db_allocation_server_exists references database.db_servers (id),
    db_name text,
    db_user text,
    db_password bytea,
    -- What the server stores of the password. Kept here so that setting it twice is setting the same.
    db_verifier text,
    -- Asked for, and what the database was really made from.
    template text,
    made_from text,
    cpu_limit numeric,
    memory_limit text,
    reserved_until timestamptz,
    -- Why this server and no other, a sentence for staff.
    choice text,
    -- Once it has been ready a tenant's data may be in it, and it is never made anew.
    first_ready_at timestamptz,
    released_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint db_allocation_is_placed_as_a_whole check (
        (server_id is null) = (db_name is null) and (server_id is null) = (db_user is null)
        and (server_id is null) = (db_password is null) and (server_id is null) = (db_verifier is null)),
    constraint db_allocation_waits_without_a_server check (
        case state when 'waiting' then server_id is null
                   when 'making' then server_id is not null
                   when 'ready' then server_id is not null
                   else true end),
    constraint db_allocation_server_is_unambiguous unique (server_id, id)
);

create unique index db_allocation_instance_is_taken on database.db_allocations (instance_id) where state <> 'released';
create unique index db_allocation_database_is_taken on database.db_allocations (server_id, db_name) where state <> 'released';
create index db_allocations_unsettled on database.db_allocations (created_at) where state in ('waiting', 'making', 'releasing');
create index db_allocations_reserved on database.db_allocations (reserved_until) where reserved_until is not null and state <> 'released';

-- Capacity as a constraint: a server has as many slots as it may hold databases, and a slot holds one.
create table database.db_slots (
    server_id uuid not null constraint db_slot_server_exists references database.db_servers (id),
    number integer not null constraint db_slot_numbers_begin_at_one check (number >= 1),
    allocation_id uuid constraint db_slot_is_one_of_its_allocation unique,
    primary key (server_id, number),
    constraint db_slot_lies_where_its_allocation_does
        foreign key (server_id, allocation_id) references database.db_allocations (server_id, id)
);

create index db_slots_free on database.db_slots (server_id, number) where allocation_id is null;
