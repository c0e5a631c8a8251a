//! What a caller wants to be true of a name before it is changed: looked at in the transaction of the change.

use super::error::CatalogError;

/// A condition on the name's revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// The name must be there and its revision one of these; if it is empty, any.
    pub if_match: Option<Vec<u64>>,
    /// The name must not be there with one of these revisions; if it is empty, not be there at all.
    pub if_none_match: Option<Vec<u64>>,
}

impl Condition {
    /// No condition.
    pub const NONE: Self = Self { if_match: None, if_none_match: None };

    /// Checks it against the revision of the name, if it is there.
    pub fn check(&self, name: &str, current: Option<u64>) -> Result<(), CatalogError> {
        let failed = |what: String| Err(CatalogError::Precondition { what });
        match (&self.if_match, current) {
            (Some(_), None) => return failed(format!("there is no {name}")),
            (Some(revisions), Some(current))
                if !revisions.is_empty() && !revisions.contains(&current) =>
            {
                return failed(format!("{name} is at revision {current} by now"));
            }
            _ => {}
        }
        match (&self.if_none_match, current) {
            (Some(revisions), Some(current))
                if revisions.is_empty() || revisions.contains(&current) =>
            {
                failed(format!("{name} is there already, at revision {current}"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions() {
        let at = |revisions: &[u64]| Condition {
            if_match: Some(revisions.to_vec()),
            ..Condition::default()
        };
        let not = |revisions: &[u64]| Condition {
            if_none_match: Some(revisions.to_vec()),
            ..Condition::default()
        };
        for (condition, absent, third) in [
            (Condition::NONE, true, true),
            (at(&[]), false, true),
            (at(&[3]), false, true),
            (at(&[1, 3]), false, true),
            (at(&[2]), false, false),
            (not(&[]), true, false),
            (not(&[3]), true, false),
            (not(&[2]), true, true),
        ] {
            assert_eq!(condition.check("x", None).is_ok(), absent, "{condition:?}");
            assert_eq!(condition.check("x", Some(3)).is_ok(), third, "{condition:?}");
        }
    }
}
