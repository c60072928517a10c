//! What is there and should not be: how it is told, what to do about it, and removing it where nobody can miss it.

use std::path::PathBuf;
use std::{fmt, fs};

use anyhow::Context as _;
use runtime::WorkloadName;

use crate::file;

/// Something that is there and should not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stray {
    /// A control group of no workload.
    ControlGroup {
        /// Its folder.
        path: PathBuf,
        /// How many processes are in it.
        processes: usize,
    },
    /// A user id that is kept for a workload that is gone.
    UserId {
        /// The file that keeps it.
        file: PathBuf,
        /// Whether processes run as it.
        is_used: bool,
    },
    /// A workload whose user id is not kept for it, and may be given to another.
    Unclaimed {
        /// Which workload.
        name: WorkloadName,
        /// The user id.
        id: u32,
    },
    /// A workload that runs without the wall around its network that it should have.
    Exposed {
        /// Which workload.
        name: WorkloadName,
    },
    /// Something that was to be erased, and was not.
    Rest(PathBuf),
    /// A job whose platform is gone.
    Job(WorkloadName),
    /// A process of a workload that does not run.
    Process {
        /// Its number.
        number: i32,
        /// The first words of its command line.
        command: String,
    },
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlGroup { path, processes } => {
                write!(
                    f,
                    "the control group {} with {processes} processes is no workload's",
                    path.display()
                )
            }
            Self::UserId { file, .. } => {
                write!(f, "the user id of {} is kept for a workload that is gone", file.display())
            }
            Self::Unclaimed { name, id } => {
                write!(f, "{name} has the user id {id}, and that is not kept for it")
            }
            Self::Exposed { name } => write!(f, "{name} runs without a wall around its network"),
            Self::Rest(path) => write!(f, "{} was to be erased", path.display()),
            Self::Job(name) => write!(f, "the job {name} has lost its platform"),
            Self::Process { number, command } => {
                write!(
                    f,
                    "the process {number} ({command}) belongs to a workload that does not run"
                )
            }
        }
    }
}

impl Stray {
    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::ControlGroup { processes: 0, .. }
            | Self::UserId { is_used: false, .. }
            | Self::Rest(_) => "nobody needs it: `saasodoo doctor --fix` removes it",
            Self::ControlGroup { .. } | Self::UserId { .. } | Self::Process { .. } => {
                "find out what the processes do, and end them"
            }
            Self::Unclaimed { .. } => "restart the workload: it gets another one",
            Self::Exposed { .. } => {
                "the platform puts it up again within a minute; find out who has taken it down"
            }
            Self::Job(_) => "it is ended when the platform starts again",
        }
    }

    /// Whether nobody can miss it.
    #[must_use]
    pub fn is_safe_to_remove(&self) -> bool {
        matches!(
            self,
            Self::ControlGroup { processes: 0, .. }
                | Self::UserId { is_used: false, .. }
                | Self::Rest(_)
        )
    }

    /// Removes it, if nobody can miss it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove(&self) -> anyhow::Result<()> {
        match self {
            // Only an empty one can be removed, whatever has happened since it was seen.
            Self::ControlGroup { path, processes: 0 } => Ok(fs::remove_dir(path)?),
            Self::UserId { file, is_used: false } => Ok(fs::remove_file(file)?),
            Self::Rest(path) => file::erase(path),
            _ => Ok(()),
        }
        .with_context(|| format!("removing what is left: {self}"))
    }
}
