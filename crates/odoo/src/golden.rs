//! The golden database: what is installed into it, and the script that compiles its assets.

/// The modules of an instance for which nobody chose any.
#[must_use]
pub fn base_modules() -> Vec<String> {
    ["base", "web"].map(String::from).to_vec()
}

/// The script for [`runtime::OdooTask::Shell`] that compiles the assets of an initialised database and
/// stores all attachments in it, so that a clone serves its style sheets with an empty filestore.
/// May be run again.
#[must_use]
pub fn asset_script() -> &'static str {
    include_str!("scripts/assets.py")
}
