//! Where the services are, when each is a process of its own.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// `[services.…]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Services {
    /// user-service.
    pub user: Place,
    /// instance-service.
    pub instance: Place,
    /// billing-service.
    pub billing: Place,
    /// database-service.
    pub database: Place,
    /// notification-service.
    pub notification: Place,
    /// The console.
    pub console: Place,
}

impl Services {
    pub(crate) fn urls(&self) -> [&str; 6] {
        let Self { user, instance, billing, database, notification, console } = self;
        [user, instance, billing, database, notification, console].map(|place| place.url.as_str())
    }
}

/// One service's addresses.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where the others find it, without a path of its own.
    pub url: String,
}

/// Names that the addresses of services have everywhere, beside `SAASODOO__SERVICES__…`.
pub(crate) const WELL_KNOWN: [(&str, &str); 5] = [
    ("USER_SERVICE_URL", "services.user.url"),
    ("INSTANCE_SERVICE_URL", "services.instance.url"),
    ("BILLING_SERVICE_URL", "services.billing.url"),
    ("DATABASE_SERVICE_URL", "services.database.url"),
    ("NOTIFICATION_SERVICE_URL", "services.notification.url"),
];
