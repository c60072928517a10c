//! The local runtime on real servers and real Odoos: the contract suite, and what only it promises.
//!
//! Odoo's root file system is taken from `SAASODOO_TEST_ROOTFS` or the default cache; where there is
//! none, what needs it is skipped and says so.

#![allow(clippy::unwrap_used, reason = "a test may end by panicking")]

mod bench;
mod claim;
mod contract;
mod network;
mod platform;
