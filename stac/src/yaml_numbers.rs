//! Whole numbers in YAML that 64 bits do not hold: JSON values have only floats for them, which lose their last digits,
//! and the text `.inf` for the longest. Here is found which keys have them, so that who wrote them can be told. Values
//! are read in `yaml`; this changes none of them.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use super::yaml::{YamlLimits, options};

/// The first power of two that 64 bits with a sign do not hold.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

/// The most keys that are looked for: a warning has room for few.
pub(super) const MAX_FOUND: usize = 5;

/// The most levels of lists and mappings in which keys are found: with the places of values each level takes much of a
/// thread's stack, and no metadata nests as deep.
const MAX_DEPTH: usize = 16;

/// The first keys of a document whose numbers are not kept to the last digit, as `a.b[0]`. `read` is what was read of
/// the document. None are found in one that nests deeper than [`MAX_DEPTH`].
pub(super) fn rounded(text: &str, limits: &YamlLimits, read: &Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    let limits = YamlLimits { depth: limits.depth.min(MAX_DEPTH), ..*limits };
    // Hardly any document has one, and only those are read again, with the places of all values.
    if read.values().any(has_beyond)
        && let Ok(node) = serde_saphyr::from_str_with_options::<Node>(text, options(&limits))
    {
        node.collect(text, &mut Vec::new(), &mut found);
    }
    found
}

fn has_beyond(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64() && number.as_f64().is_some_and(is_beyond),
        Value::String(text) => is_infinite(text),
        Value::Array(values) => values.iter().any(has_beyond),
        Value::Object(members) => members.values().any(has_beyond),
        Value::Null | Value::Bool(_) => false,
    }
}

fn is_beyond(number: f64) -> bool {
    number.abs() >= BEYOND
}

fn is_infinite(text: &str) -> bool {
    matches!(text, ".inf" | "-.inf")
}

/// A value, with its place in the text where it is within another.
enum Node {
    /// What may have been written as a whole number.
    Beyond,
    List(Vec<Spanned<Node>>),
    Mapping(IndexMap<String, Spanned<Node>>),
    Other,
}

/// One step of the way to a value.
#[derive(Clone, Copy)]
enum Step<'n> {
    Key(&'n str),
    At(usize),
}

impl Node {
    fn collect<'n>(&'n self, text: &str, way: &mut Vec<Step<'n>>, found: &mut Vec<String>) {
        let mut look = |step: Step<'n>, node: &'n Spanned<Self>| {
            if found.len() >= MAX_FOUND {
                return;
            }
            way.push(step);
            match &node.value {
                // Keys may be long, so they are put together for these alone.
                Self::Beyond if is_whole(text, node) => found.push(shown(way)),
                inner => inner.collect(text, way, found),
            }
            way.pop();
        };
        match self {
            Self::List(nodes) => {
                nodes.iter().enumerate().for_each(|(at, node)| look(Step::At(at), node));
            }
            Self::Mapping(nodes) => {
                nodes.iter().for_each(|(key, node)| look(Step::Key(key), node));
            }
            Self::Beyond | Self::Other => {}
        }
    }
}

fn shown(way: &[Step<'_>]) -> String {
    way.iter().fold(String::new(), |shown, step| match step {
        Step::Key(key) if shown.is_empty() => (*key).to_owned(),
        Step::Key(key) => format!("{shown}.{key}"),
        Step::At(at) => format!("{shown}[{at}]"),
    })
}

/// Whether digits alone were written, where the number is written that an alias may stand for. `1e30` means a float.
fn is_whole(text: &str, node: &Spanned<Node>) -> bool {
    let start = node.defined.span().byte_offset().and_then(|at| usize::try_from(at).ok());
    let Some(written) = start.and_then(|at| text.get(at..)) else { return false };
    let digits = written.trim_start_matches(['+', '-']);
    let after = digits.trim_start_matches(|char: char| char.is_ascii_digit());
    after.len() < digits.len() && !after.starts_with(['.', 'e', 'E'])
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Nodes)
    }
}

struct Nodes;

impl<'de> Visitor<'de> for Nodes {
    type Value = Node;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("any value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Node, E> {
        Ok(if is_beyond(number) { Node::Beyond } else { Node::Other })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(if is_infinite(text) { Node::Beyond } else { Node::Other })
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut nodes = IndexMap::new();
        while let Some((key, node)) = members.next_entry::<String, Spanned<Node>>()? {
            nodes.insert(key, node);
        }
        Ok(Node::Mapping(nodes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::yaml::parse;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let limits = YamlLimits::default();
        rounded(text, &limits, &parse(text, &limits).unwrap())
    }

    #[test]
    fn whole_numbers_beyond_64_bits_are_found() {
        let long = "9".repeat(400);
        let text = format!(
            "\na: 18446744073709551616\nä: {{c: [1, -9223372036854775809, x]}}\nd: {long}\ne: -{long}\n\
             f: +36893488147419103232\ng: -36893488147419103232\n"
        );
        assert_eq!(found(&text), ["a", "ä.c[1]", "d", "e", "f"]);
        let text = "f: &f +36893488147419103232\ng: [*f]\nh: {<<: {i: 18446744073709551617}}\n\
                    1: 99999999999999999999\n";
        assert_eq!(found(text), ["f", "g[0]", "h.i", "1"]);
        assert_eq!(found("---\r\n# ä\r\na:\r\n  - 18446744073709551616 # b\r\n"), ["a[0]"]);
        let deep =
            |levels| format!("a: {}18446744073709551616{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(found(&deep(MAX_DEPTH - 1)).len(), 1);
        for levels in [MAX_DEPTH, 63] {
            assert_eq!(found(&deep(levels)), Vec::<String>::new(), "{levels}");
        }
    }

    #[test]
    fn what_is_kept_as_it_is_written_is_not_found() {
        let text = "a: 18446744073709551615\nb: -9223372036854775808\nc: 1e30\nd: 18446744073709551616.0\n\
                    e: '18446744073709551616'\nf: .inf\ng: 18446744073709551616 m\nh: 1e400\n\
                    i: 0x10000000000000000\nj: 18_446_744_073_709_551_616\nk: 018446744073709551616\n";
        assert_eq!(found(text), Vec::<String>::new());
        // Of two equal keys the last one counts.
        assert_eq!(found("a: 18446744073709551616\na: 1e30\n"), Vec::<String>::new());
    }
}
