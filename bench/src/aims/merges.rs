//! The aim of the `merges` part.

use super::Verdict;
use crate::merges::Results;

/// Most milliseconds that a merge and its publish may take where 10 directories differ.
const FEW: f64 = 50.0;

pub(crate) fn of_merges(results: &Results) -> Vec<Verdict> {
    let few = results.pairs.iter().filter(|pair| pair.different == 10);
    few.map(|pair| {
        let took = pair.request.median();
        Verdict::new(
            "merging two trees of 100,000 files that differ in 10 directories: under 50 ms",
            took < FEW,
            format!("{took:.1} ms over HTTP, published"),
        )
    })
    .collect()
}
