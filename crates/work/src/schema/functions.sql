-- What is done to a job, each as one transaction. Replaced at every `prepare`.
--
-- There is at most one job for a thing, named by its key `kind/subject`. Its payload holds
--   cause        the correlation id of the latest wake-up
--   fence        the number of the attempt that has it, while it is locked
--   again        when it was woken for, while it is locked
--   again_cause  by what
-- A job stays under its key while it runs. So two attempts at one thing can't overlap, and a wake-up that comes meanwhile
-- is written on the job itself and read when the attempt ends: it can't be lost.

-- Makes these things due at `due`, or leaves them due earlier.
create or replace function {schema}.wake(the_kind text, subjects text[], due timestamptz, cause uuid)
returns void language plpgsql as $$
begin
    insert into {schema}._private_tasks (identifier)
    select the_kind
    where not exists (select from {schema}._private_tasks as tasks where tasks.identifier = the_kind)
    on conflict do nothing;

    -- In the order of their keys, so that two that wake the same things don't wait for each other.
    insert into {schema}._private_jobs as jobs (task_id, key, run_at, payload)
    select tasks.id, the_kind || '/' || woken.subject, due, json_build_object('cause', cause)
    from {schema}._private_tasks as tasks, (select distinct unnest(subjects) as subject) as woken
    where tasks.identifier = the_kind
    order by woken.subject
    on conflict (key) do update set
        run_at = case when jobs.locked_at is null then least(jobs.run_at, excluded.run_at) else jobs.run_at end,
        priority = least(jobs.priority, excluded.priority),
        payload = (case
            when jobs.locked_at is null then jobs.payload::jsonb || excluded.payload::jsonb
            else jobs.payload::jsonb || jsonb_build_object(
                'again', least((jobs.payload ->> 'again')::timestamptz, excluded.run_at),
                'again_cause', cause)
        end)::json,
        revision = jobs.revision + 1,
        updated_at = now();

    perform pg_notify('{schema}', '');
end $$;

-- Wakes what a sweep found, after everything that somebody waits for. What is running is looked at anyway, and what failed has
-- its next try.
create or replace function {schema}.sweep(the_kind text, subjects text[], cause uuid)
returns void language plpgsql as $$
begin
    insert into {schema}._private_jobs as jobs (task_id, key, run_at, payload, priority)
    select tasks.id, the_kind || '/' || woken.subject, now(), json_build_object('cause', cause), 10
    from {schema}._private_tasks as tasks, (select distinct unnest(subjects) as subject) as woken
    where tasks.identifier = the_kind
    order by woken.subject
    on conflict (key) do update set
        run_at = excluded.run_at,
        revision = jobs.revision + 1,
        updated_at = now()
    where jobs.locked_at is null
        and jobs.run_at > excluded.run_at
        and not exists (select from {schema}.attempts where attempts.key = jobs.key and attempts.tries > 0);

    perform pg_notify('{schema}', '');
end $$;

-- Gives a worker what is due. (In plpgsql, which keeps its plans.)
create or replace function {schema}.claim(the_worker text, kinds text[], how_many integer)
returns table (job bigint, kind text, subject text, fence bigint, cause uuid, tries integer, lag double precision)
language plpgsql as $$
#variable_conflict use_column
begin
    return query
    with due as (
        select jobs.id
        from {schema}._private_jobs as jobs
        where jobs.is_available
            and jobs.run_at <= now()
            and jobs.key is not null
            and jobs.task_id = any (array(select id from {schema}._private_tasks where identifier = any (kinds)))
        order by jobs.priority, jobs.run_at
        limit how_many
        for update skip locked
    ), taken as (
        update {schema}._private_jobs as jobs
        set locked_by = the_worker,
            locked_at = now(),
            updated_at = now(),
            payload = json_build_object('cause', jobs.payload ->> 'cause', 'fence', nextval('{schema}.fences'))
        from due
        where jobs.id = due.id
        returning jobs.*
    )
    select taken.id,
        tasks.identifier,
        substr(taken.key, length(tasks.identifier) + 2),
        (taken.payload ->> 'fence')::bigint,
        (taken.payload ->> 'cause')::uuid,
        coalesce(attempts.tries, 0),
        extract(epoch from clock_timestamp() - taken.run_at)::double precision
    from taken
    join {schema}._private_tasks as tasks on tasks.id = taken.task_id
    left join {schema}.attempts on attempts.key = taken.key
    order by taken.priority, taken.run_at;
