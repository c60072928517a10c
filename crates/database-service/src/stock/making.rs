//! Making and erasing golden databases and pieces of stock.

use anyhow::Context as _;
use work::Attempt;

use super::{Look, Stocks, Went, golden_name};
use crate::allocation::Allocations;
use crate::state::CopyState;
use crate::store::golden::Golden;
use crate::store::server::Server;
use crate::store::stock::Piece;
use crate::tenant::{self, Fence, GoldenCopy, Login};
use crate::{QUEUE, store};

impl Stocks {
    /// The session in which one thing on the server may be changed, unless somebody else has it.
    async fn fence(&self, server: &Server, name: &str) -> anyhow::Result<(Login, Option<Fence>)> {
        let login = self.context.login(server)?;
        let pool = self.context.connections.pool(&login);
        let fence = Fence::take(&pool, name)
            .await
            .with_context(|| format!("{} does not let us in", server.name))?;
        Ok((login, fence))
    }

    /// Whoever waits on this server for the golden database is told when it is there.
    pub(super) async fn make_golden(&self, look: &Look, golden: &Golden) -> anyhow::Result<Went> {
        let mut conn = self.context.pool.acquire().await?;
        let dump = store::template::dump(&mut conn, &golden.template, golden.generation).await?;
        drop(conn);
        // A newer build has replaced it: the next look scraps this one.
        let Some(dump) = dump else { return Ok(Went::Through) };
        let (login, fence) = self.fence(&look.server, &golden.db_name).await?;
        let Some(mut fence) = fence else { return Ok(Went::Busy) };
        let programs = self.context.programs();
        tenant::restore_golden(fence.session(), &login, &golden.db_name, &dump, &programs).await?;
        let mut tx = self.context.pool.begin().await?;
        store::golden::advance(&mut tx, golden, CopyState::Ready).await?;
        let waiting = store::allocation::making_on(&mut tx, look.server.id).await?;
        QUEUE.wake_all::<Allocations>(&mut tx, &waiting).await?;
        tx.commit().await?;
        fence.release().await?;
        Ok(Went::Through)
    }

    pub(super) async fn drop_golden(&self, look: &Look, golden: &Golden) -> anyhow::Result<Went> {
        let (_, fence) = self.fence(&look.server, &golden.db_name).await?;
        let Some(mut fence) = fence else { return Ok(Went::Busy) };
        tenant::drop_database(fence.session(), &format!("{}_part", golden.db_name)).await?;
        tenant::drop_database(fence.session(), &golden.db_name).await?;
        let mut conn = self.context.pool.acquire().await?;
        store::golden::delete(&mut conn, golden).await?;
        fence.release().await?;
        Ok(Went::Through)
    }

    pub(super) async fn make_piece(
        &self,
        look: &Look,
        piece: &Piece,
        attempt: &Attempt,
    ) -> anyhow::Result<Went> {
        let (login, fence) = self.fence(&look.server, &piece.db_name).await?;
        let Some(mut fence) = fence else { return Ok(Went::Busy) };
        let session = fence.session();
        let (database, role) = (&piece.db_name, &piece.db_user);
        tenant::create_role(session, role).await.context("making a role for the stock")?;
        tenant::limit(session, role, &self.context.options.tenant).await?;
        attempt.did("made a role for the stock").await?;
        let golden = GoldenCopy { db_name: golden_name(&piece.template, piece.generation) };
        tenant::clone_golden(session, &golden, database, role)
            .await
            .context("cloning for the stock")?;
        attempt.did("cloned for the stock").await?;
        tenant::open(session, &login, database, role)
            .await
            .context("giving a clone to its role")?;
        attempt.did("gave a clone to its role").await?;
        let mut conn = self.context.pool.acquire().await?;
        store::stock::advance(&mut conn, piece, CopyState::Ready).await?;
        fence.release().await?;
        Ok(Went::Through)
    }

    pub(super) async fn drop_piece(
        &self,
        look: &Look,
        piece: &Piece,
        attempt: &Attempt,
    ) -> anyhow::Result<Went> {
        let (_, fence) = self.fence(&look.server, &piece.db_name).await?;
        let Some(mut fence) = fence else { return Ok(Went::Busy) };
        tenant::drop_database(fence.session(), &piece.db_name).await?;
        attempt.did("erased a database of the stock").await?;
        tenant::drop_role(fence.session(), &piece.db_user).await?;
        attempt.did("erased a role of the stock").await?;
        let mut conn = self.context.pool.acquire().await?;
        store::stock::delete(&mut conn, piece.id).await?;
        fence.release().await?;
        Ok(Went::Through)
    }
}
