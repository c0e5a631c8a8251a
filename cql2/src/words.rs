//! Names and the words that the text encoding keeps for itself.

use crate::operators::{ArrayRelation, Spatial, Temporal};

/// Words that are never a plain name.
const RESERVED: [&str; 11] =
    ["AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "TRUE", "FALSE", "DIV"];

/// Words that mean something before a parenthesis, and else may be a name.
const CALLS: [&str; 13] = [
    "CASEI",
    "ACCENTI",
    "DATE",
    "TIMESTAMP",
    "INTERVAL",
    "BBOX",
    "POINT",
    "LINESTRING",
    "POLYGON",
    "MULTIPOINT",
    "MULTILINESTRING",
    "MULTIPOLYGON",
    "GEOMETRYCOLLECTION",
];

pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(word))
}

/// Whether the word means something of its own anywhere, so that no function can be called so, and a property only in
/// quotes.
pub(crate) fn is_keyword(word: &str) -> bool {
    is_reserved(word)
        || CALLS.iter().any(|call| call.eq_ignore_ascii_case(word))
        || Spatial::from_text(word).is_some()
        || Temporal::from_text(word).is_some()
        || ArrayRelation::from_text(word).is_some()
}

/// Whether a name needs no quotes.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(starts) && characters.all(continues)
}

/// The standard's `identifierStart`. Some of its ranges hold a space, which separates words all the same.
pub(crate) fn starts(character: char) -> bool {
    !character.is_whitespace()
        && matches!(character,
            ':' | '_' | 'A'..='Z' | 'a'..='z'
            | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFE}' | '\u{200C}'..='\u{200D}'
            | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
            | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// The standard's `identifierPart`.
pub(crate) fn continues(character: char) -> bool {
    starts(character)
        || matches!(character, '.' | '0'..='9' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_what_needs_quotes() {
        for name in [
            "a",
            "eo:cloud_cover",
            "properties.x",
            "_1",
            "Straße",
            "οδος",
            "道",
            ":a",
            "a.",
            "e\u{301}",
        ] {
            assert!(is_identifier(name), "{name}");
        }
        for name in
            ["", "1a", ".a", "a-b", "a b", "a\u{1680}b", "a'b", "a\"b", "×", "\u{37E}", "\u{301}e"]
        {
            assert!(!is_identifier(name), "{name}");
        }
        for word in ["and", "Date", "T_finishedBy", "polygon", "A_OVERLAPS", "div"] {
            assert!(is_keyword(word), "{word}");
        }
        assert!(!is_keyword("avg") && !is_reserved("date"));
    }
}
