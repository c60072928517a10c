//! What we know of Odoo itself: its configuration file, its command lines, its password hashes, and
//! how a fresh database becomes one that is worth cloning. Nothing here starts a process or opens a
//! connection: runtimes and workers do, with what this crate gives them.

mod command;
mod configuration;
mod golden;
mod password;

pub use command::{LAUNCHER, LAUNCHER_NAME, job_command, job_input, server_command};
pub use configuration::{Listen, Paths, render_config, render_job_config};
pub use golden::{asset_script, base_modules};
pub use password::password_hash;
