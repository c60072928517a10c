//! Tenants of one server try to cross the walls between them.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::world::{World, lean, log_in, stocked};

async fn refused(session: &mut PgConnection, sql: &str) {
    let outcome = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *session).await;
    assert!(outcome.is_err(), "a tenant may: {sql}");
    run(session, "rollback").await.unwrap();
}

/// Runs what a tenant says.
pub(crate) async fn run(session: &mut PgConnection, sql: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(session).await.map(drop)
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

/// What a tenant may not, in its own words: for itself, and for another.
fn hostile((a_user, a_name): (&str, &str), (b_user, b_name): (&str, &str)) -> Vec<String> {
    let to_others = [
        format!("create database copy template \"{b_name}\""),
        format!("alter role \"{b_user}\" password 'x'"),
        format!("alter role \"{b_user}\" set work_mem = '1MB'"),
        format!("alter database \"{b_name}\" owner to \"{a_user}\""),
        format!("alter database \"{a_name}\" owner to \"{b_user}\""),
        format!("drop database \"{b_name}\""),
        format!("drop role \"{b_user}\""),
        format!("grant \"{b_user}\" to \"{a_user}\""),
        format!("set role \"{b_user}\""),
        format!("set session authorization \"{b_user}\""),
    ];
    let to_itself = [
        format!("alter role \"{a_user}\" superuser"),
        format!("alter role \"{a_user}\" createdb"),
        format!("alter role \"{a_user}\" createrole"),
        format!("alter role \"{a_user}\" replication"),
        format!("alter role \"{a_user}\" bypassrls"),
        format!("alter role \"{a_user}\" connection limit 1000"),
        format!("alter role \"{a_user}\" valid until 'infinity'"),
        format!("alter role \"{a_user}\" set temp_file_limit = -1"),
        format!("alter role \"{a_user}\" rename to another"),
        format!("alter database \"{a_name}\" rename to another"),
        format!("alter database \"{a_name}\" set temp_file_limit = -1"),
        format!("drop database \"{a_name}\""),
        format!("grant pg_read_all_data to \"{a_user}\""),
        format!("grant pg_signal_backend to \"{a_user}\""),
        format!("grant pg_execute_server_program to \"{a_user}\""),
    ];
    HOSTILE.iter().map(ToString::to_string).chain(to_others).chain(to_itself).collect()
}

/// What nobody but the superuser may.
const HOSTILE: [&str; 50] = [
    "create database another",
    "create role another",
    "create tablespace mine location '/tmp'",
    "set role postgres",
    "set role golden_owner",
    "set role pg_read_server_files",
    "set session authorization postgres",
    "set temp_file_limit = -1",
    "set log_statement = 'all'",
    "set track_activities = off",
    "set session_replication_role = 'replica'",
    "set session_preload_libraries = 'x'",
    "alter system set work_mem = '1GB'",
    "select pg_reload_conf()",
    "select pg_rotate_logfile()",
    "checkpoint",
    "select pg_switch_wal()",
    "select pg_promote()",
    "load 'auto_explain'",
    "select * from pg_authid",
    "select * from pg_shadow",
    "select * from pg_file_settings",
    "select * from pg_hba_file_rules",
    "update pg_database set datallowconn = true",
    "update pg_authid set rolsuper = true",
    "delete from pg_shdepend",
    "select pg_read_file('/etc/passwd')",
    "select pg_read_file('postgresql.auto.conf')",
    "select pg_read_binary_file('/etc/postgresql/postgresql.conf')",
    "select pg_stat_file('/etc/passwd')",
    "select pg_ls_dir('/')",
    "select pg_ls_waldir()",
    "select lo_import('/etc/passwd')",
    "select lo_export(lo_create(0), '/tmp/stolen')",
    "copy (select 1) to program 'id'",
    "copy (select 1) to '/tmp/stolen'",
    "create table stolen (line text); copy stolen from '/etc/passwd'",
    "create table stolen (line text); copy stolen from program 'id'",
    "create function f() returns int language c as 'libc', 'getpid'",
    "create function f() returns int language internal as 'pg_backend_pid'",
    "create language plpython3u",
    "create foreign data wrapper mine",
    "create server other foreign data wrapper postgres_fdw",
    "create subscription mine connection 'host=127.0.0.1' publication p",
    "create publication mine for all tables",
    "create event trigger mine on ddl_command_start execute function f()",
    "select pg_create_physical_replication_slot('mine')",
    "select pg_create_logical_replication_slot('mine', 'pgoutput')",
    "begin; prepare transaction 'mine'",
    "create function public.f() returns int security definer set role = postgres language sql as 'select 1'; select f()",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_may_nothing_outside_of_its_database() {
    let world = World::with_pool(lean(), 3).await;
    let (_, a) = world.allocated(json!({})).await;
    let (_, b) = world.allocated(json!({})).await;
    let mut session = log_in(&a, None).await.unwrap();
    let (a_user, b_user) = (a["db_user"].as_str().unwrap(), b["db_user"].as_str().unwrap());
    let (a_name, b_name) = (a["db_name"].as_str().unwrap(), b["db_name"].as_str().unwrap());
    for sql in hostile((a_user, a_name), (b_user, b_name)) {
        refused(&mut session, &sql).await;
    }
    sqlx::raw_sql(AssertSqlSafe(format!("comment on database \"{a_name}\" is 'mine'")))
        .execute(&mut session)
        .await
        .unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_gets_extensions_that_are_trusted_and_no_other() {
    let world = World::with_pool(lean(), 3).await;
    let (_, a) = world.allocated(json!({})).await;
    let mut session = log_in(&a, None).await.unwrap();
    let untrusted: Vec<String> = sqlx::query_scalar(
        "select name::text from pg_available_extension_versions
          where not trusted and name not in (select extname from pg_extension)",
    )
    .fetch_all(&mut session)
    .await
    .unwrap();
    for wanted in ["dblink", "postgres_fdw", "file_fdw", "adminpack", "pageinspect"] {
        assert!(untrusted.iter().any(|name| name == wanted), "{wanted} is not there to be refused");
    }
    for name in untrusted {
        refused(&mut session, &format!("create extension \"{name}\"")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_neither_sees_nor_ends_nor_calls_what_others_do() {
    let world = World::with_pool(lean(), 3).await;
    let (_, a) = world.allocated(json!({})).await;
    let (_, b) = world.allocated(json!({})).await;
    let mut listener = listener(&b).await;
    let mut theirs = log_in(&b, None).await.unwrap();
    let pid: i32 = sqlx::query_scalar("select pg_backend_pid() /* secret */")
        .fetch_one(&mut theirs)
        .await
        .unwrap();

    let mut session = log_in(&a, None).await.unwrap();
    for act in ["pg_terminate_backend", "pg_cancel_backend", "pg_log_backend_memory_contexts"] {
        refused(&mut session, &format!("select {act}({pid})")).await;
    }
    let seen: Vec<String> = sqlx::query_scalar(
        "select coalesce(query, '') from pg_stat_activity where usename is distinct from current_user",
    )
    .fetch_all(&mut session)
    .await
    .unwrap();
    assert!(!seen.is_empty());
    assert!(seen.iter().all(|q| q.is_empty() || q == "<insufficient privilege>"), "{seen:?}");

    // Whoever listens hears what is called in its own database only, and its session still lives.
    run(&mut session, "notify calls, 'from the one'").await.unwrap();
    run(&mut theirs, "notify calls, 'its own'").await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), "its own");
}

async fn listener(answer: &Value) -> sqlx::postgres::PgListener {
    let url = format!(
        "postgres://{}:{}@{}:{}/{}",
        answer["db_user"].as_str().unwrap(),
        answer["db_password"].as_str().unwrap(),
        answer["db_host"].as_str().unwrap(),
        answer["db_port"],
        answer["db_name"].as_str().unwrap()
    );
    let mut listener = sqlx::postgres::PgListener::connect(&url).await.unwrap();
    listener.listen("calls").await.unwrap();
    listener
}
