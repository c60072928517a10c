//! The console, `app.<base>`: what a customer or staff sees of their instances, live, and the buttons to steer
//! them. It owns nothing and decides nothing: it logs in at the user-service, keeps the token in a cookie that
//! no script can read, and asks the services with it, so that whoever looks sees what they may see.

mod act;
mod asset;
mod live;
mod login;
mod overview;
mod same_origin;
mod session;
mod view;

use std::sync::Arc;

use api::{Origin, ServiceServer};
use axum::extract::FromRef;
use axum::routing::{get, post};
use contract::client::{Bearer, BillingClient, Client, DatabaseClient, InstanceClient, UserClient};
use identity::Verifier;
use secrecy::SecretString;
use utoipa_axum::router::OpenApiRouter;

/// Where the services are, and how tokens are checked. Cloning is cheap.
#[derive(Clone)]
pub struct Context {
    services: Arc<Services>,
    verifier: Verifier,
}

/// The base addresses of the services that the console asks.
#[derive(Debug, Clone)]
pub struct Services {
    /// user-service.
    pub user: String,
    /// instance-service.
    pub instance: String,
    /// billing-service.
    pub billing: String,
    /// database-service.
    pub database: String,
}

impl Context {
    /// A console in front of these services.
    #[must_use]
    pub fn new(services: Services, verifier: Verifier) -> Self {
        Self { services: Arc::new(services), verifier }
    }

    fn user(&self, bearer: Bearer, Origin(visitor): Origin) -> UserClient {
        UserClient(Client::new(&*self.services.user, bearer).for_visitor(visitor))
    }

    fn instance(&self, token: &SecretString) -> InstanceClient {
        InstanceClient(Client::new(&*self.services.instance, Bearer::Token(token.clone())))
    }

    fn billing(&self, token: &SecretString) -> BillingClient {
        BillingClient(Client::new(&*self.services.billing, Bearer::Token(token.clone())))
    }

    fn database(&self, token: &SecretString) -> DatabaseClient {
        DatabaseClient(Client::new(&*self.services.database, Bearer::Token(token.clone())))
    }
}

impl FromRef<Context> for Verifier {
    fn from_ref(context: &Context) -> Self {
        context.verifier.clone()
    }
}

/// The console as a service. Its pages are for people and stand in no OpenAPI document.
#[must_use]
pub fn service(context: Context) -> ServiceServer {
    let verifier = context.verifier.clone();
    let routes = OpenApiRouter::new()
        .route("/", get(overview::show))
        .route("/live", get(live::follow))
        .route("/login", get(login::show).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/instances/{id}/{action}", post(act::act))
        .route("/assets/console.css", get(asset::style))
        .route("/assets/live.js", get(asset::script))
        .with_state(context);
    ServiceServer::new("console", routes, verifier)
}
