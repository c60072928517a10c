//! What is made in advance on each shared server: a golden database for each template, and clones of it that wait to
//! be taken.

mod decision;
mod making;

use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use uuid::Uuid;
use vocabulary::ServerId;
use work::{Attempt, Next, Reconcile};

use crate::allocation::short_name;
use crate::state::{CopyState, ServerStatus, ServerType, Wish};
use crate::store::golden::Golden;
use crate::store::server::Server;
use crate::store::stock::Piece;
use crate::{Context, store};
use decision::{Action, World, decide};

/// The name of a golden database on every server that has one.
pub(crate) fn golden_name(template: &str, generation: i32) -> String {
    let plain: String =
        template.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("golden_{plain}_{generation}")
}

/// Keeps golden databases and stock on every server.
pub(crate) struct Stocks {
    context: Context,
}

/// A server with what its rows say.
struct Look {
    server: Server,
    goldens: Vec<Golden>,
    pieces: Vec<Piece>,
    world: World,
}

impl Look {
    fn golden(&self, template: &str, generation: i32) -> anyhow::Result<&Golden> {
        let mut all = self.goldens.iter();
        all.find(|g| g.template == template && g.generation == generation)
            .context("the decision is about what was seen")
    }

    fn piece(&self, id: Uuid) -> anyhow::Result<&Piece> {
        self.pieces.iter().find(|p| p.id == id).context("the decision is about what was seen")
    }
}

/// Whether an act went through, or somebody else is at the same thing.
#[derive(PartialEq, Eq)]
enum Went {
    Through,
    Busy,
}

impl Stocks {
    /// Keeps the stock of this context.
    #[must_use]
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    /// A server that is down is left as it is: neither made nor scrapped.
    async fn look(&self, id: ServerId) -> anyhow::Result<Option<Look>> {
        let mut conn = self.context.pool.acquire().await?;
        let Some(server) = store::server::find(&mut conn, id).await? else { return Ok(None) };
        let is_up = matches!(
            server.status,
            ServerStatus::Active | ServerStatus::Full | ServerStatus::Draining
        );
        if !is_up || server.server_type != ServerType::Shared || server.prepared_at.is_none() {
            return Ok(None);
        }
        let templates = store::template::built(&mut conn).await?;
        let goldens = store::golden::on_server(&mut conn, id).await?;
        let pieces = store::stock::on_server(&mut conn, id).await?;
        let free = store::slot::count_free(&mut conn, id).await?;
        let world = World {
            serves: server.wish == Wish::Serve,
            templates,
            goldens: goldens.iter().map(seen_golden).collect(),
            stock: pieces.iter().map(seen_piece).collect(),
            free: usize::try_from(free)?,
            target: usize::try_from(self.context.options.stock)?,
        };
        Ok(Some(Look { server, goldens, pieces, world }))
    }

    async fn act(&self, look: &Look, action: &Action, attempt: &Attempt) -> anyhow::Result<Went> {
        match action {
            Action::WantGolden(template, generation) => {
                self.want_golden(look, template, *generation).await?
            }
            Action::ScrapGolden(template, generation) => {
                let mut conn = self.context.pool.acquire().await?;
                let golden = look.golden(template, *generation)?;
                store::golden::advance(&mut conn, golden, CopyState::Dropping).await?;
            }
            Action::WantPiece(template, generation) => {
                self.want_piece(look, template, *generation).await?
            }
            Action::ScrapPiece(id) => {
                let mut conn = self.context.pool.acquire().await?;
                store::stock::advance(&mut conn, look.piece(*id)?, CopyState::Dropping).await?;
            }
            Action::MakeGolden(template, generation) => {
                return self.make_golden(look, look.golden(template, *generation)?).await;
            }
            Action::DropGolden(template, generation) => {
                return self.drop_golden(look, look.golden(template, *generation)?).await;
            }
            Action::MakePiece(id) => return self.make_piece(look, look.piece(*id)?, attempt).await,
            Action::DropPiece(id) => return self.drop_piece(look, look.piece(*id)?, attempt).await,
        }
        Ok(Went::Through)
    }

    async fn want_golden(&self, look: &Look, template: &str, generation: i32) -> sqlx::Result<()> {
        let golden = Golden {
            server_id: look.server.id,
            template: template.to_owned(),
            generation,
            db_name: golden_name(template, generation),
            state: CopyState::Making,
        };
        let mut conn = self.context.pool.acquire().await?;
        store::golden::insert(&mut conn, &golden).await
    }

    async fn want_piece(&self, look: &Look, template: &str, generation: i32) -> sqlx::Result<()> {
        let id = Uuid::now_v7();
        let db_name = short_name(id);
        let db_user = format!("{db_name}_user");
        let piece = Piece {
            id,
            server_id: look.server.id,
            template: template.to_owned(),
            generation,
            db_name,
            db_user,
            state: CopyState::Making,
        };
        let mut conn = self.context.pool.acquire().await?;
        store::stock::insert(&mut conn, &piece).await
    }
}

fn seen_golden(golden: &Golden) -> decision::Copy {
    decision::Copy {
        template: golden.template.clone(),
        generation: golden.generation,
        state: golden.state,
    }
}

fn seen_piece(piece: &Piece) -> decision::Piece {
    decision::Piece {
        id: piece.id,
        template: piece.template.clone(),
        generation: piece.generation,
        state: piece.state,
    }
}

#[async_trait]
impl Reconcile for Stocks {
    const NAME: &'static str = "reconcile_stock";
    type Key = ServerId;
    const SWEEP: Duration = Duration::from_mins(1);
    const DEADLINE: Duration = Duration::from_mins(30);

    async fn keys(&self) -> anyhow::Result<Vec<ServerId>> {
        let mut conn = self.context.pool.acquire().await?;
        let present = store::server::present(&mut conn).await?;
        let shared = present.iter().filter(|server| server.server_type == ServerType::Shared);
        Ok(shared.map(|server| server.id).collect())
    }

    async fn reconcile(&self, key: &ServerId, attempt: &Attempt) -> anyhow::Result<Next> {
        loop {
            let Some(look) = self.look(*key).await? else { return Ok(Next::Settled) };
            let Some(action) = decide(&look.world) else { return Ok(Next::Settled) };
            if self.act(&look, &action, attempt).await? == Went::Busy {
                return Ok(Next::After(Duration::from_secs(1)));
            }
            attempt.did(action.name()).await?;
        }
    }
}
