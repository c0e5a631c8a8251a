//! Values made by chance: whatever meets in one column, what comes out is what went in.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests::{column, of};

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|it| Value::from(f64::from(it) / 8.0)),
        "[a-c\u{e9}\"]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 40, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[ab]{0,1}", inner, 0..3).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Whether a value says what another one said: what has no type is JSON text, a member that is null is as one that is
/// not there, and a whole number may be a double that is as large.
fn says(found: &Value, said: &Value) -> bool {
    match (found, said) {
        (Value::Object(found), Value::Object(said)) => {
            let there = |(name, value): (&String, &Value)| {
                says(found.get(name).unwrap_or(&Value::Null), value)
            };
            let new = |(name, value): (&String, &Value)| value.is_null() || said.contains_key(name);
            said.iter().all(there) && found.iter().all(new)
        }
        (Value::Array(found), Value::Array(said)) => {
            found.len() == said.len()
                && found.iter().zip(said).all(|(found, said)| says(found, said))
        }
        (Value::Number(found), Value::Number(said)) if found.is_f64() && !said.is_f64() => {
            let whole: Option<i128> = said.as_i128();
            whole.is_some_and(|whole| {
                found.as_f64() == whole.to_string().parse().ok() && whole.unsigned_abs() <= 1 << 53
            })
        }
        (Value::String(text), said) if found != said => {
            serde_json::from_str::<Value>(text).is_ok_and(|read| read == *said)
        }
        (found, said) => found == said,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_meets_comes_out_as_it_went_in(all in vec(values(), 1..6)) {
        let properties: Vec<Value> = all.iter().map(|value| json!({"x": value})).collect();
        let found = column(&of(&properties), "x");
        prop_assert_eq!(found.len(), all.len());
        for (found, said) in found.iter().zip(&all) {
            prop_assert!(says(found, said), "{} became {}", said, found);
        }
    }
}
