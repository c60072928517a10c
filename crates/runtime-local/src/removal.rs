//! Erasing what a workload or a job leaves, so that a platform that is killed meanwhile can go on.

use anyhow::Context as _;

use crate::file;
use crate::place::Place;
use crate::unit::Unit;

/// Erases a unit of which nothing runs any more: its wall, its folder, then its user id.
pub(crate) async fn erase(place: &Place, unit: &Unit) -> anyhow::Result<()> {
    if !unit.exists() {
        return Ok(());
    }
    // A damaged record must not keep anything from being removed.
    let user_id = unit.state().ok().and_then(|state| state.user_id);
    // With the folder its user id goes, which may be another's at once, and the wall with it.
    if let Some(id) = user_id {
        place.network.release(id).await?;
    }
    // The name is free at once, also where erasing takes long or does not come to its end.
    let rest = place.options.folder.join("removing").join(uuid::Uuid::now_v7().to_string());
    std::fs::rename(unit.folder(), &rest)
        .with_context(|| format!("cannot remove {}", unit.folder().display()))?;
    tokio::task::spawn_blocking(move || file::erase(&rest))
        .await
        .context("erasing was cut off")??;
    match (&place.user_ids, user_id) {
        (Some(user_ids), Some(id)) => user_ids.release(unit.folder(), id).await,
        _ => Ok(()),
    }
}

/// Erases what an earlier platform did not come to erase. Somebody else may be doing so just now.
pub(crate) fn erase_rests(place: &Place) -> anyhow::Result<()> {
    let folder = place.options.folder.join("removing");
    for entry in std::fs::read_dir(&folder)?.flatten() {
        file::erase(&entry.path()).unwrap_or_else(|error| {
            tracing::warn!(error = format!("{error:#}"), "a rest cannot be erased yet")
        });
    }
    Ok(())
}
