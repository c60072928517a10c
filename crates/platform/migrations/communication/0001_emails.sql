-- The outbox. A mail is rendered when it is put there, so that what was sent can be read later.

create table emails (
    id uuid primary key,
    key text not null constraint email_key_is_taken unique,
    recipient text not null,
    template text not null,
    subject text not null,
    text text not null,
    state text not null
        constraint email_state_is_known check (state in ('queued', 'sent', 'held')),
    requested_by text not null,
    correlation_id uuid not null,
    created_at timestamptz not null default now()
);
