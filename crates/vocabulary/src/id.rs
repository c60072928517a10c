//! One id type for each kind of thing, all of them UUIDs of version 7 that we make ourselves.

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A fresh id; later ids sort after earlier ones.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "two defaults would differ")]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

id! {
    /// An account of the billing engine; one for each customer.
    AccountId;
    /// The claim of one instance to one database.
    AllocationId;
    /// Follows one cause through all its effects, from the order to the running instance.
    CorrelationId;
    /// An organization that buys.
    CustomerId;
    /// One Odoo of one customer.
    InstanceId;
    /// An invoice of the billing engine.
    InvoiceId;
    /// A person of a customer.
    MemberId;
    /// An act with an outcome that outlives a request.
    OperationId;
    /// What a customer ordered: plan, name, subdomain, version.
    OrderId;
    /// A payment, recorded or attempted.
    PaymentId;
    /// A PostgreSQL server for tenants.
    ServerId;
    /// A person of the operator.
    StaffId;
    /// A subscription of the billing engine.
    SubscriptionId;
}
