//! What outlives a request, in its two shapes. A [`Reconcile`] keeps something true: it is run again and again and takes no
//! input but its key. An [`Operation`] happens once: an enum of steps, saved between one and the next. Both ride on
//! graphile_worker's tables: a wake-up is a job that is added in the transaction that makes it necessary.
//!
//! What this crate promises:
//! - **No wake-up is lost**, also one that comes while the same thing is being worked on: then it is looked at once more.
//! - **One attempt at a time** for each thing, over all workers on a database.
//! - **Nothing dies for good**: an error is tried again with back-off, a panic is an error, the jobs of a worker that is gone
//!   go to another, and a sweep wakes what was forgotten. Only an operation whose undoing fails comes to rest, as `stuck`.
//! - **A stale attempt is refused**: [`Attempt::did`] and [`Attempt::hold`] fail in it, and how it ends changes nothing.
//! - **Every attempt leaves a trace**: [`Queue::operations`] and [`Queue::failures`] show step, tries, errors and next try;
//!   [`Desk`] shows them over HTTP, and lets staff act by hand; [`Queue::measure`] tells monitors.
//!
//! What it does not promise: that a step is run once. A step must bear being run again (names from ids, creation that
//! tolerates "exists", deletion that tolerates "gone"); [`Faults`] is there to prove that.
//!
//! Of graphile_worker this crate uses the tables, their migrations and the heartbeats. Jobs are claimed, ended and recovered by
//! our own functions (`schema/functions.sql`), because the library's loop deletes a job without asking whether it is still its
//! own (and then leaves the queue of whoever has it locked), locks every named queue for each claim, takes one job for each
//! notification, and ends at the first error of the database.

mod attempt;
mod claim;
mod desk;
mod fault;
mod housekeeping;
mod load;
mod operation;
mod pace;
mod queue;
mod reconcile;
mod schema;
mod task;
mod watch;
mod worker;

pub use attempt::{Attempt, Superseded};
pub use desk::{ByHand, Clerk, Desk};
pub use fault::{Crashed, Faults};
pub use load::{Load, Outcome};
pub use operation::{Operation, Progress};
pub use pace::Pace;
pub use queue::Queue;
pub use reconcile::{Next, Reconcile};
pub use watch::{Failure, Which};
pub use worker::Worker;