end $$;

-- Seconds until the next of these kinds is due; null where none is.
create or replace function {schema}.next_due(kinds text[])
returns double precision language plpgsql as $$
begin
    return (select extract(epoch from min(next.run_at) - clock_timestamp())::double precision
    from (values (0::smallint), (10::smallint)) as urgency (priority),
    lateral (
        select jobs.run_at
        from {schema}._private_jobs as jobs
        where jobs.is_available
            and jobs.key is not null
            and jobs.priority = urgency.priority
            and jobs.task_id = any (array(select id from {schema}._private_tasks where identifier = any (kinds)))
        order by jobs.run_at
        limit 1
    ) as next);
end $$;

-- What a transaction of an attempt locks so that its job isn't given to another before it commits. It is not the job itself: who
-- wakes a thing changes the thing first and its job then, and an attempt may do it the other way round.
create or replace function {schema}.fence_of(the_job bigint)
returns bigint language sql immutable as $$ select hashtextextended('{schema}.job.' || the_job, 0) $$;

-- Whether this attempt still has its job, and goes on having it until the transaction ends.
create or replace function {schema}.hold(the_job bigint, the_worker text, the_fence bigint)
returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared({schema}.fence_of(the_job));
    perform from {schema}._private_jobs as jobs
    where jobs.id = the_job and jobs.locked_by = the_worker and (jobs.payload ->> 'fence')::bigint = the_fence;
    return found;
end $$;

-- Writes down what an attempt just did. False where the attempt no longer has its job.
create or replace function {schema}.trace(
    the_job bigint, the_worker text, the_fence bigint, the_kind text, the_subject text, the_step text, cause uuid)
returns boolean language plpgsql as $$
begin
    if not {schema}.hold(the_job, the_worker, the_fence) then
        return false;
    end if;
    insert into {schema}.attempts as attempts (key, kind, subject, step, correlation_id)
    values (the_kind || '/' || the_subject, the_kind, the_subject, the_step, cause)
    on conflict (key) do update set
        step = excluded.step, correlation_id = excluded.correlation_id, updated_at = now();
    return true;
end $$;

-- Ends an attempt. The outcome is one of
--   settled   nothing is left to do; the job goes, unless it was woken meanwhile
--   after     look again after so many seconds, and show that it waits
--   requeued  look again after so many seconds (null: never), and show nothing
--   failed    try again after so many seconds, and show why
-- False where the attempt no longer has its job: then nothing is changed.
create or replace function {schema}.finish(
    the_job bigint, the_worker text, the_fence bigint, the_kind text, the_subject text,
    outcome text, seconds double precision, the_error text)
returns boolean language plpgsql as $$
declare
    job {schema}._private_jobs;
    again timestamptz;
    due timestamptz;
begin
    select * into job
    from {schema}._private_jobs as jobs
    where jobs.id = the_job and jobs.locked_by = the_worker and (jobs.payload ->> 'fence')::bigint = the_fence
    for update;
    if not found then
        return false;
    end if;

    again := (job.payload ->> 'again')::timestamptz;
    if again is not null and outcome = 'failed' then
        -- What wakes itself and fails must not spin.
        again := greatest(again, now() + make_interval(secs => least(seconds, 1)));
    end if;
    due := least(again, now() + make_interval(secs => seconds));

    if due is null then
        -- A lost commit only repeats a look at something settled.
        perform set_config('synchronous_commit', 'off', true);
        delete from {schema}._private_jobs as jobs where jobs.id = the_job;
    else
        update {schema}._private_jobs as jobs
        set locked_by = null,
            locked_at = null,
            run_at = due,
            priority = 0,
            payload = json_build_object('cause', coalesce(job.payload ->> 'again_cause', job.payload ->> 'cause')),
            updated_at = now()
        where jobs.id = the_job;
    end if;

    if outcome = 'after' then
        insert into {schema}.attempts as attempts (key, kind, subject, next_try, correlation_id)
        values (job.key, the_kind, the_subject, due, (job.payload ->> 'cause')::uuid)
        on conflict (key) do update set tries = 0, error = null, next_try = due, updated_at = now();
    elsif outcome = 'failed' then
        insert into {schema}.attempts as attempts (key, kind, subject, tries, error, next_try, correlation_id)
        values (job.key, the_kind, the_subject, 1, the_error, due, (job.payload ->> 'cause')::uuid)
        on conflict (key) do update set
            tries = attempts.tries + 1, error = excluded.error, next_try = due, updated_at = now();
        perform {schema}.remember(job.key, (select step from {schema}.attempts where key = job.key), the_error);
    else
        delete from {schema}.attempts where key = job.key;
    end if;
    return true;
