//! The platform's databases on a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod db_type;
mod isolation;
mod preparation;
mod question;
