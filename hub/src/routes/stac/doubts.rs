//! Warnings beside the items that a search finds: why they may not be those that were meant.

use crate::stac::ItemFilter;

/// Names that are told.
const MOST: usize = 10;

/// Characters of a name that are.
const LONGEST: usize = 100;

/// Why what is found may not be what was meant.
#[derive(Default)]
pub(super) struct Doubts {
    /// What is wrong with polygons of the filter.
    broken: Vec<String>,
    /// The properties that were asked for and that nothing is known of: said where nothing is found.
    unknown: Vec<String>,
}

impl Doubts {
    /// Those about a filter.
    pub(super) fn of(filter: Option<&ItemFilter>) -> Self {
        let Some(filter) = filter else { return Self::default() };
        let unknown = filter.unknown().take(MOST).map(str::to_owned).collect();
        Self { broken: filter.broken().to_vec(), unknown }
    }

    /// What is said beside so many items that match.
    pub(super) fn warnings(&self, matched: u64) -> Vec<String> {
        let broken = self.broken.iter().map(|fault| {
            format!("filter: a polygon is broken, and what is found may be wrong: {fault}")
        });
        let unknown = self.unknown.iter().filter(|_| matched == 0).map(|name| {
            let name: String = name.chars().take(LONGEST).collect();
            format!("filter: {name} is not among /api/stac/queryables; it may be misspelt")
        });
        broken.chain(unknown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_where_nothing_is_found() {
        let doubts = Doubts { broken: vec!["x".into()], unknown: vec!["eo:cloud".into()] };
        let warnings = doubts.warnings(0);
        assert!(warnings[0].ends_with(": x") && warnings[1].contains("eo:cloud is not among"));
        assert_eq!(doubts.warnings(1), warnings[..1]);
    }
}
