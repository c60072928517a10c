//! The test kit, on a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod identity;
mod platform;
