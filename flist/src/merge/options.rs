//! How to merge: the rule, where the image configuration comes from, how much may be read.

/// The fewest sources of a merge.
pub const MIN_SOURCES: usize = 2;

/// The most sources of a merge.
pub const MAX_SOURCES: usize = 100;

/// Which source wins where several have something at one path that cannot both stand there: two files
/// that differ, or a directory and something else. Two directories are merged, never replaced; their own
/// metadata is the winner's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rule {
    /// The first source that has something there.
    #[default]
    FirstWins,
    /// The last source that has something there. Where that is a directory, it is merged with those of
    /// the sources before it, back to the last one that has something else there.
    LastWins,
    /// None: the merge fails with all conflicts. Directories that differ in nothing but their own
    /// metadata are no conflict; the first source's is taken.
    Refuse,
}

/// Where the image configuration of the result comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ImageConfig {
    /// From the first source. If that has none, the result has none.
    #[default]
    First,
    /// From the source at this place, counted from 0.
    Of(usize),
    /// From nowhere: the result has none.
    None,
}

/// How to merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeOptions {
    /// Which source wins.
    pub rule: Rule,
    /// Where the image configuration comes from.
    pub image_config: ImageConfig,
    /// The most entries that are read of directories that differ, all sources together; and the most
    /// hard links. Small forged trees that name the same directories again and again would take for
    /// ever to merge.
    pub max_entries: u64,
}

impl Default for MergeOptions {
    fn default() -> Self {
        Self {
            rule: Rule::default(),
            image_config: ImageConfig::default(),
            max_entries: 100_000_000,
        }
    }
}
