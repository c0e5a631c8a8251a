//! Lists on standard output, printed while they arrive: one line each, or one JSON array.

use std::collections::VecDeque;
use std::io::{self, BufWriter, Write as _};

use flisthub_client::{ClientError, Page, Pages};
use tokio::runtime::Runtime;

use crate::output::{Output, written};

/// Prints items as they come: a million take no memory here. `object` is an item's JSON, `line` the item
/// as people read it, with its line end.
pub(crate) fn print<T, E>(
    output: Output,
    items: impl Iterator<Item = Result<T, E>>,
    object: impl Fn(&T) -> serde_json::Result<Vec<u8>>,
    line: impl Fn(&T) -> Vec<u8>,
) -> anyhow::Result<()>
where
    anyhow::Error: From<E>,
{
    let mut out = BufWriter::new(io::stdout().lock());
    let mut before = "[";
    for item in items {
        let item = item?;
        if output.is_json() {
            written(out.write_all(before.as_bytes()))?;
            written(out.write_all(&object(&item)?))?;
            before = ",";
        } else {
            written(out.write_all(&line(&item)))?;
        }
    }
    if output.is_json() {
        let end = if before == "[" { "[]\n" } else { "]\n" };
        written(out.write_all(end.as_bytes()))?;
    }
    written(out.flush())
}

/// The items of a list, fetched page by page as they are taken.
pub(crate) fn items<P: Page>(
    runtime: &Runtime,
    mut pages: Pages<P>,
) -> impl Iterator<Item = Result<P::Item, ClientError>> {
    let mut page = VecDeque::new();
    let mut failed = false;
    std::iter::from_fn(move || {
        while page.is_empty() && !failed {
            match runtime.block_on(pages.next()) {
                Ok(Some(next)) => page = next.into(),
                Ok(None) => return None,
                Err(error) => {
                    failed = true;
                    return Some(Err(error));
                }
            }
        }
        page.pop_front().map(Ok)
    })
}
