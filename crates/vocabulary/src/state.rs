//! States, and the one table of the transitions of an instance.

/// Defines enums that are `text` in the database and snake case in JSON, so that no service spells them twice.
#[macro_export]
macro_rules! state {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[sqlx(type_name = "text", rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every value, in the order of a life.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The value as it stands in the database and in JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

state! {
    /// Whether a database lies on a shared server or on one of its own.
    DatabaseType {
        /// In a pool, beside others.
        Shared = "shared",
        /// On a server that nobody else gets.
        Dedicated = "dedicated",
    }

    /// How an instance stands with billing.
    Standing {
        /// Ordered, and the first invoice is not paid.
        AwaitingPayment = "awaiting_payment",
        /// In its trial.
        Trial = "trial",
        /// Paid.
        Active = "active",
        /// Not paid in time, and still allowed to run.
        PastDue = "past_due",
        /// Stopped by billing until it is paid.
        Suspended = "suspended",
        /// Over.
        Ended = "ended",
    }

    /// What an instance is doing.
    InstanceStatus {
        /// Waits for an entitlement that allows running.
        AwaitingPayment = "awaiting_payment",
        /// Has just been asked for.
        Creating = "creating",
        /// Waits for a database server.
        WaitingForDatabase = "waiting_for_database",
        /// Odoo is being started.
        Starting = "starting",
        /// Odoo answers.
        Running = "running",
        /// Stopped for lack of visitors, and woken by the next.
        Sleeping = "sleeping",
        /// Odoo is being stopped.
        Stopping = "stopping",
        /// Stopped because its owner wants it so.
        Stopped = "stopped",
        /// Stopped against its owner's wish; the reason says by whom.
        Suspended = "suspended",
        /// An operation has it: backup, restore, update.
        Maintenance = "maintenance",
        /// Its database is being moved.
        Migrating = "migrating",
        /// Something failed; the reason says what the platform does next.
        Error = "error",
        /// Is being removed.
        Terminating = "terminating",
        /// Is gone.
        Terminated = "terminated",
    }

    /// Why an instance is in its status, where the status alone does not say.
    StatusReason {
        /// The invoice is not paid.
        Unpaid = "unpaid",
        /// Billing was paused.
        Paused = "paused",
        /// Staff holds it.
        Staff = "staff",
        /// The subscription has ended.
        Ended = "ended",
        /// No database within the time that people wait.
        NoDatabase = "no_database",
        /// Odoo does not start or does not answer.
        OdooFails = "odoo_fails",
    }
}

impl Standing {
    /// Whether an Odoo may run in this standing.
    #[must_use]
    pub fn allows_running(self) -> bool {
        matches!(self, Self::Trial | Self::Active | Self::PastDue)
    }
}

/// Every legal change of an instance's status. Staying in a status is always legal.
pub const TRANSITIONS: &[(InstanceStatus, &[InstanceStatus])] = {
    use InstanceStatus as S;
    &[
        (
            S::AwaitingPayment,
            &[
                S::Creating,
                S::WaitingForDatabase,
                S::Starting,
                S::Stopped,
                S::Suspended,
                S::Error,
                S::Terminating,
            ],
        ),
        (
            S::Creating,
            &[
                S::AwaitingPayment,
                S::WaitingForDatabase,
                S::Starting,
                S::Stopped,
                S::Suspended,
                S::Error,
                S::Terminating,
            ],
        ),
        (
            S::WaitingForDatabase,
            &[S::AwaitingPayment, S::Starting, S::Stopped, S::Suspended, S::Error, S::Terminating],
        ),
        (S::Starting, &[S::Running, S::WaitingForDatabase, S::Stopping, S::Error, S::Terminating]),
        (
            S::Running,
            &[
                S::Starting,
                S::WaitingForDatabase,
                S::Sleeping,
                S::Stopping,
                S::Maintenance,
                S::Migrating,
                S::Error,
                S::Terminating,
            ],
        ),
        (
            S::Sleeping,
            &[
                S::Starting,
                S::WaitingForDatabase,
                S::Stopping,
                S::Maintenance,
                S::Migrating,
                S::Error,
                S::Terminating,
            ],
        ),
        (
            S::Stopping,
            &[
                S::Stopped,
                S::Suspended,
                S::AwaitingPayment,
                S::Starting,
                S::WaitingForDatabase,
                S::Error,
                S::Terminating,
            ],
        ),
        (
            S::Stopped,
            &[
                S::Starting,
                S::WaitingForDatabase,
                S::Suspended,
                S::AwaitingPayment,
                S::Maintenance,
                S::Migrating,
                S::Error,
                S::Terminating,
            ],
        ),
        (
            S::Suspended,
            &[
                S::Starting,
                S::WaitingForDatabase,
                S::Stopped,
                S::AwaitingPayment,
                S::Maintenance,
                S::Migrating,
                S::Error,
                S::Terminating,
            ],
        ),
        (
            S::Maintenance,
            &[S::Starting, S::Stopping, S::Stopped, S::Suspended, S::Error, S::Terminating],
        ),
        (
            S::Migrating,
            &[S::Starting, S::Stopping, S::Stopped, S::Suspended, S::Error, S::Terminating],
        ),
        (
            S::Error,
            &[
                S::AwaitingPayment,
                S::WaitingForDatabase,
                S::Starting,
                S::Running,
                S::Stopping,
                S::Stopped,
                S::Suspended,
                S::Terminating,
            ],
        ),
        (S::Terminating, &[S::Terminated]),
        (S::Terminated, &[]),
    ]
};

impl InstanceStatus {
    /// Whether the table allows to go from here to `next`.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        self == next || TRANSITIONS.iter().any(|(from, to)| *from == self && to.contains(&next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_stands_in_the_table_once() {
        for status in InstanceStatus::ALL {
            assert_eq!(
                TRANSITIONS.iter().filter(|(from, _)| from == status).count(),
                1,
                "{status}"
            );
        }
    }

    #[test]
    fn every_status_but_the_last_leads_to_the_end() {
        for status in InstanceStatus::ALL.iter().filter(|s| **s != InstanceStatus::Terminated) {
            let end = if *status == InstanceStatus::Terminating {
                InstanceStatus::Terminated
            } else {
                InstanceStatus::Terminating
            };
            assert!(status.may_become(end), "{status}");
        }
        assert!(!InstanceStatus::Terminated.may_become(InstanceStatus::Creating));
    }

    #[test]
    fn the_text_in_json_is_the_text_in_the_database() {
        for status in InstanceStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
