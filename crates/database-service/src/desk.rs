//! What the desk for work by hand has to know of this service: its audit, and what people call its things.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::PgConnection;
use uuid::Uuid;
use work::{ByHand, Clerk};

use crate::store::audit::{self, Actor};
use crate::store::name;

/// This service's books.
pub(crate) struct Books;

#[async_trait]
impl Clerk for Books {
    async fn note(&self, conn: &mut PgConnection, act: &ByHand<'_>) -> sqlx::Result<()> {
        let actor = Actor { name: act.actor.clone(), origin: act.origin.clone() };
        let subject = format!("{} {}", act.operation.kind, act.operation.subject);
        audit::write(conn, &actor, act.act, &subject, &act.outcome).await
    }

    async fn names(
        &self,
        conn: &mut PgConnection,
        things: &[Uuid],
    ) -> sqlx::Result<HashMap<Uuid, String>> {
        name::find(conn, things).await
    }
}
