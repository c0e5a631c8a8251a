//! The work that one evaluation may be. Properties are strangers' as much as filters are: what they cost together is
//! counted, whatever each of them alone may be.

use std::cell::Cell;

use super::{EvaluateError, Outcome};
use crate::limits::STEPS;

/// What is left of it.
pub(super) struct Steps(Cell<u64>);

impl Default for Steps {
    fn default() -> Self {
        Self(Cell::new(STEPS))
    }
}

impl Steps {
    /// Takes some of it; an error where no more is left.
    pub(super) fn take(&self, steps: usize) -> Outcome<()> {
        let left = self.0.get().checked_sub(steps as u64).ok_or(EvaluateError::TooMuch)?;
        self.0.set(left);
        Ok(())
    }

    /// Takes as much as it is to look at each pair.
    pub(super) fn take_pairs(&self, left: usize, right: usize) -> Outcome<()> {
        self.take(left.saturating_mul(right))
    }
}
