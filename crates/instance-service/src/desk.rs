//! What the desk for work by hand has to know of this service: its audit, and what people call its things.

use std::collections::HashMap;

use async_trait::async_trait;
use contract::correlation;
use sqlx::PgConnection;
use uuid::Uuid;
use vocabulary::InstanceId;
use work::{ByHand, Clerk};

use crate::store::all;
use crate::store::audit::{self, Act};

/// This service's books.
pub(crate) struct Books;

#[async_trait]
impl Clerk for Books {
    async fn note(&self, conn: &mut PgConnection, act: &ByHand<'_>) -> sqlx::Result<()> {
        let entry = Act {
            actor: &act.actor,
            act: act.act,
            // What is about no instance, such as a sweep, is about the nil one.
            instance: act.operation.subject.parse().unwrap_or(InstanceId(Uuid::nil())),
            outcome: &act.outcome,
            origin: act.origin.clone(),
            correlation: correlation::current(),
        };
        audit::insert(conn, &entry).await
    }

    async fn names(
        &self,
        conn: &mut PgConnection,
        things: &[Uuid],
    ) -> sqlx::Result<HashMap<Uuid, String>> {
        all::instance::subdomains(conn, things).await
    }
}