end $$;

-- Keeps an error, and of each thing the latest twenty.
create or replace function {schema}.remember(the_key text, the_step text, the_error text)
returns void language sql as $$
    insert into {schema}.failures (key, step, error) values (the_key, the_step, the_error);
    delete from {schema}.failures
    where failures.key = the_key
        and failures.id <= (select id from {schema}.failures where key = the_key order by id desc offset 20 limit 1);
$$;

-- Takes the jobs of workers that are gone: those that were not heard of for `silent` seconds, and those whose connection has
-- closed and that were not heard of for `closed` seconds. Returns who they were. A job that a transaction of such a worker still
-- holds is left until that ends.
create or replace function {schema}.recover(the_worker text, silent double precision, closed double precision)
returns text[] language plpgsql as $$
declare
    dead text[];
begin
    -- One at a time is enough, and nobody waits for it.
    if not pg_try_advisory_xact_lock(hashtext('{schema}.recover')) then
        return '{}';
    end if;
    select array_agg(gone.id) into dead from (
        select workers.id
        from {schema}._private_workers as workers
        where workers.last_heartbeat_at < now() - make_interval(secs => silent)
            or (workers.last_heartbeat_at < now() - make_interval(secs => closed)
                and workers.metadata ? 'backend'
                and not exists (
                    select from pg_stat_activity as backend
                    where backend.pid = (workers.metadata ->> 'backend')::integer
                        -- Hidden where another role connects; then the heartbeat alone decides.
                        and coalesce(backend.backend_start = (workers.metadata ->> 'since')::timestamptz, true)))
        union
        select jobs.locked_by
        from {schema}._private_jobs as jobs
        where jobs.locked_at < now() - make_interval(secs => silent)
            and not exists (select from {schema}._private_workers as workers where workers.id = jobs.locked_by)
    ) as gone
    where gone.id <> the_worker;
    if dead is null then
        return '{}';
    end if;

    with theirs as materialized (
        select jobs.id from {schema}._private_jobs as jobs where jobs.locked_by = any (dead)
    ), free as materialized (
        select theirs.id from theirs where pg_try_advisory_xact_lock({schema}.fence_of(theirs.id))
    )
    update {schema}._private_jobs as jobs
    set locked_by = null, locked_at = null, updated_at = now()
    from free
    where jobs.id = free.id and jobs.locked_by = any (dead);

    -- Who still holds something is looked at again.
    perform {schema}.delete_stale_workers(array(
        select gone from unnest(dead) as gone
        where not exists (select from {schema}._private_jobs as jobs where jobs.locked_by = gone)));
    perform pg_notify('{schema}', '');
    return dead;
end $$;

-- Returns the jobs that a worker has and does not know of, such as those whose claim was answered by a closed connection.
create or replace function {schema}.stray(the_worker text, known bigint[])
returns void language sql as $$
    update {schema}._private_jobs as jobs
    set locked_by = null, locked_at = null, updated_at = now()
    where jobs.locked_by = the_worker and not (jobs.id = any (known))
$$;

-- Brings back what has no job though it should, and forgets what is long over.
create or replace function {schema}.keep_house()
returns void language plpgsql as $$
begin
    perform {schema}.wake(kind, array[subject], coalesce(next_try, now()), correlation_id)
    from {schema}.attempts
    where not exists (select from {schema}._private_jobs as jobs where jobs.key = attempts.key);

    perform {schema}.wake(kind, array[id::text], coalesce(next_try, now()), correlation_id)
    from {schema}.operations
    where state in ('queued', 'running')
        and not exists (select from {schema}._private_jobs as jobs where jobs.key = kind || '/' || id);

    delete from {schema}.operations
    where state in ('done', 'undone', 'cancelled') and updated_at < now() - interval '30 days';
    delete from {schema}.failures where at < now() - interval '14 days';
end $$;
