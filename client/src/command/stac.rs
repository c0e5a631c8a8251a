//! `hub-client stac search`, `stac show` and `stac collections`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use flisthub_client::{ClientError, Document, Items, Search, SortBy};

use super::stac_text;
use crate::cli::Session;
use crate::failure::{NoSuchItem, usage};
use crate::name::FlistName;
use crate::rows::print;

/// The most items that are asked for at a time.
const PAGE: u32 = 100;

/// Find published data: by place, time and words.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Search(SearchArguments),
    Show(ShowArguments),
    /// List the collections: what each is called, and the place and time of what is in it.
    Collections,
}

/// List the items that match all that is asked for, newest first.
#[derive(Debug, Args)]
struct SearchArguments {
    /// Words in title, description, keywords or name. Of several arguments one has to match; an argument of several
    /// words matches where they stand in that order. `[keyword]` asks for a keyword, `:starred` for your stars.
    #[arg(value_name = "WORDS")]
    words: Vec<String>,

    /// Only items of this collection. Several: items of any.
    #[arg(long, value_name = "COLLECTION")]
    collection: Vec<String>,

    /// Only this item, REPOSITORY/NAME. Several: any of them.
    #[arg(long, value_name = "ID")]
    id: Vec<String>,

    /// Only what meets a box in degrees: WEST,SOUTH,EAST,NORTH. A west greater than the east goes over the
    /// antimeridian.
    #[arg(long, value_name = "BOX", allow_hyphen_values = true, conflicts_with = "intersects")]
    bbox: Option<String>,

    /// Only what meets the `GeoJSON` geometry in this file.
    #[arg(long, value_name = "FILE")]
    intersects: Option<PathBuf>,

    /// Only what is of that time (RFC 3339), or of a span: 2024-05-01T00:00:00Z/.. for all since.
    #[arg(long, value_name = "TIME")]
    datetime: Option<String>,

    /// The order: a property, -property for the greatest first. Several: the later ones among equals.
    #[arg(long, value_name = "PROPERTY", allow_hyphen_values = true)]
    sort: Vec<String>,

    /// Stop after that many items. Default: all of them.
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

/// Show an item: what it is, where and when, and where its files are.
#[derive(Debug, Args)]
struct ShowArguments {
    /// REPOSITORY/NAME, or NAME alone in your own repository; with @REVISION as it was then.
    #[arg(value_name = "NAME[@REVISION]")]
    item: String,

