-- How long people waited for an Odoo that they may have: from the moment at which billing says that they may, to the moment at
-- which it answers. Kept apart from the instance, because an instance that was suspended is waited for again.
create table instance_waits (
    id bigint generated always as identity primary key,
    instance_id uuid not null references instances (id),
    -- `purchase` for the first time; `return` after it was suspended.
    kind text not null constraint instance_wait_kind_is_known check (kind in ('purchase', 'return')),
    since timestamptz not null,
    -- None while it is waited for.
    ready_at timestamptz
);
create unique index instance_wait_is_one_at_a_time on instance_waits (instance_id) where ready_at is null;
