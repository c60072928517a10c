-- Mails that are to reach notification-service. A row is written with what causes it and deleted when
-- notification-service has it, so that no mail is lost and none is sent for what did not happen.

create table user_mails (
    key text primary key,
    recipient text not null,
    template text not null,
    variables jsonb not null,
    correlation_id uuid not null,
    tries integer not null default 0,
    next_try timestamptz not null default now(),
    created_at timestamptz not null default now()
);

create index user_mails_by_next_try on user_mails (next_try);
