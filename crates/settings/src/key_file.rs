//! A file of keys.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::value::optional_path;

/// `[identity]` and `[vault]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// The file, where it is set.
    #[serde(with = "optional_path")]
    pub key_file: Option<PathBuf>,
}
