//! Measures a platform beside the floors of the same machine in the same run, and writes `docs/benchmarks.md`.
//!
//! A floor is what nobody can be faster than: the same Odoo, the same PostgreSQL, started by hand with nothing around.

mod allocation;
mod document;
mod floor;
mod idle;
mod machine;
mod pool;
mod purchase;
mod sample;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::platform::{Platform, Site};
use floor::Floor;
use sample::Sample;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program `saasodoo`, a release build.
    pub binary: PathBuf,
    /// The unpacked root file system of Odoo 19.
    pub root_file_system: PathBuf,
    /// How often each thing is measured.
    pub rounds: u32,
    /// How many instances are known when memory and idle time are measured.
    pub known: u32,
    /// The document whose table is written anew.
    pub document: PathBuf,
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    what: &'static str,
    target: &'static str,
    floor: Option<(&'static str, Sample)>,
    measured: Measured,
}

/// What came out.
#[derive(Debug)]
enum Measured {
    /// Seconds, to be compared with the floor.
    Times(Sample),
    /// Anything else, as text.
    Text(String),
}

/// Measures everything and writes the document; `say` is told each result.
///
/// # Errors
/// When something cannot be measured: then the document stays as it is.
pub async fn run(options: &Options, say: fn(&str)) -> Result<()> {
    // An error says that there is one already.
    rustls::crypto::ring::default_provider().install_default().ok();
    let folder = tempfile::Builder::new().prefix("saasodoo-bench.").tempdir()?;
    let mut table = Table { rows: Vec::new(), say };
    let floor = Floor::measure(options, &folder.path().join("floor"), say).await?;
    prepared(options, folder.path(), &floor, &mut table).await?;
    unprepared(options, folder.path(), &floor, &mut table).await?;
    many(options, folder.path(), &mut table).await?;
    drop(floor);
    document::write(&options.document, &table.rows)
}

struct Table {
    rows: Vec<Row>,
    say: fn(&str),
}

impl Table {
    fn add(&mut self, row: Row) {
        (self.say)(&document::line(&row));
        self.rows.push(row);
    }
}

/// A platform with its stock, as customers find it.
async fn prepared(
    options: &Options,
    folder: &Path,
    floor: &Floor,
    table: &mut Table,
) -> Result<()> {
    let site = site(options, folder, "prepared")?
        .with("database.stock_per_server", &(allocation::AT_ONCE * allocation::EACH).to_string())
        .with("database.pool_size", "200");
    let platform = started(&site).await?;
    let interface = site.staff().await?;
    purchase::stock(&interface, allocation::AT_ONCE * allocation::EACH).await?;
    for row in allocation::measure(&site, floor).await? {
        table.add(row);
    }
    // Full again, so that nothing is cloned while the customers wait.
    purchase::stock(&interface, allocation::AT_ONCE * allocation::EACH).await?;
    let buyer = purchase::Buyer::new(&site, "prepared").await?;
    let (bought, back) = buyer.measure(options.rounds).await?;
    table.add(Row {
        what: "order to `/web/login` 200, from stock",
        target: "1.5 x",
        floor: Some(("bare boot", floor.boot.clone())),
        measured: Measured::Times(bought),
    });
    table.add(Row {
        what: "paid to un-suspended (`/web/login` 200)",
        target: "p99 10 s",
        floor: Some(("bare boot", floor.boot.clone())),
        measured: Measured::Times(back),
    });
    table.add(Row {
        what: "new shared pool active",
        target: "3 s",
        floor: Some(("`initdb` and start", floor.cluster.clone())),
        measured: Measured::Times(pool::measure(&interface, options.rounds).await?),
    });
    platform.stop(&site.folder).await
}

/// A platform that has prepared nothing: no template, no stock.
async fn unprepared(
    options: &Options,
    folder: &Path,
    floor: &Floor,
    table: &mut Table,
) -> Result<()> {
    let configuration = folder.join("unprepared.toml");
    std::fs::write(&configuration, "[database]\ntemplates = []\n")?;
    let mut site = site(options, folder, "unprepared")?;
    site.settings.push(("SAASODOO_CONFIG".to_owned(), configuration.display().to_string()));
    let platform = started(&site).await?;
    let buyer = purchase::Buyer::new(&site, "unprepared").await?;
    let bought = buyer.buy_all(options.rounds.div_ceil(2)).await?;
    table.add(Row {
        what: "order to `/web/login` 200, nothing prepared",
        target: "1.2 x",
        floor: Some(("`odoo -i base` and boot", floor.installation.clone())),
        measured: Measured::Times(bought),
    });
    platform.stop(&site.folder).await
}

/// A platform that knows many instances.
async fn many(options: &Options, folder: &Path, table: &mut Table) -> Result<()> {
    let configuration = folder.join("many.toml");
    std::fs::write(&configuration, "[database]\ntemplates = []\npool_size = 1000\n")?;
    let mut site = site(options, folder, "many")?;
    site.settings.push(("SAASODOO_CONFIG".to_owned(), configuration.display().to_string()));
    let platform = started(&site).await?;
    let rate = idle::order_many(&site, options.known).await?;
    table.add(Row {
        what: "orders taken, 8 at once",
        target: "",
        floor: None,
        measured: Measured::Text(format!("{rate:.0}/s")),
    });
    let (platform, rows) = idle::measure(&site, platform, options.known).await?;
    for row in rows {
        table.add(row);
    }
    platform.stop(&site.folder).await
}

fn site(options: &Options, folder: &Path, name: &str) -> Result<Site> {
    let folder = folder.join(name);
    std::fs::create_dir(&folder)?;
    Site::new(&options.binary, &folder)
}

async fn started(site: &Site) -> Result<Platform> {
    let mut platform = site.start()?;
    platform.ready().await?;
    Ok(platform)
}