    /// As it is in this collection. Default: the first that it is in.
    #[arg(long, value_name = "COLLECTION")]
    collection: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    match &arguments.what {
        What::Search(arguments) => search(arguments, session),
        What::Show(arguments) => show(arguments, session),
        What::Collections => collections(session),
    }
}

fn collections(session: &Session) -> anyhow::Result<()> {
    let all = session.runtime.block_on(session.hub.stac_collections())?;
    let all = all.into_iter().map(Ok::<Document, ClientError>);
    print(session.output, all, serde_json::to_vec, stac_text::collection)
}

fn search(arguments: &SearchArguments, session: &Session) -> anyhow::Result<()> {
    let limit = arguments.limit.unwrap_or(usize::MAX);
    let search = Search {
        collections: arguments.collection.clone(),
        ids: arguments.id.clone(),
        bbox: arguments.bbox.as_deref().map(bbox).transpose()?.unwrap_or_default(),
        intersects: arguments.intersects.as_deref().map(geometry).transpose()?,
        datetime: arguments.datetime.clone(),
        words: arguments.words.clone(),
        sort: arguments.sort.iter().map(|key| sort_by(key)).collect(),
        limit: Some(u32::try_from(limit).unwrap_or(PAGE).clamp(1, PAGE)),
    };
    let mut found = Finds::of(session, session.hub.stac_search(&search)?);
    let items = std::iter::from_fn(|| found.next()).take(limit);
    print(session.output, items, serde_json::to_vec, stac_text::item_line)?;
    if let Some(matched) = found.matched.filter(|matched| *matched > found.given) {
        session.output.note(&format!("{} of {matched} items; --limit gives more", found.given));
    }
    Ok(())
}

fn show(arguments: &ShowArguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let (name, revision) = match arguments.item.split_once('@') {
        Some((name, revision)) => (name, Some(revision)),
        None => (arguments.item.as_str(), None),
    };
    let name: FlistName = name.parse().map_err(usage)?;
    let latest = format!("{}/{}", runtime.block_on(name.repository(hub))?, name.name);
    let collection = match &arguments.collection {
        Some(collection) => collection.clone(),
        None => collection_of(&latest, session)?,
    };
    let id = revision.map_or_else(|| latest.clone(), |revision| format!("{latest}@{revision}"));
    let item = runtime.block_on(hub.stac_item(&collection, &id))?;
    output.result(&item, &stac_text::item(&item)?)
}

/// The first collection that an item is in.
fn collection_of(id: &str, session: &Session) -> anyhow::Result<String> {
    let search = Search { ids: vec![id.to_owned()], limit: Some(1), ..Search::default() };
    let mut found = Finds::of(session, session.hub.stac_search(&search)?);
    let item = found.next().ok_or_else(|| NoSuchItem(id.to_owned()))??;
    stac_text::collection_of(&item)
}

/// The items of a search, one after the other.
struct Finds<'a> {
    session: &'a Session,
    pages: Items,
    page: std::vec::IntoIter<Document>,
    /// How many match in all.
    matched: Option<u64>,
    /// How many were given out.
    given: u64,
}

impl<'a> Finds<'a> {
    fn of(session: &'a Session, pages: Items) -> Self {
        Self { session, pages, page: Vec::new().into_iter(), matched: None, given: 0 }
    }

    fn next(&mut self) -> Option<Result<Document, ClientError>> {
        loop {
            if let Some(item) = self.page.next() {
                self.given += 1;
                return Some(Ok(item));
            }
            match self.session.runtime.block_on(self.pages.next()) {
                Ok(Some(page)) => {
                    self.matched = page.matched.or(self.matched);
                    self.page = page.items.into_iter();
                }
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn bbox(text: &str) -> anyhow::Result<Vec<f64>> {
    let numbers: Result<Vec<f64>, _> =
        text.split(',').map(|number| number.trim().parse()).collect();
    match numbers {
        Ok(numbers) if numbers.len() == 4 && numbers.iter().all(|number| number.is_finite()) => {
            Ok(numbers)
        }
        _ => Err(usage(format!(
            "--bbox takes four numbers, WEST,SOUTH,EAST,NORTH, as in -66.7,17.9,-66.5,18.1; not {text:?}"
        ))),
    }
}

fn geometry(path: &Path) -> anyhow::Result<serde_json::Value> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text)
        .map_err(|error| usage(format!("{} is no GeoJSON: {error}", path.display())))
}

fn sort_by(key: &str) -> SortBy {
    match key.strip_prefix('-') {
        Some(field) => SortBy { field: field.to_owned(), direction: "desc" },
        None => SortBy { field: key.strip_prefix('+').unwrap_or(key).to_owned(), direction: "asc" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_has_four_numbers() {
        assert_eq!(bbox("-66.7, 17.9,-66.5,18").unwrap(), [-66.7, 17.9, -66.5, 18.0]);
        for wrong in ["", "1,2,3", "1,2,3,4,5", "1,2,3,x", "1,2,3,inf"] {
            assert!(bbox(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_minus_turns_the_order() {
        let by = |key| serde_json::to_string(&sort_by(key)).unwrap();
        assert_eq!(by("-datetime"), r#"{"field":"datetime","direction":"desc"}"#);
        assert_eq!(by("+title"), r#"{"field":"title","direction":"asc"}"#);
        assert_eq!(by("title"), by("+title"));
    }
}
