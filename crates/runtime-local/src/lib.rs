//! The runtime of one machine: PostgreSQL servers and Odoos as processes in sandboxes (bubblewrap).
//!
//! It promises what [`runtime::Runtime`] promises, and that workloads outlive the platform: everything
//! that is needed to look after them is in files, so a platform that was killed adopts what runs.
//! As root every workload has a user id of its own; as an ordinary user all have that user's.
//! It does not decide what should run.

mod confinement;
mod control_group;
mod examination;
mod file;
mod job;
mod launch;
mod local_runtime;
mod lock;
mod log;
mod network;
mod observation;
mod options;
mod place;
mod port;
mod postgres;
mod process;
mod record;
mod removal;
mod sandbox;
mod start;
mod supervision;
mod tenant;
mod unit;
mod user_id;
mod wait;
mod wall;

pub use examination::{Examination, Found, Stray, examine};
pub use local_runtime::LocalRuntime;
pub use options::LocalOptions;
