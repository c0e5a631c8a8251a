//! Expressions of free texts, and what they mean.

use super::terms::{MOST_NESTED, expression, tokens};
use crate::Words;

/// An expression as it is meant.
fn shown(words: &Words) -> String {
    let joined = |parts: &[Words], by: &str| {
        format!("({})", parts.iter().map(shown).collect::<Vec<_>>().join(by))
    };
    match words {
        Words::Phrase(words) => words.join("_"),
        Words::All(parts) => joined(parts, " & "),
        Words::Any(parts) => joined(parts, " | "),
        Words::Not(part) => format!("!{}", shown(part)),
    }
}

#[test]
fn expressions_mean_what_the_extension_says() {
    for (text, expected) in [
        ("sentinel", "sentinel"),
        ("\"climate model\"", "climate_model"),
        ("climate model", "(climate | model)"),
        ("climate OR model", "(climate | model)"),
        ("climate AND model", "(climate & model)"),
        ("(quick OR brown) AND fox", "((quick | brown) & fox)"),
        ("quick +brown -fox", "(brown & !fox)"),
        ("a b AND c", "(a | (b & c))"),
        ("a AND b OR c AND d", "((a & b) | (c & d))"),
        ("a AND (b, c d)", "(a & (b | (c | d)))"),
        ("a -b", "(a & !b)"),
        ("-a", "!a"),
        ("-(a OR \"b c\")", "!(a | b_c)"),
        ("a AND -b AND +c", "(a & !b & c)"),
        ("+a AND b c", "(a & b)"),
        ("c +a AND -b d -e", "((a & !b) & !e)"),
        ("a OR -b", "(a | !b)"),
        ("-\"a b\" c d", "((c | d) & !a_b)"),
        ("a - b + c", "(a | b | c)"),
        ("a and or b", "(a | and | or | b)"),
        ("sentinel-2a +l2a", "l2a"),
        ("a\"b\"(c)", "(a | b | c)"),
        ("a AND \"-\"", "(a & ())"),
    ] {
        let read = expression(&tokens(text).unwrap()).unwrap();
        assert_eq!(shown(&read), expected, "{text}");
    }
}

#[test]
fn what_is_no_expression_is_refused() {
    let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    let read = |text: &str| tokens(text).and_then(|tokens| expression(&tokens));
    for text in [
        "(",
        ")",
        "()",
        "(a",
        "a)",
        "(a))",
        "AND",
        "a AND",
        "AND a",
        "OR a",
        "a OR",
        "a OR OR b",
        "a AND OR b",
        "\"a",
        "a (OR) b",
        "+(",
        "-)",
        "+AND",
        "(a,)",
        "a AND AND b",
    ] {
        let told = read(text).unwrap_err();
        assert_eq!(told.parameter, "q", "{text}");
    }
    assert!(read(&deep(MOST_NESTED)).is_ok());
    assert!(read(&deep(MOST_NESTED + 1)).is_err());
    assert!(read(&deep(1_000)).is_err());
}
