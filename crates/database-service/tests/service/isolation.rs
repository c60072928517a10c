//! Tenants of one server try to cross the walls between them.

use serde_json::json;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::world::{World, lean, log_in, stocked};

async fn refused(session: &mut PgConnection, sql: &str) {
    let outcome = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(session).await;
    assert!(outcome.is_err(), "a tenant may: {sql}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_gets_into_its_own_database_and_no_other() {
    let world = World::with_pool(lean(), 3).await;
    let (_, a) = world.allocated(json!({})).await;
    let (_, b) = world.allocated(json!({})).await;
    log_in(&a, None).await.unwrap();
    for other in [b["db_name"].as_str().unwrap(), "postgres", "template1", "template0"] {
        assert!(log_in(&a, Some(other)).await.is_err(), "a tenant gets into {other}");
    }
    let stolen = json!({"db_host": a["db_host"], "db_port": a["db_port"], "db_user": b["db_user"],
                        "db_password": a["db_password"], "db_name": b["db_name"]});
    assert!(log_in(&stolen, None).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_may_nothing_outside_of_its_database() {
    let world = World::with_pool(lean(), 3).await;
    let (_, a) = world.allocated(json!({})).await;
    let (_, b) = world.allocated(json!({})).await;
    let mut session = log_in(&a, None).await.unwrap();
    let (a_user, b_user) = (a["db_user"].as_str().unwrap(), b["db_user"].as_str().unwrap());
    let (a_name, b_name) = (a["db_name"].as_str().unwrap(), b["db_name"].as_str().unwrap());
    for sql in [
        "create database another".to_owned(),
        "create role another".to_owned(),
        format!("create database copy template \"{b_name}\""),
        format!("alter role \"{a_user}\" superuser"),
        format!("alter role \"{a_user}\" createdb"),
        format!("alter role \"{a_user}\" connection limit 1000"),
        format!("alter role \"{b_user}\" password 'x'"),
        format!("alter database \"{b_name}\" owner to \"{a_user}\""),
        format!("drop database \"{b_name}\""),
        format!("set role \"{b_user}\""),
        "set role postgres".to_owned(),
        "set role golden_owner".to_owned(),
        "set temp_file_limit = -1".to_owned(),
        "select * from pg_authid".to_owned(),
        "select pg_read_file('/etc/passwd')".to_owned(),
        "select pg_ls_dir('/')".to_owned(),
        "copy (select 1) to program 'id'".to_owned(),
        "copy (select 1) to '/tmp/stolen'".to_owned(),
        "create extension dblink".to_owned(),
        "create extension postgres_fdw".to_owned(),
        "create extension adminpack".to_owned(),
        "alter system set work_mem = '1GB'".to_owned(),
        "create tablespace mine location '/tmp'".to_owned(),
        "select pg_reload_conf()".to_owned(),
        "load 'auto_explain'".to_owned(),
    ] {
        refused(&mut session, &sql).await;
    }
    sqlx::raw_sql(AssertSqlSafe(format!("comment on database \"{a_name}\" is 'mine'")))
        .execute(&mut session)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_bounded() {
    let world = World::with_pool(lean(), 2).await;
    let (_, a) = world.allocated(json!({})).await;
    let mut session = log_in(&a, None).await.unwrap();
    for setting in ["statement_timeout", "idle_in_transaction_session_timeout", "temp_file_limit"] {
        let value: String = sqlx::query_scalar("select current_setting($1)")
            .bind(setting)
            .fetch_one(&mut session)
            .await
            .unwrap();
        assert!(value != "0" && value != "-1", "{setting} is {value}");
    }
    let limit: i32 =
        sqlx::query_scalar("select rolconnlimit from pg_roles where rolname = current_user")
            .fetch_one(&mut session)
            .await
            .unwrap();
    assert_eq!(limit, 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_into_golden_databases_and_stock() {
    let world = World::with_pool(stocked(), 3).await;
    world.settle().await;
    let pool = world.the_pool().await;
    assert_eq!(pool["stock"], 2, "{pool}");
    let (_, a) = world.allocated(json!({})).await;
    for database in world.on_server(&pool).await.0 {
        let is_own = a["db_name"] == database;
        assert_eq!(log_in(&a, Some(&database)).await.is_ok(), is_own, "{database}");
    }
}
