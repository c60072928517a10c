//! What the rows of this service, beside those of `instances`, may not say. Each query answers what breaks one rule:
//! a subject, and what is wrong with it.
//!
//! That an instance has one live allocation and an allocation one slot is held by unique indexes.

use sqlx::PgConnection;

/// A thing, and what is wrong with it.
pub(crate) type Broken = (String, String);

/// Allocations of instances that are not there, or are no more.
pub(crate) async fn ownerless_allocations(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        r#"select a.instance_id, coalesce(v.name, 'no server') as "server!", coalesce(i.status, 'unknown') as "status!"
             from database.db_allocations a
             left join instances i on i.id = a.instance_id
             left join database.db_servers v on v.id = a.server_id
            where a.state in ('waiting', 'making', 'ready') and (i.id is null or i.status = 'terminated')
            order by a.created_at"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let wrong = format!("is {} and has an allocation (on {})", row.status, row.server);
            (format!("instance {}", row.instance_id), wrong)
        })
        .collect())
}

/// Instances that run without a database of theirs.
pub(crate) async fn running_without_allocation(
    conn: &mut PgConnection,
) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query_scalar!(
        "select i.id from instances i
          where i.status = 'running' and not exists (
                select from database.db_allocations a
                 where a.instance_id = i.id and a.state in ('making', 'ready'))"
    )
    .fetch_all(conn)
    .await?;
    let wrong = || "runs and has no allocation".to_owned();
    Ok(rows.into_iter().map(|id| (format!("instance {id}"), wrong())).collect())
}

/// Allocations that have a place on a server and no slot of it, and slots of allocations that are over.
pub(crate) async fn slots_astray(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        r#"select a.instance_id as "instance!", a.state as "state!" from database.db_allocations a
             left join database.db_slots s on s.allocation_id = a.id
            where (a.server_id is not null and a.state <> 'released') <> (s.number is not null)"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let wrong =
                format!("has an allocation that is {} and a slot that does not fit", row.state);
            (format!("instance {}", row.instance), wrong)
        })
        .collect())
}

/// Servers that hold more databases than they may.
pub(crate) async fn over_capacity(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        r#"select v.name, v.max_instances, count(a.id) as "held!"
             from database.db_servers v
             join database.db_allocations a on a.server_id = v.id and a.state <> 'released'
            where v.status <> 'gone'
            group by v.id having count(a.id) > v.max_instances"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let wrong = format!("holds {} databases of at most {}", row.held, row.max_instances);
            (format!("server {}", row.name), wrong)
        })
        .collect())
}

/// Databases on a dedicated server that is another's.
pub(crate) async fn strangers(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        "select v.name, a.instance_id from database.db_servers v
           join database.db_allocations a on a.server_id = v.id and a.state <> 'released'
          where v.server_type = 'dedicated' and v.dedicated_to_instance_id <> a.instance_id"
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let wrong = format!("holds the database of the stranger {}", row.instance_id);
            (format!("server {}", row.name), wrong)
        })
        .collect())
}

/// Databases that held data of a tenant, and were released although nobody had demanded the end of the instance. What was
/// only reserved is no tenant's data.
pub(crate) async fn released_undemanded(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        "select a.instance_id, a.state from database.db_allocations a
           join instances i on i.id = a.instance_id
          where a.state in ('releasing', 'released') and a.first_ready_at is not null
            and a.reserved_until is null and i.unwanted_at is null"
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let wrong =
                format!("has a database that is {}, and nobody has demanded that", row.state);
            (format!("instance {}", row.instance_id), wrong)
        })
        .collect())
}

/// Allocations whose beginning or end no entry of the audit tells.
pub(crate) async fn allocations_unaudited(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        r#"select a.instance_id, act.name as "act!"
             from database.db_allocations a
            cross join (values ('allocate'), ('release')) as act (name)
            where (act.name = 'allocate' or a.state in ('releasing', 'released'))
              and not exists (select from database.db_audit e
                               where e.subject = 'instance ' || a.instance_id and e.action = act.name
                                 and e.at >= a.created_at)"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let wrong = format!("has an allocation, and no entry tells who did `{}`", row.act);
            (format!("instance {}", row.instance_id), wrong)
        })
        .collect())
}

/// Servers whose beginning, draining or end no entry of the audit tells.
pub(crate) async fn servers_unaudited(conn: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let rows = sqlx::query!(
        r#"select v.name, act.name as "act!"
             from database.db_servers v
            cross join (values ('make_server', null), ('drain', 'drain'), ('remove', 'remove')) as act (name, wish)
            where (act.wish is null or act.wish = v.wish)
              and not exists (select from database.db_audit e
                               where e.subject = 'server ' || v.id and e.action = act.name)"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let wrong = format!("is there, and no entry tells who did `{}`", row.act);
            (format!("server {}", row.name), wrong)
        })
        .collect())
}
