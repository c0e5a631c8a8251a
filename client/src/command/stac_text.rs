//! Items and collections as people read them. What a hub says is not trusted to have any shape: what cannot be read
//! is left out.

use flisthub_client::Document;
use serde_json::Value;

use crate::text;

/// The members of a document; null where it cannot be read.
fn read(document: &Document) -> Value {
    serde_json::from_str(document.get()).unwrap_or_default()
}

/// The text at a place in a document (a JSON pointer), without what a terminal would take as a command; empty where
/// there is none.
fn shown(document: &Value, at: &str) -> String {
    let value = document.pointer(at).and_then(Value::as_str);
    text::shown(value.unwrap_or_default().as_bytes())
}

/// The list at a place in a document.
fn list<'a>(document: &'a Value, at: &str) -> &'a [Value] {
    document.pointer(at).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The collection that an item says it is in.
pub(super) fn collection_of(document: &Document) -> anyhow::Result<String> {
    let item = read(document);
    let collection = item.get("collection").and_then(Value::as_str);
    collection.map(str::to_owned).ok_or_else(|| anyhow::anyhow!("the item is in no collection"))
}

/// An item as a line: when, in which collection, id, title.
pub(super) fn item_line(document: &Document) -> Vec<u8> {
    let item = read(document);
    let [collection, id, title] =
        ["/collection", "/id", "/properties/title"].map(|at| shown(&item, at));
    format!("{:16} {collection:12} {id}  {title}\n", short(&when(&item).0)).into_bytes()
}

/// A collection as a line: its id, when and where its items are from, its title.
pub(super) fn collection(document: &Document) -> Vec<u8> {
    let collection = read(document);
    let [from, to] = ["/extent/temporal/interval/0/0", "/extent/temporal/interval/0/1"]
        .map(|at| day(&shown(&collection, at)));
    let place = numbers(list(&collection, "/extent/spatial/bbox/0"));
    let [id, title] = ["/id", "/title"].map(|at| shown(&collection, at));
    format!("{id:12} {from:>10} {to:>10} {place:30} {title}\n").into_bytes()
}

/// All that is worth knowing of an item, one line each.
pub(super) fn item(document: &Document) -> anyhow::Result<String> {
    let item: Value = serde_json::from_str(document.get())?;
    let (from, to) = when(&item);
    let when = if to.is_empty() || from == to { from } else { format!("{from} to {to}") };
    let mut lines = vec![format!("{} in {}", shown(&item, "/id"), shown(&item, "/collection"))];
    let mut say = |label: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("  {label:9} {value}"));
        }
    };
    say("title", shown(&item, "/properties/title"));
    say("when", when);
    say("where", numbers(list(&item, "/bbox")));
    say("license", shown(&item, "/properties/license"));
    say("keywords", texts(list(&item, "/properties/keywords")));
    for provider in list(&item, "/properties/providers") {
        let roles = texts(list(provider, "/roles"));
        say("provider", format!("{} ({roles})", shown(provider, "/name")));
    }
    let assets = item.get("assets").and_then(Value::as_object);
    for (key, asset) in assets.into_iter().flatten() {
        say("asset", self::asset(key, asset));
    }
    for warning in list(&item, "/properties/flisthub:warnings") {
        say("warning", shown(warning, ""));
    }
    Ok(lines.join("\n"))
}

/// An asset: what it is called, its roles and type, its size, where it is.
fn asset(key: &str, asset: &Value) -> String {
    let size = asset.get("file:size").and_then(Value::as_u64).map(text::size);
    let roles = texts(list(asset, "/roles"));
    let about = [roles, shown(asset, "/type"), size.unwrap_or_default()];
    let about: Vec<String> = about.into_iter().filter(|part| !part.is_empty()).collect();
    let (key, about) = (text::shown(key.as_bytes()), about.join(", "));
    format!("{key} ({about})\n            {}", shown(asset, "/href"))
}

/// When an item is from: begin and end.
fn when(item: &Value) -> (String, String) {
    let start = shown(item, "/properties/start_datetime");
    if start.is_empty() {
        (shown(item, "/properties/datetime"), String::new())
    } else {
        (start, shown(item, "/properties/end_datetime"))
    }
}

/// A time to the minute.
fn short(time: &str) -> String {
    time.get(..16).unwrap_or(time).replace('T', " ")
}

/// A time's day; `..` for none.
fn day(time: &str) -> String {
    if time.is_empty() { String::from("..") } else { time.get(..10).unwrap_or(time).to_owned() }
}

fn texts(list: &[Value]) -> String {
    list.iter().map(|text| shown(text, "")).collect::<Vec<_>>().join(", ")
}

fn numbers(list: &[Value]) -> String {
    list.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::*;

    fn flood() -> Document {
        let item = json!({
            "id": "alice/flood", "collection": "dataset", "bbox": [-66.7, 17.9, -66.5, 18.1],
            "properties": {
                "title": "Flood\u{1b}[2J", "datetime": null, "license": "CC-BY-4.0",
                "start_datetime": "2023-11-01T12:00:00Z", "end_datetime": "2024-01-01T12:00:00Z",
                "keywords": ["sar", "flood"], "providers": [{"name": "alice", "roles": ["producer"]}]
            },
            "assets": {"s.tif": {"href": "http://h/s.tif", "roles": ["data"], "type": "image/tiff", "file:size": 2048}}
        });
        to_raw_value(&item).unwrap()
    }

    #[test]
    fn an_item_is_a_line_that_no_terminal_obeys() {
        let line = String::from_utf8(item_line(&flood())).unwrap();
        assert_eq!(line, "2023-11-01 12:00 dataset      alice/flood  Flood\\u{1b}[2J\n");
    }

    #[test]
    fn an_item_is_told_line_by_line() {
        let told = item(&flood()).unwrap();
        assert_eq!(
            told,
            "alice/flood in dataset\n  title     Flood\\u{1b}[2J\n  when      2023-11-01T12:00:00Z to 2024-01-01T12:00:00Z\n  where     -66.7, 17.9, -66.5, 18.1\n  license   CC-BY-4.0\n  keywords  sar, flood\n  provider  alice (producer)\n  asset     s.tif (data, image/tiff, 2.00 KiB)\n            http://h/s.tif"
        );
    }

    #[test]
    fn whatever_a_hub_answers_is_shown() {
        for odd in [json!(null), json!([]), json!({"id": 7, "assets": [], "properties": "x"})] {
            let odd = to_raw_value(&odd).unwrap();
            let _ = (item_line(&odd), collection(&odd), item(&odd).unwrap());
            assert!(collection_of(&odd).is_err());
        }
    }

    #[test]
    fn a_collection_is_a_line() {
        let all = json!({
            "id": "dataset", "title": "Datasets",
            "extent": {"spatial": {"bbox": [[-66.7, 17.9, -66.5, 18.1]]}, "temporal": {"interval": [["2023-11-01T12:00:00Z", null]]}}
        });
        let line = String::from_utf8(collection(&to_raw_value(&all).unwrap())).unwrap();
        assert_eq!(
            line,
            "dataset      2023-11-01         .. -66.7, 17.9, -66.5, 18.1       Datasets\n"
        );
    }
}
