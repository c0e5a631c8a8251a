//! Texts that are meant to do harm: too deep, too wide, cut off, or nonsense.

use proptest::prelude::*;

use super::tests::WRITTEN;
use crate::limits::{DEPTH, Limit, NODES};
use crate::{Filter, Place, ReadError};

fn limit(text: &str) -> Option<Limit> {
    match Filter::from_text(text) {
        Err(ReadError::TooMuch { limit, place: Place::Byte(_) }) => Some(limit),
        _ => None,
    }
}

#[test]
fn what_is_too_large_is_refused_and_never_overflows_the_stack() {
    let nested = |open: &str, inner: &str, close: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    for (name, text) in [
        ("parentheses", nested("(", "a = 1", ")", 3_000)),
        ("parentheses that stay open", "(".repeat(16_000)),
        ("negations", nested("NOT ", "a = 1", "", 4_000)),
        ("signs", format!("a = {}1", "-".repeat(16_000))),
        ("signs and exponents", format!("a = {}1", "2^-".repeat(5_000))),
        ("exponents", format!("a = {}1", "2^".repeat(8_000))),
        ("functions", nested("f(", "1", ")", 5_000)),
        ("arrays", format!("A_EQUALS(a, {})", nested("(", "1", ")", 5_000))),
        ("cases", nested("CASEI(", "a", ")", 2_000) + " = 'x'"),
        (
            "collections",
            format!("S_EQUALS(a, {})", nested("GEOMETRYCOLLECTION(", "POINT(0 0)", ")", 700)),
        ),
        ("sums", format!("a = {}1", "1+".repeat(100))),
        ("IS NULL", nested("(", "a", " IS NULL)", 1_000)),
    ] {
        assert_eq!(limit(&text), Some(Limit::Depth), "{name}");
    }
    assert_eq!(limit(&format!("{}a=1", "a=1 AND ".repeat(NODES))), Some(Limit::Nodes));
    assert_eq!(limit(&format!("a IN ({}1)", "1,".repeat(NODES))), Some(Limit::Nodes));
    let points = format!("S_EQUALS(a, MULTIPOINT({}0 0))", "0 0,".repeat(2_000));
    assert_eq!(limit(&points), Some(Limit::Positions));
    let ands = format!("{}a=1", "a=1 AND ".repeat(20_000));
    assert_eq!(Filter::from_text(&ands), Err(ReadError::TooLong(ands.len())));
}

#[test]
fn what_is_within_the_limits_is_read() {
    let deep = format!("{}a = 1", "NOT ".repeat(DEPTH - 2));
    let wide = format!("{}a=1", "a=1 AND ".repeat((NODES - 4) / 3));
    let sum = format!("a = {}1", "1+".repeat(DEPTH - 2));
    for text in [deep, wide, sum] {
        let filter = Filter::from_text(&text).unwrap();
        assert_eq!(Filter::from_text(&filter.to_text()).unwrap(), filter);
    }
}

/// The deepest filters, of each kind that nests the readers, the writers and the evaluation.
#[test]
fn the_deepest_filters_need_little_stack() {
    let deepest = [
        format!("{}a = 1", "NOT ".repeat(DEPTH - 2)),
        format!("{}a = 1{}", "(".repeat(DEPTH - 1), ")".repeat(DEPTH - 1)),
        format!("{}a = 1{}", "(b = 2 AND ".repeat(DEPTH - 3), ")".repeat(DEPTH - 3)),
        format!("a = {}1", "2 ^ ".repeat(DEPTH - 2)),
        format!("a = {}1{}", "(1 - ".repeat(DEPTH - 2), ")".repeat(DEPTH - 2)),
        format!("A_EQUALS(a, {}{})", "(".repeat(DEPTH - 2), ")".repeat(DEPTH - 2)),
        format!("{}a{} = 'x'", "CASEI(".repeat(DEPTH - 2), ")".repeat(DEPTH - 2)),
    ];
    // These are refused at the end, when their parts have been read.
    let refused = [
        "f(b = 1 AND NOT a = 1 - ".repeat(DEPTH / 2 - 1),
        "f(c IN (1, b = 1 OR a BETWEEN 1 AND 2 ^ ".repeat(DEPTH / 2 - 1),
        "T_AFTER(a, INTERVAL('..', f(".repeat(DEPTH / 2 - 1),
    ];
    let run = move || {
        for text in deepest {
            let filter = Filter::from_text(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(Filter::from_json(&filter.to_json()), Ok(filter.clone()), "{text}");
            assert_eq!(Filter::from_text(&filter.to_text()), Ok(filter.clone()), "{text}");
            assert!(filter.evaluate(&serde_json::Map::new()).is_ok(), "{text}");
        }
        for text in refused {
            assert!(Filter::from_text(&text).is_err(), "{text}");
        }
    };
    // Half of what a thread has by default.
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn any_prefix_of_a_filter_is_read_or_refused() {
    for (text, _) in WRITTEN {
        for (end, _) in text.char_indices() {
            let _ = Filter::from_text(&text[..end]);
        }
    }
}

proptest! {
    /// Bytes in place of others, in filters that are good.
    #[test]
    fn damaged_filters_are_read_or_refused(
        row in 0..WRITTEN.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 1..4),
    ) {
        let mut text: Vec<char> = WRITTEN[row].0.chars().collect();
        for (at, character) in damage {
            let at = at.index(text.len());
            text[at] = character;
        }
        let text: String = text.into_iter().collect();
        match Filter::from_text(&text) {
            Ok(filter) => prop_assert_eq!(Filter::from_text(&filter.to_text()), Ok(filter)),
            Err(ReadError::Unexpected { place, .. } | ReadError::Wrong { place, .. } | ReadError::TooMuch { place, .. }) => {
                let Place::Byte(at) = place else { panic!("a text has bytes") };
                prop_assert!(text.is_char_boundary(at), "{at} of {text}");
            }
            Err(ReadError::TooLong(_)) => prop_assert!(false, "{text} is short"),
        }
    }

    /// What is read of any text can be written, and is the same when it is read again.
    #[test]
    fn any_text_is_read_or_refused(
        words in prop::collection::vec(
            prop_oneof![
                "\\PC{0,3}",
                prop::sample::select(
                    "( ( ( ) ) ) , , a b 'x' 'y%' 1 -2.5 = < <> AND OR NOT + - * ^ div IS NULL IN LIKE BETWEEN \
                     TRUE CASEI f DATE INTERVAL '..' '2020-01-01' T_AFTER A_EQUALS S_EQUALS POINT BBOX"
                        .split(' ').collect::<Vec<_>>()
                ).prop_map(str::to_owned),
            ],
            0..30,
        )
    ) {
        if let Ok(filter) = Filter::from_text(&words.join(" ")) {
            prop_assert_eq!(Filter::from_text(&filter.to_text()), Ok(filter));
        }
    }
}
