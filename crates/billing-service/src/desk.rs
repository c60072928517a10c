//! What the desk for work by hand has to know of this service: its audit, and what people call its things.

use crate::audit::{self, Actor};
use crate::store;
use async_trait::async_trait;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;
use work::{ByHand, Clerk};

/// This service's books.
pub(crate) struct Books;

#[async_trait]
impl Clerk for Books {
    async fn note(&self, conn: &mut PgConnection, act: &ByHand<'_>) -> sqlx::Result<()> {
        let actor = Actor { name: act.actor.clone(), origin: act.origin.clone() };
        audit::note(conn, &actor, act.act, &act.operation.subject, &act.outcome).await
    }

    async fn names(
        &self,
        conn: &mut PgConnection,
        things: &[Uuid],
    ) -> sqlx::Result<HashMap<Uuid, String>> {
        store::all::names(conn, things).await
    }
}
