//! The table of the `index` part.

use super::{head, row, say};
use crate::index::{Holder, Results, TREES};

/// Prints it.
pub(crate) fn index(results: &Results) {
    say(&format!("\nThe membership index. Medians of {} runs, with the range.", results.runs));
    head(&["taking a tree in, ms", "without the index", "with it", "of this, writing it"]);
    for ((files, bytes), ingest) in TREES.into_iter().zip(&results.ingests) {
        row(&[
            format!("{files} files of {bytes} bytes, all new"),
            ingest.without.show(0),
            ingest.with.show(0),
            ingest.hold.show(0),
        ]);
    }
    head(&["`missing` for 100,000 ids, in the store", "ids a second"]);
    for (holder, rates) in Holder::ALL.into_iter().zip(&results.missing) {
        row(&[holder.title().to_owned(), rates.show(0)]);
    }
    let first = "held by the repository, asked for the first time after a start";
    row(&[first.to_owned(), results.missing_first.show(0)]);
    head(&["over HTTP, ms", "one pool", "with the index"]);
    let http = &results.over_http;
    row(&[
        "`missing` for 100,000 ids, all there".to_owned(),
        http.missing_pool.show(0),
        http.missing.show(0),
    ]);
    row(&[
        "upload of 100,000 small files, all new".to_owned(),
        http.upload_pool.show(0),
        http.upload.show(0),
    ]);
    head(&["promoting a tree of 100,000 files, in the store", "ms"]);
    row(&["into a repository that has none of it".to_owned(), results.promote_new.show(1)]);
    row(&["into one that has all of it".to_owned(), results.promote_known.show(1)]);
    head(&["a tree of 100,000 files over HTTP, ms", "promoted", "merged with one file"]);
    let elsewhere = &results.elsewhere;
    for (title, promote, merge) in [
        ("into a repository that has none of it", &elsewhere.promote_new, &elsewhere.merge_new),
        ("into the one that has all of it", &elsewhere.promote_known, &elsewhere.merge_known),
    ] {
        row(&[title.to_owned(), promote.show(1), merge.show(1)]);
    }
}
