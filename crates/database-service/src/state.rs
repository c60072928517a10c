//! The states of what this service keeps, as they stand in its tables.

vocabulary::state! {
    /// What a server is for.
    ServerType {
        /// Holds databases of many instances.
        Shared = "shared",
        /// Holds the database of one instance.
        Dedicated = "dedicated",
        /// Holds nothing of tenants.
        Platform = "platform",
    }

    /// What staff or a release want of a server.
    Wish {
        /// It takes databases.
        Serve = "serve",
        /// It keeps what it has and takes nothing new.
        Drain = "drain",
        /// It goes as soon as it holds nothing.
        Remove = "remove",
    }

    /// What a server does.
    ServerStatus {
        /// Is being made.
        Provisioning = "provisioning",
        /// Runs, and is not ready for tenants.
        Initializing = "initializing",
        /// Takes databases.
        Active = "active",
        /// Would take databases, and has no slot left.
        Full = "full",
        /// Takes nothing new.
        Draining = "draining",
        /// Is held by staff.
        Maintenance = "maintenance",
        /// Does not run as it should; looked at again and again.
        Error = "error",
        /// Is being removed.
        Deprovisioning = "deprovisioning",
        /// Is removed, with everything on it.
        Gone = "gone",
    }

    /// What the last looks at a server found.
    HealthStatus {
        /// Answers.
        Healthy = "healthy",
        /// Failed to answer once or twice, or answers with a warning.
        Degraded = "degraded",
        /// Failed three times in a row.
        Unhealthy = "unhealthy",
        /// Not looked at yet.
        Unknown = "unknown",
    }

    /// Who puts databases on a server.
    Strategy {
        /// The choice of this service.
        Auto = "auto",
        /// Nobody but staff.
        Manual = "manual",
    }

    /// How far an allocation is.
    AllocationState {
        /// Has no server yet.
        Waiting = "waiting",
        /// Has its slot; database, role or password are being made true.
        Making = "making",
        /// The database is there and the password works.
        Ready = "ready",
        /// Database and role are being removed.
        Releasing = "releasing",
        /// Nothing of it is left.
        Released = "released",
    }

    /// How far a copy of a template on a server is: a golden database or a piece of stock.
    CopyState {
        /// Is being made.
        Making = "making",
        /// May be used.
        Ready = "ready",
        /// Is being removed.
        Dropping = "dropping",
    }

    /// How far the building of a template is; each value names what is done next.
    TemplateState {
        /// Looks for a server to be built on.
        Wanted = "wanted",
        /// Gets an empty database.
        Creating = "creating",
        /// Odoo installs its modules.
        Installing = "installing",
        /// Odoo compiles its style sheets and scripts into the database.
        Bundling = "bundling",
        /// Is read out of the server.
        Dumping = "dumping",
        /// The database that it was built in is removed.
        Cleaning = "cleaning",
        /// Its dump is there.
        Ready = "ready",
    }

    /// What the inventory cannot explain.
    FindingKind {
        /// A database that no row knows.
        UnknownDatabase = "unknown_database",
        /// A row whose database is not there.
        MissingDatabase = "missing_database",
        /// A role that no row knows.
        UnknownRole = "unknown_role",
        /// A row whose role is not there.
        MissingRole = "missing_role",
        /// A server that runs and that no row knows.
        UnknownWorkload = "unknown_workload",
        /// A row whose server does not exist.
        MissingWorkload = "missing_workload",
    }
}

impl AllocationState {
    /// Whether something is still to be done on its server.
    #[must_use]
    pub(crate) fn is_under_way(self) -> bool {
        matches!(self, Self::Making | Self::Releasing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_in_json_is_the_text_in_the_database() {
        for status in ServerStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        for kind in FindingKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
