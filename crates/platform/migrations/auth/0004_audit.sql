-- Who did what to which thing, when, from where, and with what outcome. Rows are never changed.

create table user_audit (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    subject text not null,
    origin text,
    outcome text not null,
    correlation_id uuid not null
);

create index user_audit_of_subject on user_audit (subject, id);
