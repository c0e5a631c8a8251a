//! The expressions of a free text: `AND` and `OR`, parentheses, phrases between quotation marks, `+` before what must be
//! there and `-` before what must not. Terms without anything of that are a phrase, and none of this file's.

use super::error::ParameterError;
use crate::Words;
use crate::words::words;

/// How deep parentheses may be in one another.
pub(super) const MOST_NESTED: usize = 16;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// What stands between blanks.
    Word(String),
    /// What stands between quotation marks.
    Quoted(String),
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `AND`.
    And,
    /// `OR`, or a comma between parentheses.
    Or,
    /// `+` before a term.
    Must,
    /// `-` before a term.
    MustNot,
}

fn wrong(message: impl Into<String>) -> ParameterError {
    ParameterError::new("q", message)
}

/// Takes a text apart.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ParameterError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let behind = rest.get(first.len_utf8()..).unwrap_or_default();
        let stands_alone =
            behind.starts_with(|char: char| char.is_whitespace() || "+-".contains(char));
        let (token, left) = match first {
            '"' => {
                let closed = behind.split_once('"');
                let (quoted, left) =
                    closed.ok_or_else(|| wrong("a quotation mark is not closed"))?;
                (Some(Token::Quoted(quoted.to_owned())), left)
            }
            '(' => (Some(Token::Open), behind),
            ')' => (Some(Token::Close), behind),
            ',' => (Some(Token::Or), behind),
            // A sign that is before nothing is none.
            '+' | '-' if behind.is_empty() || stands_alone => (None, behind),
            '+' => (Some(Token::Must), behind),
            '-' => (Some(Token::MustNot), behind),
            _ => {
                let ends = |char: char| char.is_whitespace() || "\"(),".contains(char);
                let (word, left) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
                (Some(word_of(word)), left)
            }
        };
        tokens.extend(token);
        rest = left.trim_start();
    }
    Ok(tokens)
}

fn word_of(word: &str) -> Token {
    match word {
        "AND" => Token::And,
        "OR" => Token::Or,
        word => Token::Word(word.to_owned()),
    }
}

/// Reads the tokens of an expression.
pub(super) fn expression(tokens: &[Token]) -> Result<Words, ParameterError> {
    let mut reading = Reading { rest: tokens };
    let read = reading.alternatives(0)?;
    match reading.rest.first() {
        None => Ok(read),
        Some(Token::Close) => Err(wrong("a parenthesis is closed that is not open")),
        Some(_) => Err(wrong("AND and OR stand between two terms")),
    }
}

/// One of several, or the one that there is.
pub(super) fn any(mut parts: Vec<Words>) -> Words {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            Words::Any(parts)
        }
    }
}

fn all(mut parts: Vec<Words>) -> Words {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            Words::All(parts)
        }
    }
}

struct Reading<'a> {
    rest: &'a [Token],
}

impl Reading<'_> {
    fn take(&mut self, token: &Token) -> bool {
        let found = self.rest.first() == Some(token);
        if found {
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        found
    }

    /// Terms with `OR` between them.
    fn alternatives(&mut self, depth: usize) -> Result<Words, ParameterError> {
        let mut parts = vec![self.beside(depth)?];
        while self.take(&Token::Or) {
            parts.push(self.beside(depth)?);
        }
        Ok(any(parts))
    }

    /// Terms beside one another: any of them, unless signs say which must be there. Those without a sign do not count
    /// then.
    fn beside(&mut self, depth: usize) -> Result<Words, ParameterError> {
        let (mut perhaps, mut must, mut must_not) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let (is_must, is_not) = (self.take(&Token::Must), self.take(&Token::MustNot));
            let term = self.term(depth)?;
            if self.rest.first() == Some(&Token::And) {
                let mut together = vec![signed(term, is_not)];
                while self.take(&Token::And) {
                    self.take(&Token::Must);
                    let is_not = self.take(&Token::MustNot);
                    together.push(signed(self.term(depth)?, is_not));
                }
                // A sign before the first of them is one before all of them.
                (if is_must { &mut must } else { &mut perhaps }).push(all(together));
            } else if is_not {
                must_not.push(signed(term, true));
            } else if is_must {
                must.push(term);
            } else {
                perhaps.push(term);
            }
            if matches!(self.rest.first(), None | Some(Token::Or | Token::Close | Token::And)) {
                break;
            }
        }
        if must.is_empty() && !perhaps.is_empty() {
            must.push(any(perhaps));
        }
        must.extend(must_not);
        Ok(all(must))
    }

    /// A word, a phrase, or what is between parentheses.
    fn term(&mut self, depth: usize) -> Result<Words, ParameterError> {
        let Some((first, rest)) = self.rest.split_first() else {
            return Err(wrong("it ends where a term is to be"));
        };
        self.rest = rest;
        match first {
            Token::Word(text) | Token::Quoted(text) => Ok(phrase(text)),
            Token::Open if depth >= MOST_NESTED => {
                Err(wrong(format!("parentheses are at most {MOST_NESTED} deep in one another")))
            }
            Token::Open => {
                let inner = self.alternatives(depth.saturating_add(1))?;
                if self.take(&Token::Close) {
                    Ok(inner)
                } else {
                    Err(wrong("a parenthesis is not closed"))
                }
            }
            Token::Close => Err(wrong("there is nothing before a closing parenthesis")),
            Token::And | Token::Or => Err(wrong("AND and OR stand between two terms")),
            Token::Must | Token::MustNot => Err(wrong("a sign stands before a term")),
        }
    }
}

fn signed(term: Words, is_not: bool) -> Words {
    if is_not { Words::Not(Box::new(term)) } else { term }
}

/// The words of a text, one after the other. What has no word in it is found nowhere.
pub(super) fn phrase(text: &str) -> Words {
    let words = words(text);
    if words.is_empty() { Words::Any(Vec::new()) } else { Words::Phrase(words) }
}
