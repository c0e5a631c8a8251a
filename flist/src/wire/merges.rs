//! Merging flists into a new one.

use serde::{Deserialize, Serialize};

use super::FlistInfo;

/// Which source of a merge wins where two have something at one path that cannot both stand there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MergeRule {
    /// The first one that is named.
    #[default]
    FirstWins,
    /// The last one.
    LastWins,
    /// None: a conflict makes the merge fail.
    Refuse,
}

impl MergeRule {
    /// The rule's word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::FirstWins => "first-wins",
            Self::LastWins => "last-wins",
            Self::Refuse => "refuse",
        }
    }
}

/// Asks for a merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MergeRequest {
    /// What to merge, as `repository/name`: 2 to 100, each once.
    #[cfg_attr(feature = "openapi", schema(min_items = 2, max_items = 100))]
    pub sources: Vec<String>,
    /// Which of them wins.
    #[serde(default)]
    pub rule: MergeRule,
    /// The source whose image configuration the result gets, or `none` for no configuration. Absent: the
    /// first source's, even if that has none.
    #[serde(default)]
    pub image_config: Option<String>,
    /// Nothing is stored and no name changes; the answer is what it would be.
    #[serde(default)]
    pub dry_run: bool,
}

/// A merged flist that was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergedFlist {
    /// The name and what it points at now.
    #[serde(flatten)]
    pub flist: FlistInfo,
    /// What the merge did.
    pub merge: MergeSummary,
}

/// What a merge did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergeSummary {
    /// What was merged, as `repository/name`.
    pub sources: Vec<String>,
    /// Which of them won.
    pub rule: MergeRule,
    /// Paths at which sources have something that cannot all stand there.
    pub conflict_count: u64,
    /// The first 1,000 of them.
    pub conflicts: Vec<MergeConflict>,
    /// Directories whose own metadata differed, which is no conflict.
    pub metadata_only: u64,
    /// Directories that differed and were merged. All others were taken over as they are.
    pub merged_directories: u64,
    /// Objects of the result that the hub did not have.
    pub new_objects: u64,
    /// Bytes stored for them.
    pub stored_bytes: u64,
}

/// A path at which sources clash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergeConflict {
    /// The path, as text.
    pub path: String,
    /// The path's bytes in base64, where text cannot hold them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_bytes: Option<String>,
    /// The source whose entry stands there.
    pub winner: String,
    /// The sources whose entries do not, with all below them.
    pub losers: Vec<String>,
    /// In what they differ.
    pub difference: MergeDifference,
}

/// In what clashing entries differ; of several, the last of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum MergeDifference {
    /// Mode, owner, time or extended attributes, and nothing else.
    Metadata,
    /// Bytes, target or sort of entry.
    Content,
    /// One is a directory and another is not.
    Directory,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_said_as_it_is_written() {
        for rule in [MergeRule::FirstWins, MergeRule::LastWins, MergeRule::Refuse] {
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.word());
        }
    }
}
