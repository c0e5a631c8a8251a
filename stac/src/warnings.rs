//! What is wrong with the metadata of a flist, as its publisher is told. A publish is never refused for it.

/// The most warnings of an item.
const MAX_WARNINGS: usize = 50;

/// The most characters of one.
const MAX_LENGTH: usize = 400;

/// Warnings, a bounded number of them.
#[derive(Debug, Default)]
pub(super) struct Warnings(Vec<String>);

impl Warnings {
    /// Adds one: what it is about, and what is wrong with it.
    pub(super) fn add(&mut self, about: &str, what: &str) {
        let text: String = format!("{about}: {what}").chars().take(MAX_LENGTH).collect();
        if self.0.len() < MAX_WARNINGS && !self.0.contains(&text) {
            self.0.push(text);
        }
    }

    /// The value, or a warning about it.
    pub(super) fn hear<T>(&mut self, about: &str, heard: Result<T, String>) -> Option<T> {
        heard.map_err(|what| self.add(about, &what)).ok()
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<String> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_bounded_and_each_is_there_once() {
        let mut warnings = Warnings::default();
        for at in 0..100 {
            warnings.add(&format!("assets[{}]", at / 2), &"x".repeat(1000));
        }
        let all = warnings.all();
        assert_eq!((all.len(), all[0].chars().count()), (50, 400));
    }
}
