use contract::instance::RouteTarget;
use tokio::net::TcpListener;

use crate::http::{browse, get};
use crate::world::{Teller, World, echo, odoo, unused};

#[tokio::test]
async fn the_last_table_holds_while_the_service_is_away() {
    let world = World::new().await;
    world.route("demo", odoo(echo("odoo").await)).await;
    world.teller.hang_up();
    world.until(|status| !status.is_table_followed).await;
    assert_eq!(get(world.address, "demo.localhost", "/").await.status, 200);
    world.until(|status| status.is_table_followed).await;
    world.route("more", RouteTarget::Starting).await;
    assert_eq!(get(world.address, "more.localhost", "/").await.code(), "starting");
}

#[tokio::test]
async fn before_the_first_table_nothing_is_said_about_a_subdomain() {
    let address = unused().await;
    let teller = Teller::default();
    teller.tell("demo", RouteTarget::Stopped);
    let world = World::following(teller.clone(), address).await;
    let page = browse(world.address, "demo.localhost", "/").await;
    assert_eq!((page.status, page.headers["x-saasodoo-page"].as_str()), (503, "unavailable"));
    assert_eq!(get(world.address, "127.0.0.1", "/ready").await.status, 503);

    teller.serve_on(TcpListener::bind(address).await.unwrap());
    world.until(|status| status.is_table_followed).await;
    assert_eq!(get(world.address, "demo.localhost", "/").await.code(), "stopped");
    assert_eq!(get(world.address, "nobody.localhost", "/").await.status, 404);
}
