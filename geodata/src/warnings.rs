//! What is wrong with a file that can be read nevertheless.

/// The most warnings of a file.
const MAX_WARNINGS: usize = 20;

/// The most characters of one.
const MAX_LENGTH: usize = 300;

/// Warnings, a bounded number of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Warnings(Vec<String>);

impl Warnings {
    /// Adds one, cut where it is too long.
    pub(crate) fn add(&mut self, text: impl AsRef<str>) {
        let clean = |character: char| if character.is_control() { ' ' } else { character };
        let text: String = text.as_ref().chars().take(MAX_LENGTH).map(clean).collect();
        if self.0.len() < MAX_WARNINGS && !self.0.contains(&text) {
            self.0.push(text);
        }
    }

    /// The value, or a warning about it: what it is about, and what is wrong.
    pub(crate) fn hear<T, E: std::fmt::Display>(
        &mut self,
        about: &str,
        heard: Result<T, E>,
    ) -> Option<T> {
        heard.map_err(|what| self.add(format!("{about}: {what}"))).ok()
    }

    pub(crate) fn all(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_bounded_and_each_is_there_once() {
        let mut warnings = Warnings::default();
        for at in 0..100 {
            warnings.add(format!("{}\n{}", at / 2, "x".repeat(1000)));
        }
        let all = warnings.all();
        assert_eq!((all.len(), all[0].chars().count()), (20, 300));
        assert!(all.iter().all(|text| !text.contains('\n')));
    }
}
