//! Trials of a living platform, from outside: [`chaos`] kills its parts at random moments while customers buy,
//! [`mod@bench`] measures it beside the floors of the same machine.
//!
//! They know the binary, the HTTP interface and the processes of the machine, and nothing of the services' insides.

pub mod bench;
pub mod chaos;
mod patience;
mod platform;
mod process;
