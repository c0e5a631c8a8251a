//! What a merge has to tell, with the sources by name instead of by place.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flisthub_flist::wire::{MergeConflict, MergeDifference, MergeRule, MergeSummary};
use flisthub_flist::{
    BuildError, Conflict, Difference, LoadError, MergeError, MergeReport, TreePath,
};
use flisthub_storage::PutReport;

use super::error::ActionError;
use crate::error::Code;

/// How many conflicts a refusal names.
const NAMED: usize = 5;

/// The report of a merge that was done.
pub(super) fn summary(
    sources: Vec<String>,
    rule: MergeRule,
    report: &MergeReport,
    put: PutReport,
) -> MergeSummary {
    MergeSummary {
        rule,
        conflict_count: report.conflict_count,
        conflicts: report.conflicts.iter().map(|conflict| shown(conflict, &sources)).collect(),
        metadata_only: report.metadata_only,
        merged_directories: report.merged_directories,
        new_objects: put.new,
        stored_bytes: put.stored_bytes,
        sources,
    }
}

fn shown(conflict: &Conflict, sources: &[String]) -> MergeConflict {
    let name = |place: &usize| sources.get(*place).cloned().unwrap_or_default();
    let path = conflict.path.to_string();
    let exact = path.as_bytes() == conflict.path.as_bytes();
    MergeConflict {
        path,
        path_bytes: (!exact).then(|| BASE64_STANDARD.encode(conflict.path.as_bytes())),
        winner: name(&conflict.winner),
        losers: conflict.losers.iter().map(name).collect(),
        difference: match conflict.difference {
            Difference::Metadata => MergeDifference::Metadata,
            Difference::Content => MergeDifference::Content,
            Difference::Directory => MergeDifference::Directory,
        },
    }
}

/// Why a merge was not done.
pub(super) fn refused(error: MergeError, sources: &[String]) -> ActionError {
    let unprocessable = |code, message| ActionError::Unprocessable { code, message };
    match error {
        MergeError::Conflicts(report) => {
            unprocessable(Code::MERGE_CONFLICTS, in_conflict(&report, sources))
        }
        MergeError::TooManyEntries(_) | MergeError::ManifestTooLarge => {
            ActionError::TooLarge(error.to_string())
        }
        MergeError::Build(BuildError::Store(error)) | MergeError::Load(LoadError::Store(error)) => {
            error.into()
        }
        MergeError::Build(error) => unprocessable(Code::BAD_MERGE, error.to_string()),
        MergeError::Source { error, .. } => match *error {
            LoadError::Store(error) => error.into(),
            error => ActionError::Damaged(error.into()),
        },
        MergeError::Load(error) => ActionError::Damaged(error.into()),
        // Both were checked before.
        MergeError::Sources(_) | MergeError::NoSuchSource { .. } => ActionError::internal(error),
    }
}

fn in_conflict(report: &MergeReport, sources: &[String]) -> String {
    let name = |place: &usize| sources.get(*place).map_or("", String::as_str);
    let named = report.conflicts.iter().take(NAMED).map(|conflict| {
        let losers: Vec<&str> = conflict.losers.iter().map(name).collect();
        let (path, winner) = (plain(&conflict.path), name(&conflict.winner));
        format!("{path} ({winner} against {})", losers.join(", "))
    });
    let named: Vec<String> = named.collect();
    let more = if report.conflict_count > named.len() as u64 { ", …" } else { "" };
    format!(
        "the sources clash at {} paths: {}{more}; merge them by the rule first-wins or last-wins, or change \
         them",
        report.conflict_count,
        named.join(", ")
    )
}

/// A path that fits a message.
fn plain(path: &TreePath) -> String {
    path.to_string().chars().filter(|char| !char.is_control()).take(256).collect()
}
