//! What commands print: a table for people, JSON for programs.

use std::io::Write;

use comfy_table::{Table, presets};
use serde::Serialize;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Prints an answer: the whole as JSON, or its rows under a head.
pub(crate) fn print<A: Serialize>(
    format: Format,
    answer: &A,
    head: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> anyhow::Result<()> {
    match format {
        Format::Json => line(&serde_json::to_string_pretty(answer)?),
        Format::Table => {
            let mut table = Table::new();
            table.load_style(presets::NOTHING).set_header(head.to_vec());
            for row in rows {
                table.add_row(row);
            }
            line(&table.trim_fmt())
        }
    }
}

/// Prints an answer of one thing: the whole as JSON, or a line for each of its fields.
pub(crate) fn print_fields<A: Serialize>(
    format: Format,
    answer: &A,
    fields: &[(&str, String)],
) -> anyhow::Result<()> {
    match format {
        Format::Json => line(&serde_json::to_string_pretty(answer)?),
        Format::Table => fields
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .try_for_each(|(name, value)| line(&format!("{name:<14} {value}"))),
    }
}

/// Prints one line to standard output; a closed pipe is an end like any other.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
