//! `fields`: which members of items are wanted, and `mode`: how much of them.

use super::error::ParameterError;

/// Members that are named at once.
const MOST: usize = 100;

/// Bytes of a member's name.
const MOST_BYTES: usize = 256;

/// The members that an item has by the fields extension where nobody says which.
const DEFAULT: [&str; 8] =
    ["type", "stac_version", "id", "geometry", "bbox", "links", "assets", "properties.datetime"];

/// Members of items, each by its path: `properties.datetime`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// Only these; empty: all.
    pub include: Vec<String>,
    /// But not these, unless they are named in `include`, too.
    pub exclude: Vec<String>,
}

/// How much of an item is written out: SharingHub's `mode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// All of it.
    #[default]
    Full,
    /// What a list of items shows.
    Preview,
    /// What it is called, and its links.
    Reference,
}

impl Mode {
    /// Reads the word.
    pub(super) fn of_text(text: &str) -> Result<Self, ParameterError> {
        match text {
            "full" => Ok(Self::Full),
            "preview" => Ok(Self::Preview),
            "reference" => Ok(Self::Reference),
            _ => Err(ParameterError::new("mode", "it must be full, preview or reference")),
        }
    }
}

impl Fields {
    /// Reads the text of a query: names with commas between them, `-` before what is not wanted.
    pub(super) fn of_text(text: &str) -> Result<Self, ParameterError> {
        let mut fields = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.strip_prefix('-') {
                Some(name) => fields.exclude.push(name.to_owned()),
                None => fields.include.push(part.strip_prefix('+').unwrap_or(part).to_owned()),
            }
        }
        fields.checked()
    }

    /// The extension's default members, without some: what it has a body mean that says of `include` that there is
    /// nothing, beside what to leave out. Where a body does not speak of it, all other members are meant.
    pub(super) fn of_default(exclude: &[String]) -> Vec<String> {
        let left = DEFAULT.iter().filter(|name| !exclude.iter().any(|other| other == *name));
        left.map(|name| (*name).to_owned()).collect()
    }

    /// The same, with members that have to be there, however they are asked for.
    #[must_use]
    pub fn keeping(mut self, names: &[&str]) -> Self {
        let is_kept = |path: &String| {
            names.iter().any(|name| path.split_once('.').map_or(path.as_str(), |it| it.0) == *name)
        };
        self.exclude.retain(|path| !is_kept(path));
        if !self.include.is_empty() {
            self.include.retain(|path| !is_kept(path));
            self.include.extend(names.iter().map(|name| (*name).to_owned()));
        }
        self
    }

    /// Refuses too many of them.
    pub(super) fn checked(self) -> Result<Self, ParameterError> {
        let both = || self.include.iter().chain(&self.exclude);
        if both().count() > MOST || both().any(|name| name.is_empty() || name.len() > MOST_BYTES) {
            let message = format!("at most {MOST} names, each of 1 to {MOST_BYTES} bytes");
            return Err(ParameterError::new("fields", message));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_wanted_or_not() {
        let read = Fields::of_text("id, +properties.datetime,-geometry,,-links").unwrap();
        assert_eq!(read.include, ["id", "properties.datetime"]);
        assert_eq!(read.exclude, ["geometry", "links"]);
        assert_eq!(Fields::of_text("").unwrap(), Fields::default());
        assert!(Fields::of_text("-").is_err());
        assert!(Fields::of_text(&"x".repeat(257)).is_err());
        assert!(Fields::of_text(&"x,".repeat(101)).is_err());
    }

    #[test]
    fn some_members_are_kept() {
        let kept = |text: &str| Fields::of_text(text).unwrap().keeping(&["id", "bbox"]);
        assert_eq!(kept(""), Fields::default());
        assert_eq!(kept("-bbox,-bbox.0,-links,-bboxes").exclude, ["links", "bboxes"]);
        assert_eq!(kept("links,id").include, ["links", "id", "bbox"]);
    }

    #[test]
    fn a_mode_is_one_of_three_words() {
        for (word, mode) in
            [("full", Mode::Full), ("preview", Mode::Preview), ("reference", Mode::Reference)]
        {
            assert_eq!(Mode::of_text(word), Ok(mode));
        }
        assert!(Mode::of_text("Full").is_err());
    }
}
