//! `docs/benchmarks.md`: its table is written by the measurement, the words around it by people.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Measured, Row, machine};

/// What is between these lines is written anew.
const BEGIN: &str = "<!-- measured -->";
const END: &str = "<!-- end of what is measured -->";

/// Writes the table into the document.
pub(super) fn write(path: &Path, rows: &[Row]) -> Result<()> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (before, rest) = text.split_once(BEGIN).context("the document has no place for a table")?;
    let (_, after) = rest.split_once(END).context("the document's table has no end")?;
    let lines: Vec<_> = rows.iter().map(line).collect();
    let text = format!(
        "{before}{BEGIN}\nMeasured on {}.\n\n\
         | what | target | floor | measured | ratio |\n|---|---|---|---|---|\n{}\n{END}{after}",
        machine::description(),
        lines.join("\n"),
    );
    std::fs::write(path, text)?;
    Ok(())
}

/// One line of the table.
pub(super) fn line(row: &Row) -> String {
    let floor = row.floor.as_ref().map(|(name, sample)| format!("{name}: {sample}"));
    let (measured, ratio) = match &row.measured {
        Measured::Text(text) => (text.clone(), String::new()),
        Measured::Times(sample) => {
            let ratio = row.floor.as_ref().map(|(_, floor)| {
                let ratio = sample.median().as_secs_f64() / floor.median().as_secs_f64();
                format!("{ratio:.2} x")
            });
            (sample.to_string(), ratio.unwrap_or_default())
        }
    };
    format!(
        "| {} | {} | {} | {measured} | {ratio} |",
        row.what,
        row.target,
        floor.unwrap_or_default()
    )
}
