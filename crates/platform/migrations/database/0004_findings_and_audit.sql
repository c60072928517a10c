-- What the inventory found and could not explain, and who did what.

create table database.db_findings (
    place text not null,
    kind text not null
        constraint db_finding_kind_is_known check (kind in
            ('unknown_database', 'missing_database', 'unknown_role', 'missing_role', 'unknown_workload', 'missing_workload')),
    name text not null,
    first_seen_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    primary key (place, kind, name)
);

create table database.db_audit (
    id uuid primary key,
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    subject text not null,
    outcome text not null,
    origin text,
    correlation_id uuid not null
);

create index db_audit_of_subject on database.db_audit (subject, id);
