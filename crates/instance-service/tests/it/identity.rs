//! Whose a database is: written once, before the first request, and never over what its administrator did.

use contract::instance::AdminLogin;
use serde_json::{Value, json};
use sqlx::PgConnection;
use vocabulary::InstanceId;

use crate::world::World;

async fn parameter(conn: &mut PgConnection, key: &str) -> String {
    let sql = "select value from ir_config_parameter where key = $1";
    sqlx::query_scalar(sql).bind(key).fetch_one(conn).await.unwrap()
}

async fn administrator(conn: &mut PgConnection) -> Value {
    let sql = "select jsonb_build_object('login', u.login, 'email', p.email, 'lang', p.lang, 'tz', p.tz,
                                         'company', c.name, 'company_partner', cp.complete_name)
                 from res_users u join res_partner p on p.id = u.partner_id
                 join res_company c on c.id = u.company_id join res_partner cp on cp.id = c.partner_id
                where u.id = 2";
    sqlx::query_scalar(sql).fetch_one(conn).await.unwrap()
}

#[tokio::test]
async fn a_clone_becomes_its_tenants_own() {
    let world = World::new().await;
    let id = InstanceId::new();
    let mut entitlement = world.entitlement(1, "trial");
    entitlement["order"]["language"] = json!("de_DE");
    entitlement["order"]["timezone"] = json!("Europe/Berlin");
    world.entitle(id, &entitlement).await;
    world.settle().await;
    let mut conn = world.databases.enter(id).await;
    assert_eq!(parameter(&mut conn, "database.uuid").await, id.to_string());
    assert_ne!(parameter(&mut conn, "database.secret").await, "the template's");
    assert_eq!(parameter(&mut conn, "web.base.url").await, "http://garden.localhost:8080");
    assert_eq!(parameter(&mut conn, "web.base.url.freeze").await, "True");
    // German is not installed in the template, so it stays as it is.
    insta::assert_json_snapshot!(administrator(&mut conn).await, @r#"
    {
      "company": "Ann's Garden",
      "company_partner": "Ann's Garden",
      "email": "ann@example.com",
      "lang": "en_US",
      "login": "ann@example.com",
      "tz": "Europe/Berlin"
    }
    "#);
}

#[tokio::test]
async fn the_first_password_is_shown_to_its_owner_and_opens_the_door() {
    let world = World::new().await;
    let id = world.running().await;
    let (_, answer) = world.ask(&world.ann.token, "GET", &format!("/{id}/admin-login"), None).await;
    let login: AdminLogin = serde_json::from_value(answer).unwrap();
    assert_eq!((login.login.as_str(), login.password.len()), ("ann@example.com", 20));
    let mut conn = world.databases.enter(id).await;
    let hash: String = sqlx::query_scalar("select password from res_users where id = 2")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!(hash.starts_with("$pbkdf2-sha512$600000$") && !hash.contains(&login.password));
    let audit = world.audit(id).await;
    assert_eq!(audit.last().unwrap(), "customer ann@example.com read_admin_login done");
    let rows: Vec<String> = sqlx::query_scalar("select admin_password::text from instance_secrets")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    assert!(rows.iter().all(|sealed| !sealed.contains(&login.password)));
}

#[tokio::test]
async fn what_the_administrator_changed_stays() {
    let world = World::new().await;
    let id = world.running().await;
    let mut conn = world.databases.enter(id).await;
    for sql in [
        "update res_users set login = 'boss', password = 'changed' where id = 2",
        "update ir_config_parameter set value = 'https://shop.example' where key = 'web.base.url'",
    ] {
        sqlx::query(sql).execute(&mut conn).await.unwrap();
    }
    for action in ["stop", "start", "restart"] {
        world.act(&world.ann.token, id, action).await;
        world.settle().await;
    }
    assert_eq!(world.status(id).await, "running");
    assert_eq!(administrator(&mut conn).await["login"], json!("boss"));
    assert_eq!(parameter(&mut conn, "web.base.url").await, "https://shop.example");
}

#[tokio::test]
async fn an_empty_database_is_initialised_once() {
    let world = World::new().await;
    world.databases.has_no_template();
    let id = world.running().await;
    world.act(&world.ann.token, id, "restart").await;
    world.settle().await;
    let calls = world.runtime.calls();
    assert_eq!(calls.iter().filter(|call| call.starts_with("run ")).count(), 1, "{calls:?}");
    let told = world.told(id).await;
    assert!(told.iter().any(|message| message.contains("being installed")), "{told:?}");
}
