use contract::instance::RouteTarget;
use vocabulary::StatusReason;

use crate::http::{browse, get, raw};
use crate::world::{World, echo, odoo, unused};

#[tokio::test]
async fn the_starting_page_becomes_the_odoo_by_itself() {
    let world = World::new().await;
    world.route("demo", RouteTarget::Starting).await;
    let page = browse(world.address, "demo.localhost", "/web").await;
    assert_eq!((page.status, page.headers["x-saasodoo-page"].as_str()), (503, "starting"));
    assert_eq!(page.headers["retry-after"], "2");
    assert!(
        page.body.contains("Your Odoo is starting") && page.body.contains("demo.localhost"),
        "{page:?}"
    );

    // This is what the page's script asks, until the answer is no longer ours.
    let look = "HEAD /web HTTP/1.1\r\nHost: demo.localhost\r\nConnection: close\r\n\r\n";
    let answer = raw(world.address, look).await;
    assert_eq!(
        (answer.headers["x-saasodoo-page"].as_str(), answer.body.as_str()),
        ("starting", "")
    );

    let address = echo("odoo").await;
    world.route("demo", odoo(address)).await;
    assert!(!raw(world.address, look).await.headers.contains_key("x-saasodoo-page"));
    assert_eq!(get(world.address, "demo.localhost", "/web").await.json()["service"], "odoo");
}

#[tokio::test]
async fn an_odoo_that_refuses_connections_is_starting() {
    let world = World::new().await;
    world.route("demo", odoo(unused().await)).await;
    let page = browse(world.address, "demo.localhost", "/").await;
    assert_eq!((page.status, page.headers["x-saasodoo-page"].as_str()), (503, "starting"));
    assert_eq!(get(world.address, "demo.localhost", "/").await.code(), "starting");
}

#[tokio::test]
async fn suspended_is_402_when_unpaid_and_leads_to_the_payment() {
    let world = World::new().await;
    world.route("poor", RouteTarget::Suspended { reason: Some(StatusReason::Unpaid) }).await;
    world.route("held", RouteTarget::Suspended { reason: Some(StatusReason::Staff) }).await;
    let page = browse(world.address, "poor.localhost:8080", "/").await;
    assert_eq!(page.status, 402);
    assert!(page.body.contains(r#"href="//app.localhost:8080/">Pay the invoice"#), "{page:?}");
    assert_eq!(get(world.address, "poor.localhost", "/").await.code(), "suspended");
    assert_eq!(browse(world.address, "held.localhost", "/").await.status, 503);
}

#[tokio::test]
async fn stopped_failing_and_gone_say_so() {
    let world = World::new().await;
    for (subdomain, target, status, title) in [
        ("stopped", RouteTarget::Stopped, 503, "This Odoo is stopped"),
        ("failing", RouteTarget::Failing, 503, "This Odoo has a problem"),
        ("gone", RouteTarget::Gone, 404, "There is no Odoo at this address"),
    ] {
        world.route(subdomain, target).await;
        let page = browse(world.address, &format!("{subdomain}.localhost"), "/").await;
        assert_eq!(page.status, status, "{subdomain}");
        assert!(page.body.contains(title), "{page:?}");
    }
}

#[tokio::test]
async fn a_page_runs_only_its_own_script() {
    let world = World::new().await;
    world.route("demo", RouteTarget::Starting).await;
    let page = browse(world.address, "demo.localhost", "/").await;
    let policy = &page.headers["content-security-policy"];
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(page.body.contains(&format!(r#"<script nonce="{nonce}""#)), "{page:?}");
}

#[tokio::test]
async fn an_odoo_cannot_pose_as_our_page() {
    let world = World::new().await;
    let posing = axum::Router::new()
        .fallback(|| async { [("x-saasodoo-page", "starting"), ("server", "x/1")] });
    world.route("demo", odoo(crate::world::serve(posing).await)).await;
    let answer = get(world.address, "demo.localhost", "/").await;
    assert_eq!(answer.status, 200);
    assert!(
        !answer.headers.contains_key("x-saasodoo-page") && !answer.headers.contains_key("server")
    );
}
