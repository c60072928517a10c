//! Where the log goes: to the data folder's file when a person watches the progress, else to standard error.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context;
use settings::Format;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::{EnvFilter, fmt};

/// Logs JSON to this file, after what is in it.
pub(crate) fn to_file(path: &Path, filter: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write the log {}", path.display()))?;
    start(BoxMakeWriter::new(Mutex::new(file)), filter, Format::Json)
}

/// Logs to standard error.
pub(crate) fn to_stderr(filter: &str, format: Format) -> anyhow::Result<()> {
    start(BoxMakeWriter::new(std::io::stderr), filter, format)
}

fn start(writer: BoxMakeWriter, filter: &str, format: Format) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).context("the setting log.filter is wrong")?;
    let builder = fmt().with_env_filter(filter).with_writer(writer);
    let started = if format == Format::Json {
        builder.json().flatten_event(true).with_span_list(false).try_init()
    } else {
        builder.with_ansi(false).try_init()
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))
}
