//! The aims of the `index` part.

use super::Verdict;
use crate::index::{Holder, Results, TREES};

/// How much longer anything may take with the index than without.
const MOST: f64 = 1.15;

pub(crate) fn of_index(results: &Results) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for ((files, bytes), ingest) in TREES.into_iter().zip(&results.ingests) {
        let ratio = ingest.with.median() / ingest.without.median();
        verdicts.push(Verdict::new(
            "taking a tree in: at most 1.15 times as long with the index",
            ratio <= MOST,
            format!("{files} files of {bytes} bytes: {ratio:.2} times"),
        ));
    }
    let rate = |wanted| {
        let mut each = Holder::ALL.into_iter().zip(&results.missing);
        each.find(|(holder, _)| *holder == wanted).map_or(f64::NAN, |(_, rates)| rates.median())
    };
    let ratio = rate(Holder::Anybody) / rate(Holder::Own);
    verdicts.push(Verdict::new(
        "`missing`: at most 1.15 times as long with the index",
        ratio <= MOST,
        format!("in the store, all held by the repository: {ratio:.2} times"),
    ));
    let http = &results.over_http;
    let ratio = http.missing.median() / http.missing_pool.median();
    verdicts.push(Verdict::new(
        "`missing`: at most 1.15 times as long with the index",
        ratio <= MOST,
        format!("over HTTP: {ratio:.2} times"),
    ));
    verdicts
}
