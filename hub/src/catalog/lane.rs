//! The lanes of jobs: those of one lane wait for each other, those of two never do.

/// Which queue a job waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// What keeps the hub well: sweep, scrub, backup, space, why. They read or change all that is stored,
    /// so one runs at a time.
    Upkeep,
    /// Conversions of images, which users ask for.
    Conversions,
    /// Items that are composed again, one job after the other, however many names there are.
    Items,
}

impl Lane {
    /// The lane of a kind of job. A kind that is not known waits with the upkeep.
    pub fn of(kind: &str) -> Self {
        match kind {
            "convert" => Self::Conversions,
            "items" => Self::Items,
            _ => Self::Upkeep,
        }
    }

    /// What is true of the column `kind` in this lane.
    pub(super) fn condition(self) -> &'static str {
        match self {
            Self::Upkeep => "kind not in ('convert', 'items')",
            Self::Conversions => "kind = 'convert'",
            Self::Items => "kind = 'items'",
        }
    }
}
