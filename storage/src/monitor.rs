//! What long work (sweep, scrub, backup, conversion) and whoever started it say to each other.

/// How far long work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing, in a word or two: "mark", "delete", "read".
    pub phase: &'static str,
    /// How much of that is done, in the phase's own unit (objects or bytes).
    pub done: u64,
    /// How much there is; `None` where nobody knows before the end.
    pub total: Option<u64>,
}

/// How long work tells of itself, and hears that it should end.
pub trait Monitor: Sync {
    /// Tells how far it is. Cheap: called after every batch.
    fn progress(&self, progress: Progress);

    /// One line for whoever reads the log afterwards.
    fn note(&self, line: String);

    /// Whether it should end soon, at a place where nothing is half done.
    fn cancelled(&self) -> bool;
}

/// Listens to nothing and never cancels.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn progress(&self, _: Progress) {}

    fn note(&self, _: String) {}

    fn cancelled(&self) -> bool {
        false
    }
}
