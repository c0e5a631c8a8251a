//! Random filters against random items, by flisthub-cql2 and by the crate `cql2`. Each difference must be one that has a
//! name in `known.rs` and an explanation in docs/cql2.md; the first other one ends the run with an error.
//!
//! `cargo run --release -- [FILTERS] [SEED]`

mod known;
mod random;

use std::collections::BTreeMap;
use std::process::ExitCode;

use flisthub_cql2::Filter;
use random::Random;
use serde_json::{Map, Value};

/// Items that each filter is evaluated with.
const ITEMS: usize = 5;

type Item = Map<String, Value>;

/// What the other crate says: true, false, or unknown; or why it says nothing.
fn theirs(text: &str, item: &Item) -> Result<Option<bool>, String> {
    let read: other::Expr = text.parse().map_err(|error| format!("not read: {error}"))?;
    of_theirs(read, item)
}

fn of_theirs(read: other::Expr, item: &Item) -> Result<Option<bool>, String> {
    match read.reduce(Some(&Value::Object(item.clone()))) {
        Ok(other::Expr::Bool(holds)) => Ok(Some(holds)),
        // What it cannot say it leaves as it is.
        Ok(_) => Ok(None),
        Err(error) => Err(format!("not evaluated: {error}")),
    }
}

/// A difference that has no name; `counts` of those that have one.
fn compare(
    filter: &Filter,
    item: &Item,
    counts: &mut BTreeMap<&'static str, u64>,
) -> Option<String> {
    let text = filter.to_text();
    let ours = filter.evaluate(item).expect("it has no functions, and is small");
    let document = filter.to_json().to_string();
    let by_json = other::parse_json(&document).map_err(|error| format!("not read: {error}"));
    let by_json = by_json.and_then(|read| of_theirs(read, item));
    let both = [theirs(&text, item), by_json];
    if both.iter().all(|found| *found == Ok(ours)) {
        return None;
    }
    // It is for the smallest predicates to differ.
    let document = filter.to_json();
    let parts = match document["op"].as_str() {
        Some("and" | "or" | "not") => document["args"].as_array().cloned().unwrap_or_default(),
        _ => Vec::new(),
    };
    let mut explained = false;
    for part in parts {
        let part = Filter::from_json(&part).expect("a part of a filter");
        let before: u64 = counts.values().sum();
        if let Some(difference) = compare(&part, item, counts) {
            return Some(difference);
        }
        explained |= counts.values().sum::<u64>() > before;
    }
    if explained {
        return None;
    }
    if let Some(name) = known::name(filter.root(), item, ours, &both) {
        *counts.entry(name).or_default() += 1;
        return None;
    }
    Some(format!("{text}\n  of {}\n  is {ours:?}, and {both:?}", Value::Object(item.clone())))
}

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (filters, seed) =
        match (numbers.next().unwrap_or(Ok(20_000)), numbers.next().unwrap_or(Ok(1))) {
            (Ok(filters), Ok(seed)) => (filters, seed),
            _ => {
                eprintln!("usage: flisthub-differential [FILTERS] [SEED]");
                return ExitCode::FAILURE;
            }
        };
    let mut random = Random(seed);
    let mut counts = BTreeMap::new();
    for _ in 0..filters {
        let text = random.predicate(3);
        let filter = match Filter::from_text(&text) {
            Ok(filter) => filter,
            // The only ones that are refused: intervals that end before they begin.
            Err(error) if error.to_string().contains("begins after it ends") => continue,
            Err(error) => {
                eprintln!("{text}: {error}");
                return ExitCode::FAILURE;
            }
        };
        for _ in 0..ITEMS {
            let item = random.item();
            if let Some(difference) = compare(&filter, &item, &mut counts) {
                eprintln!("A difference that has no name:\n  {difference}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{filters} filters, {ITEMS} items each; differences that have a name: {counts:#?}");
    ExitCode::SUCCESS
}
