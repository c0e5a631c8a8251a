//! YAML as configuration and metadata are written in it, read into JSON values. What it is made of is bounded: bytes,
//! depth, and how many values and how much text there are once aliases are replaced by what they stand for. What the
//! keys mean is for others to say.
//!
//! Only `true` and `false` are booleans: a country `no` and a tile `y` are text. So are dates, and numbers with zeros
//! in front. Of two equal keys the last one counts, as in SharingHub.

use serde_json::{Map, Value};
use serde_saphyr::Error;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};

/// What a document may be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YamlLimits {
    /// Bytes of text, before and after aliases are replaced, each.
    pub bytes: usize,
    /// Levels of lists and mappings.
    pub depth: usize,
    /// Values, after aliases are replaced.
    pub values: usize,
}

impl Default for YamlLimits {
    fn default() -> Self {
        Self { bytes: 1 << 20, depth: 64, values: 100_000 }
    }
}

/// Why a document is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    /// It is too long.
    #[error("it has more than {0} bytes")]
    TooLong(usize),
    /// It is not YAML, or made of too much.
    #[error("{0}")]
    Bad(String),
    /// It is YAML of another kind.
    #[error("it is not a mapping of keys to values")]
    NotAMapping,
}

/// The mapping that a document is. An empty document is an empty one.
pub fn parse(text: &str, limits: &YamlLimits) -> Result<Map<String, Value>, YamlError> {
    if text.len() > limits.bytes {
        return Err(YamlError::TooLong(limits.bytes));
    }
    let read = serde_saphyr::from_str_with_options::<Value>(text, options(limits));
    match read {
        Ok(Value::Object(map)) => Ok(map),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(YamlError::NotAMapping),
        Err(error) => Err(YamlError::Bad(told(&error))),
    }
}

/// What is wrong, as whoever wrote the text knows it: of its bounds and of aliases the parser speaks in words of its own.
fn told(error: &Error) -> String {
    // What comes of an alias is wrong where the alias is.
    let mut inner = error;
    while let Error::AliasError { error, .. } = inner {
        inner = error;
    }
    let what = match inner {
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. }
        | Error::AliasReplayStackDepthExceeded { .. } => "its lists and mappings nest too deep",
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. } => {
            "it has too many values or too much text, counted where aliases (`*name`) stand for them"
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            "an alias (`*name`) stands for something that it is itself in"
        }
        _ => return error.to_string(),
    };
    match error.location() {
        Some(at) if at.line() > 0 => {
            format!("{what}, at line {}, column {}", at.line(), at.column())
        }
        _ => what.to_owned(),
    }
}

/// The parser counts what comes of aliases, too.
pub(super) fn options(limits: &YamlLimits) -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: limits.depth,
            flow_nesting_limit: limits.depth,
            max_nodes: limits.values,
            max_events: limits.values.saturating_mul(3),
            max_total_scalar_bytes: limits.bytes,
            max_recorded_anchor_events: limits.values,
            max_recorded_anchor_bytes: limits.bytes,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: limits.values,
            max_replay_stack_depth: limits.depth,
        },
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Value {
        Value::Object(parse(text, &YamlLimits::default()).unwrap())
    }

    fn refused(text: &str) -> String {
        parse(text, &YamlLimits::default()).unwrap_err().to_string()
    }

    #[test]
    fn values_are_what_publishers_mean() {
        let text = "a: true\nyes: no\nb: 2024-13-40\nc: 0.3\nd: 007\ne: 1_000\n\
                    f: .nan\ng: null\nh: ~\ni: -5\nj: 18446744073709551615\nk: 2024-01-01T00:00:00Z\n\
                    1: one\ntrue: t\nl: [1, {m: n}]\n'o': \"1\"\np: 1e3\nq: 0x10\n";
        assert_eq!(
            read(text),
            json!({
                "a": true, "yes": "no", "b": "2024-13-40", "c": 0.3, "d": "007",
                "e": 1000, "f": ".nan", "g": null, "h": null, "i": -5,
                "j": 18_446_744_073_709_551_615_u64, "k": "2024-01-01T00:00:00Z", "1": "one",
                "true": "t", "l": [1, {"m": "n"}], "o": "1", "p": 1000.0, "q": 16,
            })
        );
    }

    #[test]
    fn empty_text_is_an_empty_mapping() {
        for text in ["", "\n\n", "# only a remark\n", "---\n", "null", "{}"] {
            assert_eq!(read(text), json!({}), "{text:?}");
        }
    }

    #[test]
    fn of_two_equal_keys_the_last_counts() {
        assert_eq!(read("a: 1\nb: 2\na: 3\n"), json!({"a": 3, "b": 2}));
    }

    #[test]
    fn aliases_and_merged_mappings_are_replaced() {
        let text = "base: &base {x: 1, y: 2}\nmade:\n  <<: *base\n  y: 3\nagain: *base\n";
        let base = json!({"x": 1, "y": 2});
        assert_eq!(read(text), json!({"base": base, "made": {"x": 1, "y": 3}, "again": base}));
    }

    #[test]
    fn what_is_no_mapping_or_no_yaml_is_refused() {
        assert_eq!(parse("- 1\n- 2\n", &YamlLimits::default()), Err(YamlError::NotAMapping));
        assert_eq!(parse("text", &YamlLimits::default()), Err(YamlError::NotAMapping));
        assert!(refused("a: [1\nb: 2\n").contains("line"));
        for text in [
            "a: b: c",
            "a: 'x",
            "a: *nowhere",
            "? [a]\n: b",
            "a: 1\n---\nb: 2\n",
            "%",
            "a: &a [*a]",
        ] {
            assert!(!refused(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| format!("a: {}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(&nested(63), &YamlLimits::default()).is_ok());
        for levels in [64, 65, 1_000, 100_000] {
            assert!(!refused(&nested(levels)).is_empty(), "{levels}");
        }
        let dashes = format!("a:\n {}x", "- ".repeat(100_000));
        assert!(!refused(&dashes).is_empty());
        let mut steps = String::from("a0: &a0 [x]\n");
        for step in 1..100 {
            let _ = writeln!(steps, "a{step}: &a{step} [*a{}]", step - 1);
        }
        assert!(refused(&steps).contains("nest too deep"), "{}", refused(&steps));
    }

    #[test]
    fn a_billion_laughs_are_not_laughed() {
        let mut text = String::from("l0: &l0 ha\n");
        for step in 1..30 {
            let below = format!("*l{},", step - 1).repeat(9);
            let _ = writeln!(text, "l{step}: &l{step} [{below}]");
        }
        assert!(!refused(&text).is_empty());
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), "*a,".repeat(90));
        assert!(refused(&long).contains("too much text"), "{}", refused(&long));
        let itself = refused("a: &a [*a]");
        assert!(itself.contains("itself in"), "{itself}");
    }

    #[test]
    fn bytes_and_values_are_bounded() {
        let limits = YamlLimits { bytes: 20, depth: 5, values: 5 };
        assert_eq!(parse("a: 12345678901234567890", &limits), Err(YamlError::TooLong(20)));
        assert!(parse("a: [1, 2]", &limits).is_ok());
        assert!(parse("a: [1, 2, 3, 4]", &limits).is_err());
        assert!(matches!(
            parse(&"x".repeat(10 << 20), &YamlLimits::default()),
            Err(YamlError::TooLong(_))
        ));
    }
}
