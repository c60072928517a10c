//! A database-service in the test's hands. Its databases are real ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, post};
use axum::{Json, Router};
use contract::database::{Allocate, Allocated, Allocation};
use runtime::DatabaseAddress;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Executor};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;
use vocabulary::{InstanceId, ServerId};

use crate::odoo_tables;

#[derive(Clone)]
pub(crate) struct FakeDatabases {
    shared: Arc<Shared>,
    pub(crate) url: String,
    _task: Arc<AbortOnDropHandle<()>>,
}

struct Shared {
    admin: PgConnectOptions,
    state: Mutex<Offer>,
    server: ServerId,
}

#[derive(Default)]
struct Offer {
    allocated: BTreeMap<Uuid, String>,
    asked: Vec<Allocate>,
    is_full: bool,
    has_template: bool,
    is_down: bool,
}

impl FakeDatabases {
    /// It has room and a template.
    pub(crate) async fn start(admin: &PgConnectOptions) -> Self {
        let state = Mutex::new(Offer { has_template: true, ..Offer::default() });
        let shared = Arc::new(Shared { admin: admin.clone(), state, server: ServerId::new() });
        let router = Router::new()
            .route("/api/database/allocate", post(allocate))
            .route("/api/database/allocations/{id}", delete(release))
            .with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serve = async move { axum::serve(listener, router).await.unwrap() };
        Self { shared, url, _task: Arc::new(AbortOnDropHandle::new(tokio::spawn(serve))) }
    }

    pub(crate) fn is_full(&self, is_full: bool) {
        self.shared.state.lock().unwrap().is_full = is_full;
    }

    pub(crate) fn is_down(&self, is_down: bool) {
        self.shared.state.lock().unwrap().is_down = is_down;
    }

    pub(crate) fn has_no_template(&self) {
        self.shared.state.lock().unwrap().has_template = false;
    }

    /// How many databases there are.
    pub(crate) fn count(&self) -> usize {
        self.shared.state.lock().unwrap().allocated.len()
    }

    /// What was asked for last.
    pub(crate) fn last_asked(&self) -> Allocate {
        self.shared.state.lock().unwrap().asked.last().unwrap().clone()
    }

    /// Enters the database of an instance as its owner.
    pub(crate) async fn enter(&self, instance: InstanceId) -> PgConnection {
        let name = self.shared.state.lock().unwrap().allocated[&instance.0].clone();
        odoo_tables::connect(&address(&self.shared, &name)).await.unwrap()
    }
}

async fn allocate(
    State(shared): State<Arc<Shared>>,
    Json(request): Json<Allocate>,
) -> (StatusCode, Json<Value>) {
    let instance = request.instance_id.0;
    let (known, is_full, is_down, has_template) = {
        let mut state = shared.state.lock().unwrap();
        state.asked.push(request);
        let known = state.allocated.get(&instance).cloned();
        (known, state.is_full, state.is_down, state.has_template)
    };
    if is_down {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({})));
    }
    if known.is_none() && is_full {
        let message = "a server is being made".to_owned();
        let answer = Allocation::Provisioning { message, retry_after: 10 };
        return (StatusCode::ACCEPTED, Json(serde_json::to_value(answer).unwrap()));
    }
    let name = match known {
        Some(name) => name,
        None => make(&shared, instance, has_template).await,
    };
    let address = address(&shared, &name);
    let answer = Allocation::Allocated(Allocated {
        db_server_id: shared.server,
        db_host: address.host,
        db_port: address.port,
        db_user: name.clone(),
        db_password: name.clone(),
        db_name: name,
        template: has_template.then(|| "odoo-19.0".to_owned()),
    });
    (StatusCode::OK, Json(serde_json::to_value(answer).unwrap()))
}

async fn release(
    State(shared): State<Arc<Shared>>,
    Path(instance): Path<Uuid>,
) -> (StatusCode, Json<Value>) {
    let Some(name) = shared.state.lock().unwrap().allocated.remove(&instance) else {
        let error = json!({"error": {"code": "not_found", "message": "no such allocation"}});
        return (StatusCode::NOT_FOUND, Json(error));
    };
    drop_database(&shared.admin, &name).await;
    (StatusCode::ACCEPTED, Json(serde_json::to_value(Allocation::Releasing).unwrap()))
}

async fn make(shared: &Shared, instance: Uuid, has_template: bool) -> String {
    let name = format!("tenant_{}", Uuid::now_v7().simple());
    let mut admin = PgConnection::connect_with(&shared.admin).await.unwrap();
    for sql in [
        format!("create role {name} login password '{name}'"),
        format!("create database {name} owner {name} template template0"),
    ] {
        admin.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    admin.close().await.unwrap();
    if has_template {
        odoo_tables::install(&address(shared, &name)).await.unwrap();
    }
    shared.state.lock().unwrap().allocated.insert(instance, name.clone());
    name
}

fn address(shared: &Shared, name: &str) -> DatabaseAddress {
    DatabaseAddress {
        host: shared.admin.get_host().to_owned(),
        port: shared.admin.get_port(),
        name: name.to_owned(),
        user: name.to_owned(),
        password: name.into(),
    }
}

async fn drop_database(admin: &PgConnectOptions, name: &str) {
    let mut admin = PgConnection::connect_with(admin).await.unwrap();
    for sql in [format!("drop database {name} with (force)"), format!("drop role {name}")] {
        admin.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    admin.close().await.unwrap();
}

/// Nothing of a test stays on the server.
impl Drop for Shared {
    fn drop(&mut self) {
        let names: Vec<_> = self.state.lock().unwrap().allocated.values().cloned().collect();
        let admin = self.admin.clone();
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                for name in names {
                    drop_database(&admin, &name).await;
                }
            });
        });
        removal.join().unwrap();
    }
}
