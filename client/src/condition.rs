//! What must hold of a name for a hub to change it, and whether it shall be changed at all.

use crate::retry::Repeat;

/// What must hold of a name for a change to be made. The hub looks at the moment of the change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    #[default]
    Always,
    /// The name is still at this revision.
    Revision(u64),
    /// There is no such name.
    Absent,
}

impl Condition {
    /// The header that says so.
    pub(crate) fn header(self) -> Option<(&'static str, String)> {
        match self {
            Self::Always => None,
            Self::Revision(revision) => Some(("if-match", format!("\"{revision}\""))),
            Self::Absent => Some(("if-none-match", "*".to_owned())),
        }
    }
}

/// How a change is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    /// What must hold.
    pub condition: Condition,
    /// Only say what would be.
    pub dry_run: bool,
}

impl Change {
    /// Whether a change that makes a name be something, whatever it was before, may be asked for again.
    pub(crate) fn of_state(self) -> Repeat {
        match self.condition {
            Condition::Always => Repeat::Safe,
            // Done once, it may be what lets the condition fail.
            Condition::Revision(_) | Condition::Absent => self.of_step(),
        }
    }

    /// Whether a change that depends on what the name was before may be asked for again.
    pub(crate) fn of_step(self) -> Repeat {
        if self.dry_run { Repeat::Safe } else { Repeat::IfRefused }
    }
}
