//! A stored item as it is answered: what depends on where it is, on which revision is asked for and on who asks is put
//! in, and what was not asked for is left out.

use serde_json::{Value, json};

use super::markers::{Filling, fill, within};
use super::number::number;
use super::parameters::{Fields, Mode};
use super::select;

/// What an answer depends on, beside the item.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The hub's public URL, without a `/` at its end.
    pub base: &'a str,
    /// The collection in which it is shown.
    pub collection: &'a str,
    /// The repository's name.
    pub repository: &'a str,
    /// The name in it.
    pub name: &'a str,
    /// Of an older revision, its number: it has an id and files of its own.
    pub revision: Option<u64>,
    /// The revision before, if that is an item.
    pub predecessor: Option<u64>,
    /// The revision after an older one.
    pub successor: Option<u64>,
    /// Whether what the name is now is an item of the collection, too.
    pub latest: bool,
    /// How many users starred it.
    pub stars: u64,
    /// What the caller may do with it, as SharingHub counts it.
    pub access_level: Option<u8>,
    /// How much of it is wanted.
    pub mode: Mode,
    /// Which members are wanted.
    pub fields: &'a Fields,
}

/// The item as JSON.
pub fn render(document: &str, context: &Context<'_>) -> String {
    let Context { base, collection, repository, name, revision, .. } = context;
    let path = format!("{repository}/{name}");
    let query = revision.map(|revision| format!("?revision={revision}")).unwrap_or_default();
    let properties = members(&json!({
        "sharinghub:id": number(repository, name),
        "sharinghub:name": format!("{repository} / {name}"),
        "sharinghub:stars": context.stars,
        "sharinghub:access-level": context.access_level,
    }));
    let [flist, archive] = if revision.is_none() {
        whole(base, &path).map(|one| members(&one))
    } else {
        Default::default()
    };
    let filling = Filling {
        base,
        files: &format!("{base}/api/v1/flists/{path}/files/"),
        query: &query,
        name: &path,
        identity: &members(&json!({ "id": id(&path, *revision), "collection": collection })),
        properties: &properties,
        links: &links(context, &path),
        flist: &flist,
        archive: &archive,
    };
    let document = within(document, collection);
    select::select(fill(&document, &filling), context.mode, context.fields)
}

/// The id of an item, or of an older revision of it.
fn id(path: &str, revision: Option<u64>) -> String {
    revision.map_or_else(|| path.to_owned(), |revision| format!("{path}@{revision}"))
}

/// The members of an object as JSON without braces. What is null is left out.
fn members(object: &Value) -> String {
    let mut object = object.clone();
    if let Some(object) = object.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    let text = object.to_string();
    let inside = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    inside.unwrap_or_default().to_owned()
}

/// The assets that are all of the flist.
fn whole(base: &str, path: &str) -> [Value; 2] {
    let flist = json!({ "flist": {
        "href": format!("{base}/{path}.flist"), "title": "The flist, for hub-client pull",
        "type": "application/octet-stream", "roles": ["metadata"],
    } });
    let archive = json!({ "archive": {
        "href": format!("{base}/api/v1/flists/{path}/export?format=tar.zst"),
        "title": "All files", "type": "application/zstd", "roles": ["source"],
    } });
    [flist, archive]
}

/// The links that follow from where it is, as JSON with commas between them.
fn links(context: &Context<'_>, path: &str) -> String {
    let root = format!("{}/api/stac/", context.base);
    let collection = format!("{root}collections/{}", context.collection);
    let item = |revision: Option<u64>| format!("{collection}/items/{}", id(path, revision));
    let (json, geojson) = ("application/json", "application/geo+json");
    let revision = context.revision;
    let all = [
        Some(("self", geojson, item(revision))),
        Some(("parent", json, collection.clone())),
        Some(("root", json, root.clone())),
        Some(("collection", json, collection.clone())),
        revision.filter(|_| context.latest).map(|_| ("latest-version", geojson, item(None))),
        context.predecessor.map(|before| ("predecessor-version", geojson, item(Some(before)))),
        context.successor.map(|after| ("successor-version", geojson, item(Some(after)))),
    ];
    let link = |(rel, kind, href): (&str, &str, String)| {
        json!({ "rel": rel, "type": kind, "href": href }).to_string()
    };
    all.into_iter().flatten().map(link).collect::<Vec<_>>().join(",")
}
