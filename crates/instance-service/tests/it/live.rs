//! What is told live.

use std::time::Duration;

use contract::client::{Bearer, Client, Events, InstanceClient};
use contract::instance::{Event, Route, RouteTarget, Routes};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use vocabulary::InstanceId;

use crate::world::World;

/// The service on a port, and a client that speaks with it.
async fn serve(world: &World, token: &str) -> (InstanceClient, AbortOnDropHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = instance_service::service(world.context.clone());
    let serve = async { api::serve(listener, service, CancellationToken::new()).await.unwrap() };
    let task = AbortOnDropHandle::new(tokio::spawn(serve));
    (InstanceClient(Client::new(url, Bearer::Token(token.into()))), task)
}

async fn next(events: &mut Events) -> contract::client::ServerEvent {
    let next = tokio::time::timeout(Duration::from_secs(10), events.next());
    next.await.expect("an event comes").unwrap().expect("the stream goes on")
}

#[tokio::test]
async fn who_watches_sees_everything_from_the_order_on_and_after_a_break_what_is_new() {
    let world = World::new().await;
    let (client, _server) = serve(&world, &world.ann.token).await;
    let id = InstanceId::new();
    world.entitle(id, &world.entitlement(1, "trial")).await;
    let mut events = client.events(id, None).await.unwrap();
    let first: Event = next(&mut events).await.json().unwrap();
    assert_eq!(
        (first.message.as_str(), first.actor.as_str()),
        ("It is ordered.", "service billing-service")
    );

    world.settle().await;
    let starting: Event = next(&mut events).await.json().unwrap();
    assert_eq!(
        starting.correlation_id, first.correlation_id,
        "one cause from the order to the running Odoo"
    );
    drop(events);

    let after = starting.id.to_string();
    let mut events = client.events(id, Some(&after)).await.unwrap();
    let running = next(&mut events).await;
    assert_eq!(
        (running.name.as_str(), running.json::<Event>().unwrap().status.as_str()),
        ("event", "running")
    );

    world.delete(id).await;
    world.settle().await;
    let mut last = String::new();
    while let Some(event) = events.next().await.unwrap() {
        last = event.json::<Event>().unwrap().status.to_string();
    }
    assert_eq!(last, "terminated", "after its last event the stream ends");
}

#[tokio::test]
async fn the_edge_has_the_whole_table_and_then_every_change() {
    let world = World::new().await;
    let id = world.running().await;
    let (client, _server) = serve(&world, &world.billing.token).await;
    let mut events = client.route_events().await.unwrap();
    let table = next(&mut events).await;
    assert_eq!(table.name, "table");
    let routes = table.json::<Routes>().unwrap().routes;
    assert!(matches!(routes[..], [Route { target: RouteTarget::Odoo { .. }, .. }]), "{routes:?}");

    world.act(&world.ann.token, id, "stop").await;
    world.settle().await;
    let change = loop {
        // The table may come again, while the listening begins.
        let event = next(&mut events).await;
        if event.name == "route" {
            break event.json::<Route>().unwrap();
        }
    };
    assert_eq!((change.instance_id, change.target), (id, RouteTarget::Stopped));
}
