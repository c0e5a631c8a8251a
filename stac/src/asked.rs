//! What is asked of an index of items: by what they are sorted, and which words they have. How it is read is in
//! `parameters`.

/// By what items are sorted. Items without a value come last, in either direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// `repository/name`.
    Id,
    /// The collection's id.
    Collection,
    /// `properties.title`.
    Title,
    /// When the data is from.
    Datetime,
    /// When it was first published, or what the metadata says.
    Created,
    /// When it was last published, or what the metadata says.
    Updated,
    /// The begin of its time span.
    Start,
    /// The end of its time span.
    End,
    /// How many users starred it.
    Stars,
    /// A property whose values are kept: its place among [`COLUMNS`](crate::COLUMNS). An item whose value is not kept as
    /// it is stands with those that have none.
    Property(usize),
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}

/// A free text: what the words of something have to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// These words one after the other, in the form in which words are compared. Nothing has no words.
    Phrase(Vec<String>),
    /// All of these. Everything has all of none.
    All(Vec<Words>),
    /// Any of these. Nothing has any of none.
    Any(Vec<Words>),
    /// Not this.
    Not(Box<Words>),
}

impl Words {
    /// Whether texts are like that, each of which is a list of words. A phrase stands in one of them.
    pub(super) fn are_in(&self, texts: &[Vec<String>]) -> bool {
        match self {
            Self::Phrase(words) => texts.iter().any(|text| {
                !words.is_empty() && text.windows(words.len()).any(|some| some == words)
            }),
            Self::All(parts) => parts.iter().all(|part| part.are_in(texts)),
            Self::Any(parts) => parts.iter().any(|part| part.are_in(texts)),
            Self::Not(part) => !part.are_in(texts),
        }
    }
}
