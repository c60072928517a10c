-- What happened to an instance, for those who watch. Ids of one instance grow in the order of their commits, because
-- whoever writes one has locked its instance's row.

create table instance_events (
    id bigint generated always as identity primary key,
    instance_id uuid not null references instances (id),
    at timestamptz not null default now(),
    status text not null,
    message text not null,
    actor text not null,
    correlation_id uuid
);
create index instance_events_of_instance on instance_events (instance_id, id);

-- Who did what to which instance, when, from where, with what outcome.
create table instance_audit (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null,
    act text not null,
    instance_id uuid not null,
    outcome text not null,
    origin text,
    correlation_id uuid not null
);
create index instance_audit_of_instance on instance_audit (instance_id, id);
