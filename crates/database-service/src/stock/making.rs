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
    /// The session in which a golden database may be changed. None when somebody else has it, or changed it since it
    /// was read: then what we know is old, and acting on it could make what nobody knows.
    async fn fence_golden(
        &self,
        look: &Look,
        golden: &Golden,
    ) -> anyhow::Result<Option<(Login, Fence)>> {
        let Some(entered) = self.fence(&look.server, &golden.db_name).await? else {
            return Ok(None);
        };
        let mut conn = self.context.pool.acquire().await?;
        let now = store::golden::on_server(&mut conn, golden.server_id).await?;
        Ok(now.contains(golden).then_some(entered))
    }

    /// The same for a piece of stock, which may have been taken since it was read.
    async fn fence_piece(
        &self,
        look: &Look,
        piece: &Piece,
    ) -> anyhow::Result<Option<(Login, Fence)>> {
        let Some(entered) = self.fence(&look.server, &piece.db_name).await? else {
            return Ok(None);
        };
        let mut conn = self.context.pool.acquire().await?;
        let now = store::stock::on_server(&mut conn, piece.server_id).await?;
        Ok(now.contains(piece).then_some(entered))
    }

    async fn fence(&self, server: &Server, name: &str) -> anyhow::Result<Option<(Login, Fence)>> {
        let login = self.context.login(server)?;
        let pool = self.context.connections.pool(&login);
        let fence = Fence::take(&pool, name)
            .await
            .with_context(|| format!("{} does not let us in", server.name))?;
        Ok(fence.map(|fence| (login, fence)))
    }

    /// Whoever waits on this server for the golden database is told when it is there.
    pub(super) async fn make_golden(&self, look: &Look, golden: &Golden) -> anyhow::Result<Went> {
        let mut conn = self.context.pool.acquire().await?;
        let dump = store::template::dump(&mut conn, &golden.template, golden.generation).await?;
        drop(conn);
        // A newer build has replaced it: the next look scraps this one.
        let Some(dump) = dump else { return Ok(Went::Through) };
        let Some((login, mut fence)) = self.fence_golden(look, golden).await? else {
            return Ok(Went::Busy);
        };
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
        let Some((_, mut fence)) = self.fence_golden(look, golden).await? else {
            return Ok(Went::Busy);
        };
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
        let Some((login, mut fence)) = self.fence_piece(look, piece).await? else {
            return Ok(Went::Busy);
        };
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
        let Some((_, mut fence)) = self.fence_piece(look, piece).await? else {
            return Ok(Went::Busy);
        };
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
