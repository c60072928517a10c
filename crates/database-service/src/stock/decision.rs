//! Which golden databases and which stock a server should have, and what to do next about it. Pure and total.

use uuid::Uuid;

use crate::state::CopyState;

/// What is wanted and what the rows say of one server.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// Whether it is a shared server that serves.
    pub serves: bool,
    /// The templates that have a dump, with its build.
    pub templates: Vec<(String, i32)>,
    /// The golden databases.
    pub goldens: Vec<Copy>,
    /// The stock.
    pub stock: Vec<Piece>,
    /// Free slots: more stock than that could never be taken.
    pub free: usize,
    /// Pieces to keep of each template.
    pub target: usize,
}

/// A golden database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copy {
    /// Of which template.
    pub template: String,
    /// Of which build.
    pub generation: i32,
    /// How far it is.
    pub state: CopyState,
}

/// A piece of stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its id.
    pub id: Uuid,
    /// Of which template.
    pub template: String,
    /// Of which build.
    pub generation: i32,
    /// How far it is.
    pub state: CopyState,
}

/// One action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Write down a golden database that is to be.
    WantGolden(String, i32),
    /// Make it.
    MakeGolden(String, i32),
    /// Write down that it is to go.
    ScrapGolden(String, i32),
    /// Erase it.
    DropGolden(String, i32),
    /// Write down a piece of stock that is to be.
    WantPiece(String, i32),
    /// Make it.
    MakePiece(Uuid),
    /// Write down that it is to go.
    ScrapPiece(Uuid),
    /// Erase it.
    DropPiece(Uuid),
}

impl Action {
    /// What the trace says after it.
    #[must_use]
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::WantGolden(..) => "wants a golden database",
            Self::MakeGolden(..) => "made a golden database",
            Self::ScrapGolden(..) => "scraps a golden database",
            Self::DropGolden(..) => "erased a golden database",
            Self::WantPiece(..) => "wants a piece of stock",
            Self::MakePiece(_) => "made a piece of stock",
            Self::ScrapPiece(_) => "scraps a piece of stock",
            Self::DropPiece(_) => "erased a piece of stock",
        }
    }
}

/// The next action, or none. What is half done is finished first; what nobody wants goes before more is made.
#[must_use]
pub(super) fn decide(world: &World) -> Option<Action> {
    finish_dropping(world)
        .or_else(|| scrap(world))
        .or_else(|| goldens(world))
        .or_else(|| pieces(world))
}

fn finish_dropping(world: &World) -> Option<Action> {
    let piece = world.stock.iter().find(|piece| piece.state == CopyState::Dropping);
    let golden = || {
        let has_stock = |g: &Copy| {
            world.stock.iter().any(|p| p.template == g.template && p.generation == g.generation)
        };
        world.goldens.iter().find(|g| g.state == CopyState::Dropping && !has_stock(g))
    };
    piece
        .map(|piece| Action::DropPiece(piece.id))
        .or_else(|| golden().map(|g| Action::DropGolden(g.template.clone(), g.generation)))
}

fn scrap(world: &World) -> Option<Action> {
    let is_wanted = |template: &str, generation: i32| {
        world.serves && world.templates.iter().any(|(t, g)| t == template && *g == generation)
    };
    let surplus = |index: usize, piece: &Piece| {
        let earlier = world.stock[..index].iter().filter(|p| p.template == piece.template).count();
        earlier >= world.target.min(world.free)
    };
    let piece = world.stock.iter().enumerate().find(|(index, piece)| {
        piece.state != CopyState::Dropping
            && (!is_wanted(&piece.template, piece.generation) || surplus(*index, piece))
    });
    let golden = || {
        world.goldens.iter().find(|golden| {
            golden.state != CopyState::Dropping && !is_wanted(&golden.template, golden.generation)
        })
    };
    piece
        .map(|(_, piece)| Action::ScrapPiece(piece.id))
        .or_else(|| golden().map(|g| Action::ScrapGolden(g.template.clone(), g.generation)))
}

fn goldens(world: &World) -> Option<Action> {
    if !world.serves {
        return None;
    }
    if let Some(golden) = world.goldens.iter().find(|g| g.state == CopyState::Making) {
        return Some(Action::MakeGolden(golden.template.clone(), golden.generation));
    }
    world
        .templates
        .iter()
        .find(|(t, g)| !world.goldens.iter().any(|c| c.template == *t && c.generation == *g))
        .map(|(template, generation)| Action::WantGolden(template.clone(), *generation))
}

