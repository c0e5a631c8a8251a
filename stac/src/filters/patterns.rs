//! Patterns of texts, as far as an index of texts in the order of their bytes can use them.

/// A pattern.
#[derive(Debug, PartialEq)]
pub(super) struct Pattern {
    /// What matches begins so.
    pub(super) begin: String,
    /// What follows: nothing, anything at all, or something else.
    pub(super) rest: Option<bool>,
}

/// Reads a pattern: a backslash takes the meaning of `%`, `_` and itself, and stands for itself before all else.
pub(super) fn pattern(text: &str) -> Pattern {
    let mut begin = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '%' | '_' => {
                let is_any = character == '%' && characters.all(|next| next == '%');
                return Pattern { begin, rest: Some(is_any) };
            }
            '\\' => {
                let escaped = characters.next_if(|next| matches!(next, '%' | '_' | '\\'));
                begin.push(escaped.unwrap_or('\\'));
            }
            other => begin.push(other),
        }
    }
    Pattern { begin, rest: None }
}

/// The least text after all that begin so. `None`: there is none.
pub(super) fn after(begin: &str) -> Option<String> {
    let mut text = begin.to_owned();
    while let Some(last) = text.pop() {
        // Characters and their bytes are in one order. Between some of them are numbers of none.
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_up_to_what_is_not_literal() {
        for (text, begin, rest) in [
            ("", "", None),
            ("abc", "abc", None),
            ("ab%", "ab", Some(true)),
            ("ab%%", "ab", Some(true)),
            ("%", "", Some(true)),
            ("ab_", "ab", Some(false)),
            ("a%b", "a", Some(false)),
            (r"a\%b\_\\%", r"a%b_\", Some(true)),
            (r"a\b", r"a\b", None),
            (r"a\", r"a\", None),
        ] {
            assert_eq!(pattern(text), Pattern { begin: begin.to_owned(), rest }, "{text}");
        }
    }

    #[test]
    fn the_text_after_a_begin_is_the_least_one() {
        for (begin, expected) in [
            ("a", Some("b")),
            ("a\u{10ffff}", Some("b")),
            ("\u{d7ff}", Some("\u{e000}")),
            ("é", Some("ê")),
            ("", None),
            ("\u{10ffff}", None),
        ] {
            assert_eq!(after(begin).as_deref(), expected, "{begin}");
        }
    }
}
