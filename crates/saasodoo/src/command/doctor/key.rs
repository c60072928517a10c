//! Invariant 6: keys are their owner's only.

use std::os::unix::fs::PermissionsExt;

use super::remedy::Remedy;
use super::report::{Finding, Report};
use crate::data_folder::DataFolder;
use crate::failure::Failure;

/// Looks who may read the keys, and the folders around everything.
pub(super) fn examine(data: &DataFolder, report: &mut Report) -> Result<(), Failure> {
    for entry in std::fs::read_dir(data.keys())? {
        let (path, mode) = {
            let entry = entry?;
            (entry.path(), entry.metadata()?.permissions().mode())
        };
        if mode & 0o077 != 0 {
            let advice = "close it, and think about who has read it";
            let finding = Finding::new(6, path.display().to_string(), "is open to others", advice);
            report.find(finding.mended_by(Remedy::Close(path)));
        }
    }
    Ok(())
}