fn pieces(world: &World) -> Option<Action> {
    if !world.serves {
        return None;
    }
    if let Some(piece) = world.stock.iter().find(|piece| piece.state == CopyState::Making) {
        return Some(Action::MakePiece(piece.id));
    }
    let count = |template: &str| world.stock.iter().filter(|p| p.template == template).count();
    world
        .templates
        .iter()
        .filter(|(template, _)| count(template) < world.target.min(world.free))
        // The template with the least stock first, so that none starves.
        .min_by_key(|(template, _)| count(template))
        .map(|(template, generation)| Action::WantPiece(template.clone(), *generation))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(mut world: World, action: Action) -> World {
        match action {
            Action::WantGolden(template, generation) => {
                world.goldens.push(Copy { template, generation, state: CopyState::Making });
            }
            Action::MakeGolden(t, g) => golden(&mut world, &t, g).state = CopyState::Ready,
            Action::ScrapGolden(t, g) => golden(&mut world, &t, g).state = CopyState::Dropping,
            Action::DropGolden(t, g) => {
                assert!(!world.stock.iter().any(|p| p.template == t && p.generation == g));
                world.goldens.retain(|c| !(c.template == t && c.generation == g));
            }
            Action::WantPiece(template, generation) => {
                let id = Uuid::now_v7();
                world.stock.push(Piece { id, template, generation, state: CopyState::Making });
            }
            Action::MakePiece(id) => piece(&mut world, id).state = CopyState::Ready,
            Action::ScrapPiece(id) => piece(&mut world, id).state = CopyState::Dropping,
            Action::DropPiece(id) => world.stock.retain(|piece| piece.id != id),
        }
        world
    }

    fn golden<'a>(world: &'a mut World, template: &str, generation: i32) -> &'a mut Copy {
        let find = |c: &&mut Copy| c.template == template && c.generation == generation;
        world.goldens.iter_mut().find(find).unwrap()
    }

    fn piece(world: &mut World, id: Uuid) -> &mut Piece {
        world.stock.iter_mut().find(|piece| piece.id == id).unwrap()
    }

    fn worlds() -> Vec<World> {
        let states =
            [None, Some(CopyState::Making), Some(CopyState::Ready), Some(CopyState::Dropping)];
        let copy = |generation, state: &Option<CopyState>| {
            state.map(|state| Copy { template: "a".into(), generation, state })
        };
        let piece = |generation, state: &Option<CopyState>| {
            state.map(|state| Piece { id: Uuid::now_v7(), template: "a".into(), generation, state })
        };
        let mut worlds = Vec::new();
        for (old, new) in states.iter().flat_map(|o| states.iter().map(move |n| (o, n))) {
            for (first, second) in states.iter().flat_map(|f| states.iter().map(move |s| (f, s))) {
                for (free, target) in [(0, 2), (1, 2), (9, 0), (9, 2)] {
                    for serves in [false, true] {
                        worlds.push(World {
                            serves,
                            templates: vec![("a".into(), 2), ("b".into(), 1)],
                            goldens: [copy(1, old), copy(2, new)].into_iter().flatten().collect(),
                            stock: [piece(1, first), piece(2, second)]
                                .into_iter()
                                .flatten()
                                .collect(),
                            free,
                            target,
                        });
                    }
                }
            }
        }
        worlds
    }

    #[test]
    fn every_server_ends_with_what_it_should_have() {
        for start in worlds() {
            let mut world = start.clone();
            let mut actions = 0;
            while let Some(action) = decide(&world) {
                world = after(world, action);
                actions += 1;
                assert!(actions < 30, "{start:?} does not come to rest");
            }
            let pieces = if start.serves { start.target.min(start.free) } else { 0 };
            for (template, generation) in &start.templates {
                let of = |t: &String, g: i32| t == template && g == *generation;
                let stock = world.stock.iter().filter(|p| of(&p.template, p.generation)).count();
                let goldens =
                    world.goldens.iter().filter(|c| of(&c.template, c.generation)).count();
                assert_eq!((goldens, stock), (usize::from(start.serves), pieces), "{start:?}");
            }
            assert!(world.stock.iter().all(|piece| piece.state == CopyState::Ready));
            assert_eq!(world.goldens.len(), if start.serves { 2 } else { 0 }, "{start:?}");
        }
    }
}
