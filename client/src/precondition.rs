//! The options of verbs that change names: under which condition, and whether only to say what would be.

use clap::Args;
use flisthub_client::Condition;

/// Changes that can make a name.
#[derive(Debug, Clone, Args)]
#[group(multiple = false)]
pub(crate) struct Precondition {
    /// Change the name only if it is at revision N, which `log` and `inspect` show.
    #[arg(long, value_name = "N")]
    if_revision: Option<u64>,

    /// Make the name only if there is none of that name.
    #[arg(long)]
    if_absent: bool,
}

impl Precondition {
    pub(crate) fn condition(&self) -> Condition {
        if self.if_absent { Condition::Absent } else { at(self.if_revision) }
    }

    /// Whether any is given.
    pub(crate) fn is_given(&self) -> bool {
        self.condition() != Condition::Always
    }
}

/// Changes of a name that has to be there.
#[derive(Debug, Clone, Args)]
pub(crate) struct AtRevision {
    /// Change the name only if it is at revision N, which `log` and `inspect` show.
    #[arg(long, value_name = "N")]
    if_revision: Option<u64>,
}

impl AtRevision {
    pub(crate) fn condition(&self) -> Condition {
        at(self.if_revision)
    }
}

fn at(revision: Option<u64>) -> Condition {
    revision.map_or(Condition::Always, Condition::Revision)
}
