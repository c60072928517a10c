//! The desk: what staff see of what is under way, over HTTP, and what they may do about it by hand.

use crate::operations::{Build, Site};
use crate::world::{QUEUE, Toy, World, eventually, run, slow};
use api::test::request;
use async_trait::async_trait;
use axum::Router;
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use testkit::{Identity, identity};
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;
use work::{ByHand, Clerk, Desk};

/// Keeps the audit in memory, and calls the one thing that it knows by its name.
#[derive(Clone, Default)]
struct Notes {
    audit: Arc<Mutex<Vec<String>>>,
    known: Option<Uuid>,
}

#[async_trait]
impl Clerk for Notes {
    async fn note(&self, _: &mut PgConnection, act: &ByHand<'_>) -> sqlx::Result<()> {
        let entry = format!("{} {}: {}", act.act, act.operation.kind, act.outcome);
        assert_eq!(act.actor, "staff staff@example.com");
        self.audit.lock().unwrap().push(entry);
        Ok(())
    }

    async fn names(
        &self,
        _: &mut PgConnection,
        things: &[Uuid],
    ) -> sqlx::Result<HashMap<Uuid, String>> {
        let known = self.known.filter(|known| things.contains(known));
        Ok(known.into_iter().map(|known| (known, "garden".to_owned())).collect())
    }
}

struct Office {
    router: Router,
    identity: Identity,
    notes: Notes,
}

impl Office {
    fn new(world: &World, known: Option<Uuid>) -> Self {
        let (identity, notes) = (identity(), Notes { known, ..Notes::default() });
        let desk = Desk::new(world.pool.clone(), QUEUE, "toy-service", notes.clone());
        let routes = OpenApiRouter::new().nest("/admin/operations", desk.routes());
        let service = api::ServiceServer::new("toy-service", routes, identity.verifier());
        Self { router: service.into_router(), identity, notes }
    }

    async fn ask(&self, method: &str, path: &str) -> (StatusCode, Value) {
        let path = format!("/admin/operations{path}");
        let token = self.identity.staff().token;
        request(&self.router, method, &path, Some(&token), None).await
    }

    async fn only(&self) -> Value {
        let (status, answer) = self.ask("GET", "").await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let all = answer["operations"].as_array().unwrap();
        assert_eq!(all.len(), 1, "{answer}");
        all[0].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconcile_that_fails_is_shown_with_its_name_and_looked_at_again_when_staff_say_so() {
    let world = World::new().await;
    let thing = Uuid::now_v7();
    let toy = Toy::new(|_, attempt| {
        Box::pin(async move {
            attempt.did("looked").await?;
            anyhow::bail!("connection refused")
        })
    });
    let diary = Arc::clone(&toy.diary);
    let key = thing.to_string();
    world.wake(&key).await;
    let worker = run(world.worker().pace(slow()).reconcile(toy));
    eventually("it failed", || async { world.failing().await == 1 }).await;
    let office = Office::new(&world, Some(thing));
    let shown = office.only().await;
    for (field, value) in [
        ("service", json!("toy-service")),
        ("kind", json!("toy")),
        ("is_reconcile", json!(true)),
        ("subject", json!(key)),
        ("name", json!("garden")),
        ("state", json!("queued")),
        ("step", json!("looked")),
        ("tries", json!(1)),
        ("error", json!("connection refused")),
    ] {
        assert_eq!(shown[field], value, "{field}: {shown}");
    }
    assert!(shown["next_try"].is_string() && shown["created_at"].is_string(), "{shown}");
    let path = format!("/{}", shown["id"].as_str().unwrap());
    let (status, answer) = office.ask("POST", &format!("{path}/retry")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    eventually("it was looked at again", || async { diary.runs(&key) == 2 }).await;
    eventually("it failed again", || async {
        office.ask("GET", &path).await.1["failures"].as_array().unwrap().len() == 2
    })
    .await;
    for act in ["cancel", "undo"] {
        let (status, answer) = office.ask("POST", &format!("{path}/{act}")).await;
        let code = &answer["error"]["code"];
        assert_eq!((status, code), (StatusCode::CONFLICT, &json!("reconcile_has_no_end")));
    }
    let audit = office.notes.audit.lock().unwrap().clone();
    assert_eq!(audit[0], "retry_operation toy: done");
    assert!(audit[1].starts_with("cancel_operation toy: "), "{audit:?}");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_worker_takes_is_shown_too() {
    let world = World::new().await;
    world.wake("a").await;
    let office = Office::new(&world, None);
    let shown = office.only().await;
    let seen = (&shown["kind"], &shown["subject"], &shown["state"], &shown["tries"]);
    assert_eq!(seen, (&json!("toy"), &json!("a"), &json!("queued"), &json!(0)));
    // A worker's own chores are nobody's business while they go well.
    world.worker().reconcile(Toy::idle()).settle().await.unwrap();
    assert_eq!(office.ask("GET", "").await.1, json!({"operations": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_undone_cancelled_and_retried_by_hand_where_that_is_possible() {
    let world = World::new().await;
    let office = Office::new(&world, None);
    let site = Arc::new(Site::default());
    site.breaks(&["run Roof", "undo Walls"]);
    let id = world.build().await;
    let worker = world.worker().operation(Build { site: Arc::clone(&site) });
    worker.settle().await.unwrap();
    let stuck = office.only().await;
    assert_eq!((&stuck["state"], &stuck["tries"]), (&json!("stuck"), &json!(3)), "{stuck}");
    site.breaks(&[]);
    let (status, answer) = office.ask("POST", &format!("/{id}/retry")).await;
    assert_eq!((status, &answer["state"]), (StatusCode::OK, &json!("queued")), "{answer}");
    worker.settle().await.unwrap();
    assert_eq!(office.ask("GET", &format!("/{id}")).await.1["state"], "undone");
    for act in ["retry", "cancel", "undo"] {
        let (status, answer) = office.ask("POST", &format!("/{id}/{act}")).await;
        let code = &answer["error"]["code"];
        assert_eq!((status, code), (StatusCode::CONFLICT, &json!("operation_is_in_another_state")));
        assert_eq!(answer["error"]["message"], "the operation is undone");
    }
    let other = world.build().await;
    let (_, answer) = office.ask("POST", &format!("/{other}/cancel")).await;
    assert_eq!(answer["state"], "cancelled", "{answer}");
    let third = world.build().await;
    let (_, answer) = office.ask("POST", &format!("/{third}/undo")).await;
    assert_eq!(answer["step"], "undo Ground", "{answer}");
    let audit = office.notes.audit.lock().unwrap().clone();
    assert_eq!(audit.iter().filter(|entry| entry.ends_with(": done")).count(), 3, "{audit:?}");
    assert_eq!(audit.len(), 6, "what is refused is noted too");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_is_for_staff() {
    let world = World::new().await;
    let office = Office::new(&world, None);
    let id = world.build().await;
    let customer = office.identity.customer().token;
    for (method, path) in [
        ("GET", String::new()),
        ("GET", format!("/{id}")),
        ("POST", format!("/{id}/retry")),
        ("POST", format!("/{id}/cancel")),
        ("POST", format!("/{id}/undo")),
    ] {
        let path = format!("/admin/operations{path}");
        let (status, _) = request(&office.router, method, &path, None, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        let (status, _) = request(&office.router, method, &path, Some(&customer), None).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    let nothing = Uuid::now_v7();
    assert_eq!(office.ask("POST", &format!("/{nothing}/retry")).await.0, StatusCode::NOT_FOUND);
}
