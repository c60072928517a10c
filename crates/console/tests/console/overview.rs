use axum::http::StatusCode;
use futures::StreamExt;

use crate::world::{HERE, World, header, instance, invoice, server, text, uuid};

#[tokio::test]
async fn a_customer_sees_what_each_odoo_is_doing() {
    let world = World::new().await;
    world.services.instances.lock().unwrap().extend([
        instance("Shop", "running", "It is running."),
        instance("<Lab>", "waiting_for_database", "It waits for a database."),
    ]);
    let response = world.get("/", &world.customer()).await;
    assert!(header(&response, "content-security-policy").contains("script-src 'self'"));
    let page = text(response).await;
    assert!(page.contains(r#"<h2>Your Odoos<span class="count">2</span></h2>"#), "{page}");
    assert!(
        page.contains("It is running.")
            && page.contains(r#"href="http://shop.localhost:8080">Open</a>"#),
        "{page}"
    );
    assert!(page.contains(&format!("/instances/{}/stop", uuid("Shop"))), "{page}");
    assert!(
        page.contains("&lt;Lab&gt;") && !page.contains(&format!("/instances/{}/", uuid("<Lab>"))),
        "{page}"
    );
    assert!(!page.contains("Database servers") && !page.contains("To be paid"), "{page}");
}

#[tokio::test]
async fn staff_see_everything_and_the_servers() {
    let world = World::new().await;
    world.services.instances.lock().unwrap().push(instance("Shop", "running", "It is running."));
    world.services.servers.lock().unwrap().push(server("postgres-pool-1", 12));
    let page = text(world.get("/", &world.staff()).await).await;
    assert!(
        page.contains("All Odoos") && page.contains("postgres-pool-1") && page.contains("12 of 50"),
        "{page}"
    );
}

#[tokio::test]
async fn nothing_yet_is_said_kindly() {
    let world = World::new().await;
    let page = text(world.get("/", &world.customer()).await).await;
    assert!(page.contains("There is no Odoo yet."), "{page}");
    let page = text(world.get("/", &world.staff()).await).await;
    assert!(
        page.contains("saasodoo order") && page.contains("There is no database server yet."),
        "{page}"
    );
}

#[tokio::test]
async fn an_open_invoice_stands_on_top() {
    let world = World::new().await;
    world.services.invoices.lock().unwrap().extend([invoice(7, "5.00"), invoice(6, "0.00")]);
    let page = text(world.get("/", &world.customer()).await).await;
    assert!(
        page.contains("No. 7") && page.contains("5.00 USD") && !page.contains("No. 6"),
        "{page}"
    );
}

#[tokio::test]
async fn a_service_that_is_down_is_said_where_its_part_would_be() {
    let world = World::new().await;
    *world.services.refusal.lock().unwrap() = Some(StatusCode::SERVICE_UNAVAILABLE);
    let response = world.get("/", &world.staff()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(text(response).await.matches("This part cannot be read at the moment").count(), 2);
}

#[tokio::test]
async fn a_token_that_the_services_refuse_leads_to_the_login() {
    let world = World::new().await;
    *world.services.refusal.lock().unwrap() = Some(StatusCode::UNAUTHORIZED);
    let response = world.get("/", &world.customer()).await;
    assert_eq!(header(&response, "location"), "/login");
    assert!(header(&response, "set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn a_button_asks_the_instance_service() {
    let world = World::new().await;
    let (id, cookie) = (uuid("Shop"), world.customer());
    let response = world.post(&format!("/instances/{id}/stop"), &cookie, HERE, "").await;
    assert_eq!((response.status(), header(&response, "location")), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(*world.services.acts.lock().unwrap(), [format!("stop {id}")]);

    let response = world.post(&format!("/instances/{id}/restart"), &cookie, HERE, "").await;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert!(text(response).await.contains("it is being backed up"));
    for path in [format!("/instances/{id}/hold"), "/instances/x/stop".to_owned()] {
        assert_eq!(
            world.post(&path, &cookie, HERE, "").await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_overview_follows_what_happens() {
    let world = World::new().await;
    world.services.instances.lock().unwrap().push(instance("Shop", "starting", "It is starting."));
    let response = world.get("/live", &world.customer()).await;
    assert_eq!(header(&response, "content-type"), "text/event-stream");
    let mut events = response.into_body().into_data_stream();
    let first = String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(
        first.starts_with("event: overview\ndata: ") && first.contains("It is starting."),
        "{first}"
    );

    *world.services.instances.lock().unwrap() = vec![instance("Shop", "running", "It is running.")];
    let second = String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(second.contains("It is running."), "{second}");
}
