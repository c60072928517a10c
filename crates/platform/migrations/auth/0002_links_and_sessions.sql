-- What proves an address or a log-in, and the tries to guess one.

-- The links of mails. Only the SHA-256 of what a link carries is kept: a copy of this table opens nothing.
create table one_time_links (
    hash bytea primary key constraint one_time_link_hash_is_sha256 check (length(hash) = 32),
    member_id uuid not null references members (id) on delete cascade,
    purpose text not null
        constraint one_time_link_purpose_is_known check (purpose in ('verify_email', 'reset_password')),
    expires_at timestamptz not null,
    created_at timestamptz not null default now()
);

create index one_time_links_of_member on one_time_links (member_id, purpose);

-- One row for each log-in, named by the id of its token.
create table sessions (
    token_id uuid primary key,
    member_id uuid references members (id) on delete cascade,
    staff_id uuid references staff (id) on delete cascade,
    origin text,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz,
    constraint session_has_one_person check (num_nonnulls(member_id, staff_id) = 1)
);

create index sessions_of_member on sessions (member_id);
create index sessions_of_staff on sessions (staff_id);
create index sessions_by_end on sessions (expires_at);

-- Tries to log in since the last that worked, by address and by where they came from.
create table login_tries (
    email text not null,
    origin text not null,
    tries integer not null,
    since timestamptz not null,
    primary key (email, origin)
);

create index login_tries_by_age on login_tries (since);
