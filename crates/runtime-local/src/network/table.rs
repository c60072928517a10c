//! The program `nft`: scripts in, sets out. A script is done as a whole or not at all.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Other programs may be changing the kernel's tables just now.
const PATIENCE: Duration = Duration::from_secs(20);
const LIST: [&str; 7] = ["--json", "--numeric", "list", "map", "inet", "saasodoo", "workloads"];

/// Applies a script.
pub(super) async fn change(script: &str) -> anyhow::Result<()> {
    let change = async {
        let mut child = nft()
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .context("cannot start the program nft")?;
        let mut input = child.stdin.take().context("nft has no input")?;
        // One that does not read to the end says why it did not.
        input.write_all(script.as_bytes()).await.ok();
        drop(input);
        child.wait_with_output().await.context("cannot wait for nft")
    };
    checked(tokio::time::timeout(PATIENCE, change).await.context("nft does not come to its end")??)
        .map(drop)
}

/// The user ids that have a wall.
pub(super) async fn user_ids() -> anyhow::Result<BTreeSet<u32>> {
    let listing = nft().args(LIST).output();
    let output = tokio::time::timeout(PATIENCE, listing).await.context("nft does not answer")?;
    parse(&checked(output.context("cannot start the program nft")?)?)
}

/// The same, for who cannot wait.
pub(super) fn user_ids_now() -> anyhow::Result<BTreeSet<u32>> {
    let output = std::process::Command::new(program()).args(LIST).output();
    parse(&checked(output.context("cannot start the program nft")?)?)
}

fn parse(listing: &[u8]) -> anyhow::Result<BTreeSet<u32>> {
    let listing: serde_json::Value = serde_json::from_slice(listing)?;
    let objects = listing["nftables"].as_array().context("nft lists nothing")?;
    let map = objects.iter().find_map(|object| object.get("map")).context("nft lists no map")?;
    let elements = map["elem"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ids = elements.iter().filter_map(|element| u32::try_from(element.get(0)?.as_u64()?).ok());
    Ok(ids.collect())
}

fn nft() -> Command {
    let mut command = Command::new(program());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Not everybody who is root has the folder in his path.
fn program() -> &'static str {
    let usual = "/usr/sbin/nft";
    if Path::new(usual).exists() { usual } else { "nft" }
}

fn checked(output: Output) -> anyhow::Result<Vec<u8>> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let message = message.lines().next().unwrap_or_default().trim();
    ensure!(!message.is_empty(), "nft failed: {}", output.status);
    bail!("nft failed: {message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_are_read_from_a_listing() {
        let listing = br#"{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"map": {"name": "workloads",
            "elem": [[1900000000, {"jump": {"target": "workload-1900000000"}}], [1900000007, {"jump": {}}]]}}]}"#;
        assert_eq!(parse(listing).unwrap(), BTreeSet::from([1_900_000_000, 1_900_000_007]));
        let empty = br#"{"nftables": [{"map": {"name": "workloads"}}]}"#;
        assert_eq!(parse(empty).unwrap(), BTreeSet::new());
    }
}
