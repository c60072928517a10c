-- How attempts ended, counted over all workers that ever were: what a monitor counts must survive whoever counted.
create table {schema}.tallies (
    kind text not null,
    outcome text not null,
    attempts bigint not null default 0,
    -- How long they took in all.
    seconds double precision not null default 0,
    primary key (kind, outcome)
);
