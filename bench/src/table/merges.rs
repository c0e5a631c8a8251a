//! The table of the `merges` part.

use super::{head, row, say};
use crate::merges::Results;

/// Prints it.
pub(crate) fn merges(results: &Results) {
    say(&format!(
        "\nMerging two trees of 100,000 files in 1,000 directories. Medians of {} runs, with the range, in ms.",
        results.runs
    ));
    head(&[
        "directories that differ",
        "new objects",
        "merge",
        "put and barrier",
        "check beside the sources",
        "check alone",
        "dry run, over HTTP",
        "merge and publish, over HTTP",
    ]);
    for pair in &results.pairs {
        let mut cells = vec![pair.different.to_string(), pair.new_objects.to_string()];
        for took in
            [&pair.merge, &pair.put, &pair.check, &pair.check_alone, &pair.dry_run, &pair.request]
        {
            cells.push(took.show(1));
        }
        row(&cells);
    }
}
