//! The roles of the binary: its services, workers, pages and door.

use std::str::FromStr;

/// One role; the name is that of the service in the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Customers, members, sessions, tokens.
    UserService,
    /// Mails.
    NotificationService,
    /// Orders, entitlements, the billing engine and its clockwork.
    BillingService,
    /// Instances, as they are to be.
    InstanceService,
    /// Makes instances so.
    InstanceWorker,
    /// Database servers and allocations, as they are to be.
    DatabaseService,
    /// Makes them so.
    DatabaseWorker,
    /// The pages.
    Console,
    /// The door.
    Edge,
}

impl Role {
    /// Every role, in the order in which they are started: who is called before who calls.
    pub(crate) const ALL: [Self; 9] = [
        Self::NotificationService,
        Self::UserService,
        Self::DatabaseService,
        Self::DatabaseWorker,
        Self::InstanceService,
        Self::InstanceWorker,
        Self::BillingService,
        Self::Console,
        Self::Edge,
    ];

    /// The role's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UserService => "user-service",
            Self::NotificationService => "notification-service",
            Self::BillingService => "billing-service",
            Self::InstanceService => "instance-service",
            Self::InstanceWorker => "instance-worker",
            Self::DatabaseService => "database-service",
            Self::DatabaseWorker => "database-worker",
            Self::Console => "console",
            Self::Edge => "edge",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("the roles are {names}")
        })
    }
}
