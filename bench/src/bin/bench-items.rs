//! `bench-items`: puts items, one JSON document a line, into the catalog of a hub that does not run, each in the
//! transaction of a publish. What searches cost does not depend on files, so all names point at one flist, which is there;
//! `scripts/bench_stac.py` says what is measured with it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser;
use flisthub_hub::auth::Visibility;
use flisthub_hub::catalog::{
    Actor, Basis, Catalog, Change, Composed, Condition, FlistRow, NewRepository, Source,
};
use flisthub_hub::data::DataDirectory;
use flisthub_hub::name::{FlistName, RepositoryName};
use flisthub_hub::stac::words::normal;
use flisthub_hub::stac::{Bounds, Draft, Interval, Place};
use flisthub_storage::ChunkId;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// When everything is published: a number like another.
const NOW: u64 = 1_700_000_000;

/// Put items into the catalog of a hub that does not run.
#[derive(Debug, Parser)]
struct Arguments {
    /// The hub's data directory. The user `bench` is there, and gets the repositories.
    data: PathBuf,
    /// Items as `scripts/bench_stac_items.py` makes them, one a line.
    items: PathBuf,
    /// The id of a flist that the hub has.
    flist: ChunkId,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tokio::runtime::Runtime::new()?.block_on(put_all(&arguments))
}

async fn put_all(arguments: &Arguments) -> anyhow::Result<()> {
    let catalog = Catalog::open(&DataDirectory::open(&arguments.data)?.catalog()).await?;
    let owner = catalog.user(&RepositoryName::parse("bench")?).await?.context("no user bench")?;
    let flist = FlistRow { id: arguments.flist, entries: 1, bytes: 1 };
    let (owner, repositories) = (owner.user.id, HashMap::new());
    let mut target = Target { catalog, owner, flist, repositories };
    let began = Instant::now();
    let mut count = 0_u32;
    for line in BufReader::new(File::open(&arguments.items)?).lines() {
        let item = serde_json::from_str(&line?)?;
        target.put(item).await.with_context(|| format!("item {count}"))?;
        count += 1;
    }
    target.catalog.close().await;
    let rate = f64::from(count) / began.elapsed().as_secs_f64();
    println!("{count} items, {rate:.0} a second");
    Ok(())
}

/// Where items go.
struct Target {
    catalog: Catalog,
    owner: i64,
    flist: FlistRow,
    /// Numbers of those that were made.
    repositories: HashMap<String, i64>,
}

impl Target {
    async fn put(&mut self, item: Map<String, Value>) -> anyhow::Result<()> {
        let id = item.get("id").and_then(Value::as_str).context("no id")?.to_owned();
        let (repository, name) = id.split_once('/').context("no repository in the id")?;
        let repository_id = self.repository(repository).await?;
        let basis = Basis { published: NOW, ..Basis::default() };
        let composed = Composed { basis, draft: Some(draft(item, &id)?), ..Composed::default() };
        let change = Change {
            repository_id,
            name: &FlistName::parse(name)?,
            by: &Actor::operator(),
            source: Source::Push,
            detail: None,
            condition: &Condition::default(),
            dry_run: false,
            now: NOW,
        };
        self.catalog.publish_item(&change, &self.flist, Some(&composed)).await?;
        Ok(())
    }

    async fn repository(&mut self, name: &str) -> anyhow::Result<i64> {
        if let Some(id) = self.repositories.get(name) {
            return Ok(*id);
        }
        let new = NewRepository {
            name: &RepositoryName::parse(name)?,
            visibility: Visibility::Public,
            creator_id: self.owner,
        };
        let made = self.catalog.create_repository(&new, &Actor::operator(), NOW).await?;
        self.repositories.insert(name.to_owned(), made.id);
        Ok(made.id)
    }
}

/// What the index keeps of an item.
fn draft(mut item: Map<String, Value>, id: &str) -> anyhow::Result<Draft> {
    item.remove("id");
    item.remove("links");
    let collection = item.remove("collection").context("no collection")?;
    let properties = item.get("properties").context("no properties")?.clone();
    let text = |key: &str| properties.get(key).and_then(Value::as_str).unwrap_or_default();
    let keywords = properties.get("keywords").and_then(Value::as_array);
    let tags: Vec<String> =
        keywords.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let (title, description) = (text("title"), text("description"));
    let datetime = match text("datetime") {
        "" => micros(text("start_datetime"))?,
        at => micros(at)?,
    };
    let end = match text("end_datetime") {
        "" => datetime,
        at => micros(at)?,
    };
    Ok(Draft {
        categories: vec![collection.as_str().context("no collection")?.to_owned()],
        inherits: false,
        title: title.to_owned(),
        text: normal(&format!("{title} {description} {} {id}", tags.join(" "))),
        tags,
        interval: Some(Interval { start: Some(datetime), end: Some(end) }),
        datetime: Some(datetime),
        created: Some(micros(text("created"))?),
        updated: Some(micros(text("updated"))?),
        place: Some(place(&item)?),
        document: document(item, id),
    })
}

/// The item as the hub keeps it, with the marks of what it fills in (`stac/src/markers.rs`).
fn document(mut item: Map<String, Value>, id: &str) -> String {
    item.insert("flisthub:.identity".to_owned(), json!(0));
    item.insert("links".to_owned(), json!(["flisthub:.links"]));
    if let Some(properties) = item.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("flisthub:.properties".to_owned(), json!(0));
    }
    let files = format!("https://data.example.org/{id}/");
    Value::Object(item).to_string().replace(&files, "flisthub:./")
}

fn place(item: &Map<String, Value>) -> anyhow::Result<Place> {
    let bbox = item.get("bbox").and_then(Value::as_array).context("no bbox")?;
    let sides: Vec<f64> = bbox.iter().filter_map(Value::as_f64).collect();
    let [west, south, east, north] = sides[..] else { anyhow::bail!("no box") };
    let geometry = item.get("geometry").context("no geometry")?.to_string();
    Ok(Place { bounds: Bounds { west, south, east, north }, is_box: false, geometry })
}

/// Microseconds since the Unix epoch.
fn micros(time: &str) -> anyhow::Result<i64> {
    let nanos = OffsetDateTime::parse(time, &Rfc3339)?.unix_timestamp_nanos();
    Ok(i64::try_from(nanos / 1000)?)
}
