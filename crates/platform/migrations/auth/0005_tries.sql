-- How often something was tried that may be tried only so often: logging in, registering, asking for a mail. One
-- row for each thing that is counted: an account, an address, an account from an address. All processes share it.

create table tries (
    -- What is tried, and for what it counts: `log_in`, `account ann@example.com`.
    act text not null,
    subject text not null,
    tries integer not null,
    -- The beginning of the 15 minutes in which these tries count.
    since timestamptz not null,
    primary key (act, subject)
);

create index tries_by_age on tries (since);

-- Nothing in it outlives 15 minutes. The version before still writes it, so that it goes with the next release.
comment on table login_tries is 'Replaced by tries.';
