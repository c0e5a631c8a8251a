//! A text as tokens: words, quoted names, character literals, unsigned numbers and signs. What they mean together is the
//! parser's.

use std::borrow::Cow;

use crate::error::{Place, ReadError, shown};
use crate::number::Number;
use crate::words;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// A name or a keyword.
    Word(&'a str),
    /// A name in double quotes, without them.
    Quoted(String),
    /// A character literal, without quotes and escapes.
    Text(String),
    /// A number without a sign.
    Number(Number),
    /// An operator or a delimiter.
    Sign(&'static str),
    /// The end of the text.
    End,
}

impl Token<'_> {
    /// How errors call it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(word) => format!("\"{}\"", shown(word)),
            Self::Quoted(name) => format!("the name \"{}\"", shown(name)),
            Self::Text(text) => format!("the text '{}'", shown(text)),
            Self::Number(number) => format!("the number {number}"),
            Self::Sign(sign) => format!("\"{sign}\""),
            Self::End => "the end of the filter".to_owned(),
        }
    }
}

/// The tokens of a text, each with the byte that it begins at; [`Token::End`] is the last.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, ReadError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            tokens.push((at, Token::End));
            return Ok(tokens);
        };
        let (token, length) = match first {
            '\'' => literal(rest, at)?,
            '"' => quoted(rest, at)?,
            '0'..='9' | '.' => number(rest, at)?,
            _ if words::starts(first) => {
                let word = split_while(rest, words::continues);
                (Token::Word(word), word.len())
            }
            _ => sign(rest, at)?,
        };
        tokens.push((at, token));
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn split_while(text: &str, holds: fn(char) -> bool) -> &str {
    text.find(|character| !holds(character)).and_then(|end| text.get(..end)).unwrap_or(text)
}

/// A character literal. A quote in it is doubled or has a backslash, control characters have letters, and a backslash
/// is doubled; before anything else a backslash stands for itself, so that `'10\%'` is a pattern without more ado.
fn literal(text: &str, at: usize) -> Result<(Token<'_>, usize), ReadError> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((index, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let escaped = match (character, next) {
            ('\'' | '\\', Some('\'')) => Some('\''),
            ('\'', _) => return Ok((Token::Text(value), index + 1)),
            ('\\', Some('\\')) => Some('\\'),
            ('\\', Some(letter)) => control(letter),
            _ => None,
        };
        if escaped.is_some() {
            characters.next();
        }
        value.push(escaped.unwrap_or(character));
    }
    Err(ReadError::unexpected(Place::Byte(at), "a text with a quote at its end", open(text)))
}

/// The control character that a letter after a backslash stands for.
fn control(letter: char) -> Option<char> {
    CONTROLS.iter().find(|(known, _)| *known == letter).map(|(_, control)| *control)
}

/// The letters of control characters after a backslash, as the requirement `/req/cql2-text/escaping` has them.
pub(super) const CONTROLS: [(char, char); 7] = [
    ('a', '\u{7}'),
    ('b', '\u{8}'),
    ('t', '\t'),
    ('n', '\n'),
    ('v', '\u{b}'),
    ('f', '\u{c}'),
    ('r', '\r'),
];

fn quoted(text: &str, at: usize) -> Result<(Token<'_>, usize), ReadError> {
    let mut name = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((index, character)) = characters.next() {
        if character == '"' && characters.next_if(|(_, next)| *next == '"').is_none() {
            if name.is_empty() {
                return Err(ReadError::wrong(Place::Byte(at), "a name is not empty"));
            }
            return Ok((Token::Quoted(name), index + 1));
        }
        name.push(character);
    }
    Err(ReadError::unexpected(Place::Byte(at), "a name with a quote at its end", open(text)))
}

fn open(text: &str) -> String {
    format!("{} without one", shown(text))
}

fn number(text: &str, at: usize) -> Result<(Token<'_>, usize), ReadError> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        from + split_while(rest, |character| character.is_ascii_digit()).len()
    };
    let bytes = text.as_bytes();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + signed);
        // Without a digit it is no exponent, and the letter begins a word.
        end = if exponent > end + 1 + signed { exponent } else { end };
    }
    let digits = text.get(..end).unwrap_or_default();
    let fault = || {
        let reason: Cow<'static, str> = if digits == "." {
            "a point alone is no number".into()
        } else {
            format!("the number {} is too large", shown(digits)).into()
        };
        ReadError::wrong(Place::Byte(at), reason)
    };
    Ok((Token::Number(Number::unsigned(digits).ok_or_else(fault)?), end))
}

fn sign(text: &str, at: usize) -> Result<(Token<'_>, usize), ReadError> {
    // The longer ones first: "<" begins two others.
    const SIGNS: [&str; 15] =
        ["<>", "<=", ">=", "<", ">", "=", "(", ")", ",", "+", "-", "*", "/", "%", "^"];
    let found = SIGNS.iter().find(|sign| text.starts_with(**sign));
    found.map(|sign| (Token::Sign(sign), sign.len())).ok_or_else(|| {
        let character: String = text.chars().take(1).collect();
        ReadError::unexpected(
            Place::Byte(at),
            "a name, a value or an operator",
            format!("\"{}\"", shown(&character)),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_lose_their_escapes() {
        for (text, value) in [
            ("''", ""),
            ("'Via dell''Avvento'", "Via dell'Avvento"),
            (r"'Via dell\'Avvento'", "Via dell'Avvento"),
            (r"'\a\b\t\n\v\f\r'", "\u{7}\u{8}\t\n\u{b}\u{c}\r"),
            (r"'C:\\new'", r"C:\new"),
            (r"'10\% \_ \d'", r"10\% \_ \d"),
            ("'Οδος 道\n'", "Οδος 道\n"),
        ] {
            let found = tokens(text).unwrap();
            assert_eq!(found[0], (0, Token::Text(value.to_owned())), "{text}");
            assert_eq!(found[1], (text.len(), Token::End), "{text}");
        }
    }

    #[test]
    fn words_numbers_and_signs_are_told_apart() {
        let found = tokens("eo:cloud_cover<=1.5e-2\u{a0}AND\"a\"\"b\">.5div 2").unwrap();
        let plain: Vec<_> =
            found.iter().map(|(at, token)| format!("{at} {}", token.shown())).collect();
        assert_eq!(
            plain,
            [
                "0 \"eo:cloud_cover\"",
                "14 \"<=\"",
                "16 the number 0.015",
                "24 \"AND\"",
                "27 the name \"a\"b\"",
                "33 \">\"",
                "34 the number 0.5",
                "36 \"div\"",
                "40 the number 2",
                "41 the end of the filter",
            ]
        );
    }

    #[test]
    fn what_cannot_begin_a_token_is_named_with_its_place() {
        for (text, message) in [
            ("a = 'x", "at byte 4: expected a text with a quote at its end, found 'x without one"),
            (
                "a = \"x",
                "at byte 4: expected a name with a quote at its end, found \"x without one",
            ),
            ("a = \"\"", "at byte 4: a name is not empty"),
            ("é = [", "at byte 5: expected a name, a value or an operator, found \"[\""),
            ("a = .", "at byte 4: a point alone is no number"),
            ("a = 1e999", "at byte 4: the number 1e999 is too large"),
        ] {
            assert_eq!(tokens(text).unwrap_err().to_string(), message);
        }
    }
}
