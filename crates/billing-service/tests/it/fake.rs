//! An instance-service that keeps entitlements and nothing else. It can be told to fail, and to lose its answers.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use contract::error::{ErrorBody, ErrorDetail};
use contract::instance::{Entitlement, EntitlementStored, SubdomainCheck};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use vocabulary::{InstanceId, InstanceStatus, Standing, StatusReason};

#[derive(Default)]
pub(crate) struct Inside {
    pub(crate) stored: HashMap<InstanceId, Entitlement>,
    pub(crate) taken: HashSet<String>,
    /// Taken, although the check says that it is free.
    pub(crate) snatched: HashSet<String>,
    pub(crate) unwanted: HashSet<InstanceId>,
    pub(crate) is_down: bool,
    /// How many of the next statements are taken and not answered.
    pub(crate) answers_to_lose: u32,
    /// Every version that was stated, in order.
    pub(crate) stated: Vec<i64>,
}

#[derive(Clone, Default)]
pub(crate) struct Fake(Arc<Mutex<Inside>>);

impl Fake {
    pub(crate) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap()
    }

    pub(crate) fn entitlement(&self, instance: InstanceId) -> Option<Entitlement> {
        self.inside().stored.get(&instance).cloned()
    }

    pub(crate) fn standing(
        &self,
        instance: InstanceId,
    ) -> Option<(Standing, Option<StatusReason>)> {
        self.entitlement(instance).map(|entitlement| (entitlement.standing, entitlement.reason))
    }

    /// Answers on a loopback address, which is returned.
    pub(crate) async fn serve(&self) -> String {
        let router = Router::new()
            .route("/api/v1/instances/{id}/entitlement", put(state))
            .route("/api/v1/instances/check-subdomain/{name}", get(check))
            .with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }
}

fn refuse(status: StatusCode, code: &str) -> Response {
    let (code, message) = (code.to_owned(), "the fake refuses".to_owned());
    let error = ErrorDetail { code, message, details: Vec::new() };
    (status, Json(ErrorBody { error })).into_response()
}

async fn check(State(fake): State<Fake>, Path(name): Path<String>) -> Response {
    let inside = fake.inside();
    if inside.is_down {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    }
    let available = !inside.taken.contains(&name);
    Json(SubdomainCheck { subdomain: name, available, message: "as it is".to_owned() })
        .into_response()
}

async fn state(
    State(fake): State<Fake>,
    Path(id): Path<InstanceId>,
    Json(entitlement): Json<Entitlement>,
) -> Response {
    let mut inside = fake.inside();
    if inside.is_down {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    }
    if inside.snatched.contains(entitlement.order.subdomain.as_str()) {
        return refuse(StatusCode::CONFLICT, "subdomain_is_taken");
    }
    inside.stated.push(entitlement.version);
    let known = inside.stored.get(&id).cloned();
    let text = |entitlement: &Entitlement| serde_json::to_string(entitlement).unwrap();
    let changed = match &known {
        Some(known) if known.version > entitlement.version => false,
        Some(known) => text(known) != text(&entitlement),
        None => true,
    };
    if changed {
        inside.stored.insert(id, entitlement);
    }
    if inside.answers_to_lose > 0 {
        inside.answers_to_lose -= 1;
        return refuse(StatusCode::GATEWAY_TIMEOUT, "lost");
    }
    Json(EntitlementStored {
        version: inside.stored[&id].version,
        changed,
        status: InstanceStatus::Creating,
        is_unwanted: inside.unwanted.contains(&id),
    })
    .into_response()
}
