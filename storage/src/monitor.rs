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

/// How far one part of long work has come, where it has several that go on side by side: the layers of an
/// image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is, for people: short, and different for each part.
    pub name: String,
    /// Bytes of it that were read.
    pub done: u64,
    /// Bytes it has; `None` where nobody knows before the end.
    pub total: Option<u64>,
    /// Entries that were made of it.
    pub entries: u64,
    /// Where it stands.
    pub state: PartState,
}

/// Where a part of long work stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartState {
    /// Nothing was done yet.
    Waiting,
    /// It is being done.
    Running,
    /// Nothing had to be done: what would come out was there already.
    Reused,
    /// It is done.
    Done,
}

impl PartState {
    /// The word for people and for JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Reused => "reused",
            Self::Done => "done",
        }
    }
}

/// How long work tells of itself, and hears that it should end.
pub trait Monitor: Sync {
    /// Tells how far it is. Cheap: called after every batch.
    fn progress(&self, progress: Progress);

    /// Tells how far its parts are: all of them, in the same order each time. Called as often as
    /// [`Monitor::progress`]; whoever has no use for it needs not listen.
    fn parts(&self, _parts: &[Part]) {}

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
