-- What the layer keeps beside graphile_worker's own tables. A job says only "look now"; these say what came of it.

-- Grows with every claim, so that what a later attempt does can be told from what an earlier one does.
create sequence {schema}.fences;

-- One row for each thing that is not settled: its latest attempt.
create table {schema}.attempts (
    key text primary key,
    kind text not null,
    subject text not null,
    step text not null default '',
    tries integer not null default 0,
    error text,
    next_try timestamptz,
    correlation_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- The latest errors of each thing.
create table {schema}.failures (
    id bigint generated always as identity primary key,
    key text not null,
    step text not null,
    error text not null,
    at timestamptz not null default now()
);
create index failures_of_a_thing on {schema}.failures (key, id desc);

create table {schema}.operations (
    id uuid primary key,
    kind text not null,
    subject text not null,
    state text not null default 'queued'
        constraint operation_state_is_known check (state in ('queued', 'running', 'done', 'undone', 'cancelled', 'stuck')),
    is_undoing boolean not null default false,
    step jsonb not null,
    -- The steps that are behind it, oldest first: what undoing goes back through.
    passed jsonb not null default '[]',
    tries integer not null default 0,
    -- Grows with every change, so that a change that was decided on an older one is refused.
    revision bigint not null default 0,
    error text,
    next_try timestamptz,
    correlation_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index operations_under_way on {schema}.operations (created_at) where state in ('queued', 'running', 'stuck');
create index operations_of_a_thing on {schema}.operations (subject, created_at desc);
