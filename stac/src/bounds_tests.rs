//! What hostile metadata costs, and what is kept of what a publisher wrote.

use serde_json::{Value, json};

use super::Settings;
use super::compose_tests::{Told, composed, front, heard_with, rendered, rendered_in};

fn warned(draft: &Told, of: &str) -> bool {
    draft.warnings.iter().any(|warning| warning.contains(of))
}

fn readme(yaml: &str) -> Vec<u8> {
    format!("---\ncategory: dataset\n{yaml}\n---\n").into_bytes()
}

/// So many small files, whose paths are that long.
fn many(count: usize, length: usize) -> Vec<String> {
    let long = format!("{}/", "d".repeat(200)).repeat(length / 201);
    (0..count).map(|at| format!("{long}{at:05}.bin")).collect()
}

fn with(names: &[String], front: &[u8]) -> Told {
    let mut files: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    files.push(("README.md", front));
    composed(&files, None).unwrap()
}

#[test]
fn rules_do_not_multiply_what_they_say() {
    let names = many(1_000, 0);
    let long = "x".repeat(900_000);
    let draft = with(&names, &readme(&format!("assets: [{{glob: '*.bin', x: {long}}}]")));
    assert!(warned(&draft, "assets[0]: it says more than 8 KiB"), "{:?}", draft.warnings);
    assert!(draft.document.len() < 10_000);
    let most = "x".repeat(8_000);
    let draft = with(&names, &readme(&format!("assets: [{{glob: '*.bin', x: {most}}}]")));
    assert!(warned(&draft, "only the first 1024 KiB"), "{:?}", draft.warnings);
    let assets = rendered(&draft)["assets"].as_object().unwrap().len();
    assert!((100..200).contains(&assets) && draft.document.len() < 2 << 20, "{assets}");
    assert!(rendered(&draft)["assets"].get("README.md").is_some());
}

#[test]
fn paths_in_texts_and_keys_are_bounded() {
    let names = many(20, 2_000);
    for rule in ["title", "key"] {
        let bomb = "{path}".repeat(1_000);
        let draft =
            with(&names, &readme(&format!("assets: [{{glob: '*.bin', {rule}: '{bomb}'}}]")));
        assert!(warned(&draft, "too long"), "{:?}", draft.warnings);
        assert!(draft.document.len() < 20_000, "{rule}");
    }
}

#[test]
fn patterns_share_what_may_be_done() {
    let names = many(5_000, 3_000);
    // None of them means anything, so no bound of assets ends the walk.
    let rules = vec!["'**/d*x*/**/*.bin'"; 100].join(",");
    let draft = with(&names, &readme(&format!("assets: [{rules}]")));
    assert!(warned(&draft, "entries of the flist are looked at"), "{:?}", draft.warnings);
    let draft = with(&names, &readme("assets: ['*.none']"));
    assert!(warned(&draft, "no file of the flist is meant"), "{:?}", draft.warnings);
}

#[test]
fn links_assets_and_schemas_of_an_item_are_bounded() {
    let link = json!({ "rel": "via", "href": "gone" });
    let assets: serde_json::Map<String, Value> =
        (0..9_000).map(|at| (format!("a{at}"), json!({ "href": "x/y/gone" }))).collect();
    let schemas: Vec<String> = (0..3_000).map(|at| format!("https://x.example/{at}")).collect();
    let item = json!({
        "type": "Feature", "collection": "dataset", "properties": {}, "links": vec![link; 9_000],
        "assets": assets, "stac_extensions": schemas,
    });
    let related = vec!["a/b"; 5_000].join(",");
    let front = readme(&format!("related: {{dataset: [{related}], ai-model: [{related}]}}"));
    let item = item.to_string();
    let files: [(&str, &[u8]); 2] = [("stac/item.json", item.as_bytes()), ("README.md", &front)];
    let found = rendered(&composed(&files, None).unwrap());
    assert!(found["links"].as_array().unwrap().len() < 500);
    assert!(found["assets"].as_object().unwrap().len() <= 1_004);
    assert_eq!(found["stac_extensions"].as_array().unwrap().len(), 100);
}

#[test]
fn a_document_that_is_too_long_has_less_in_it() {
    let long = "x".repeat(900_000);
    let item = json!({ "type": "Feature", "properties": {}, "own": long }).to_string();
    let yaml = format!("b: {long}\ngsd: 10\n");
    let front = readme(&format!("c: {long}\ntitle: T"));
    let files: [(&str, &[u8]); 3] = [
        ("stac/item.json", item.as_bytes()),
        ("sharinghub.yaml", yaml.as_bytes()),
        ("README.md", &front),
    ];
    let draft = composed(&files, None).unwrap();
    let found = rendered(&draft);
    assert!(draft.document.len() < 2 << 20 && warned(&draft, "longer than 2048 KiB"));
    assert_eq!(
        (&found["properties"]["title"], &found["properties"]["gsd"]),
        (&json!("T"), &json!(10))
    );
    assert_eq!(found["properties"]["flisthub:warnings"], json!(draft.warnings));
}

/// A publisher's own properties come before what the hub adds.
#[test]
fn a_document_that_is_too_long_keeps_what_an_item_needs() {
    let long = "x".repeat(900_000);
    let own: serde_json::Map<String, Value> =
        (0..300).map(|at| (format!("p{at:03}"), json!(at))).collect();
    let item = json!({ "type": "Feature", "properties": own, "own": long }).to_string();
    let yaml = format!("b: {long}\n");
    let front = readme(&format!("c: {long}\ntitle: T\ntags: [k]\nlicense: MIT"));
    let files: [(&str, &[u8]); 3] = [
        ("stac/item.json", item.as_bytes()),
        ("sharinghub.yaml", yaml.as_bytes()),
        ("README.md", &front),
    ];
    let draft = composed(&files, None).unwrap();
    let properties = &rendered(&draft)["properties"];
    assert!(warned(&draft, "longer than 2048 KiB"), "{:?}", draft.warnings);
    for key in ["datetime", "created", "updated", "providers", "sharinghub:path"] {
        assert!(properties.get(key).is_some(), "{key}");
    }
    assert_eq!((&properties["title"], &properties["license"]), (&json!("T"), &json!("MIT")));
    assert_eq!(properties["keywords"], json!(["k"]));
    assert!(properties.get("p127").is_some() && properties.get("p128").is_none());
}

#[test]
fn no_document_is_longer_than_may_be() {
    let text = "x".repeat(4_000);
    let link = json!({ "rel": "via", "href": "https://x.example/", "title": text });
    let item = json!({ "type": "Feature", "properties": {}, "links": vec![&link; 210] });
    let front = readme(&format!("title: T\nlinks: {}", json!(vec![&link; 210])));
    let many: Vec<String> = (0..230).map(|at| format!("p{at}: {text}")).collect();
    let (item, many) = (item.to_string(), many.join("\n"));
    let files: [(&str, &[u8]); 3] = [
        ("stac/item.json", item.as_bytes()),
        ("sharinghub.yaml", many.as_bytes()),
        ("README.md", &front),
    ];
    let draft = composed(&files, None).unwrap();
    let found = rendered(&draft);
    assert!(draft.document.len() <= 2 << 20, "{}", draft.document.len());
    assert!(warned(&draft, "longer than 2048 KiB"), "{:?}", draft.warnings);
    assert_eq!(found["properties"]["title"], "T");
    assert!(found["properties"].get("datetime").is_some());
    assert!(found["properties"].get("p0").is_none(), "it would be too long with them");
    assert!(found["assets"].get("README.md").is_none() && found["assets"].get("flist").is_some());
    let rels = found["links"].as_array().unwrap();
    assert!(rels.iter().all(|link| link["rel"] != "via"));
}

#[test]
fn references_that_do_harm_or_lead_nowhere() {
    let yaml = "links: [{href: 'javascript:alert(1)'}]\nlicense-url: 'data:text/html,x'\n\
        assets: [{href: 'file:///etc/passwd', key: x}]\npreview: 'vbscript:x'";
    let draft = front(yaml);
    for about in ["links[0]", "license-url", "assets[0]", "preview"] {
        assert!(
            warned(&draft, &format!("{about}: addresses of that kind")),
            "{:?}",
            draft.warnings
        );
    }
    for bad in ["javascript", "data:text", "etc/passwd", "vbscript"] {
        assert!(!draft.document.contains(bad), "{bad}");
    }
    // Browsers read these without the control characters.
    let draft = front(
        "links: [{href: \"java\\tscript:x\"}]\nlicense-url: \"java\\nscript:x\"\n\
        assets: [{href: \"\\u0001javascript:x\", key: x}]\npreview: \"java\\rscript:x\"\n\
        providers: [{name: A, url: \"java\\tscript:x\"}, {name: B, url: 'javascript:x'}]",
    );
    for about in ["links[0]", "license-url", "assets[0]", "preview", "providers"] {
        assert!(warned(&draft, &format!("{about}: ")), "{about}: {:?}", draft.warnings);
    }
    assert!(!draft.document.contains("script:x"), "{}", draft.document);
    let providers = &rendered(&draft)["properties"]["providers"];
    assert_eq!((&providers[0], &providers[1]), (&json!({ "name": "A" }), &json!({ "name": "B" })));
    let item = br#"{"type":"Feature","collection":"dataset","properties":{"providers":[
        {"name":"P","url":"javascript:x","own":1.10},{"name":"Q","url":"https://q.example/"}]},
        "stac_extensions":["javascript:x","https://q.example/v1/schema.json"],"links":[
        {"rel":"via","href":"gone.html"},{"rel":"via","href":"JavaScript:x"},
        {"rel":"via","href":"java\nscript:x"},{"rel":"via","href":"\u0001javascript:x"}],
        "assets":{"bad":{"href":"javascript:x"},"worse":{"href":"java\tscript:x"},"git":{"href":"git+https://github.com/a/b"}}}"#;
    let draft = composed(&[("stac/item.json", item)], None).unwrap();
    let found = rendered(&draft);
    assert!(draft.document.contains("gone.html") && found["assets"].get("bad").is_none());
    assert!(!draft.document.to_lowercase().contains("script:x"), "{}", draft.document);
    assert!(found["assets"].get("worse").is_none());
    assert!(draft.document.contains(r#"{"name":"P","own":1.10}"#), "{}", draft.document);
    assert_eq!(found["properties"]["providers"][1]["url"], "https://q.example/");
    assert_eq!(found["stac_extensions"], json!(["https://q.example/v1/schema.json"]));
    assert_eq!(found["assets"]["git"]["href"], "git+https://github.com/a/b");
}

#[test]
fn files_are_found_by_encoded_and_by_plain_names() {
    let front = readme("assets: [{path: 'a%20b.tif'}, {path: 'c#d.tif'}, {path: 'e%20f.tif'}]");
    let files: [(&str, &[u8]); 4] =
        [("README.md", &front), ("a b.tif", b"1"), ("c#d.tif", b"22"), ("e%20f.tif", b"333")];
    let found = rendered(&composed(&files, None).unwrap());
    for (key, size) in [("a b.tif", 1), ("c#d.tif", 2), ("e%20f.tif", 3)] {
        assert_eq!(found["assets"][key]["file:size"], size, "{key}");
    }
}

#[test]
fn own_assets_and_thumbnails_keep_their_place() {
    let front = readme("assets: ['*.png', {path: x.bin, key: archive}]");
    let files: [(&str, &[u8]); 3] =
        [("README.md", &front), ("preview.png", b"1"), ("x.bin", b"22")];
    let draft = composed(&files, None).unwrap();
    let found = rendered(&draft);
    assert_eq!(found["assets"]["preview.png"]["roles"], json!(["thumbnail"]));
    assert_eq!(found["assets"]["archive"]["file:size"], 2);
    assert!(found["assets"]["flist"]["href"].as_str().unwrap().ends_with("/alice/flood.flist"));
    let names = many(1_100, 0);
    let mut files: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let all = readme("assets: ['*.bin']");
    files.extend([("README.md", &all[..]), ("preview.png", &b"1"[..])]);
    let found = rendered(&composed(&files, None).unwrap());
    assert_eq!(found["assets"]["preview.png"]["roles"], json!(["thumbnail"]));
    assert!(found["assets"].get("README.md").is_some());
}

#[test]
fn what_a_publisher_wrote_stays_under_what_is_laid_over_it() {
    let item = br#"{"type":"Feature","collection":"dataset","properties":{"category":"mine","created":"2024-01-02",
        "end_datetime":"2024-01-03","start_datetime":"2024-01-01","datetime":null,
        "o":{"big":123456789012345678901234567890,"f":1.10,"p":{"q":2.50}}},"assets":{}}"#;
    let front = b"---\no: {x: 1, p: {y: 2}}\n---\n";
    let draft = composed(&[("stac/item.json", item), ("README.md", front)], None).unwrap();
    for kept in ["123456789012345678901234567890", "\"f\":1.10", "\"q\":2.50"] {
        assert!(draft.document.contains(kept), "{kept} in {}", draft.document);
    }
    let found = rendered(&draft);
    let properties = &found["properties"];
    assert_eq!((&properties["o"]["x"], &properties["o"]["p"]["y"]), (&json!(1), &json!(2)));
    assert_eq!(properties["category"], "mine");
    assert_eq!(properties["created"], "2024-01-02T00:00:00Z");
    assert_eq!(properties["end_datetime"], "2024-01-03T23:59:59Z");
}

#[test]
fn an_open_span_of_a_collection_keeps_its_begin() {
    let collection = json!({ "type": "Collection", "links": [], "extent": {
        "temporal": { "interval": [["2020-01-01T00:00:00Z", null]] } } });
    let text = collection.to_string();
    let api = json!({ "categories": ["dataset"] });
    let draft = composed(&[("stac/collection.json", text.as_bytes())], Some(&api)).unwrap();
    let interval = draft.interval.unwrap();
    assert_eq!(interval.start, Some(1_577_836_800_000_000));
    assert_eq!(interval.end, Some(1_714_903_200_000_000));
}

#[test]
fn each_collection_has_the_features_of_its_category() {
    let mut settings = Settings::default();
    for (at, value) in [(0, "enable"), (1, "disable")] {
        settings.categories[at].features.insert("map-viewer".to_owned(), json!(value));
        settings.categories[at].features.insert("jupyter".to_owned(), json!(value));
    }
    let front = b"---\ncategories: [dataset, ai-model]\nsharinghub: {jupyter: own}\n---\n";
    let draft = heard_with(&[("README.md", front)], None, &settings).draft.unwrap();
    for (category, value) in [("ai-model", "enable"), ("dataset", "disable")] {
        let properties = &rendered_in(&draft, category)["properties"];
        assert_eq!(properties["sharinghub:map-viewer"], value);
        assert_eq!(properties["sharinghub:jupyter"], "own");
    }
}

#[test]
fn nothing_said_excludes_from_nothing() {
    for nothing in
        [json!({ "categories": null }), json!({ "category": null }), json!({ "category": "" })]
    {
        let files: [(&str, &[u8]); 1] = [("README.md", b"---\ncategory: dataset\n---\n")];
        assert_eq!(composed(&files, Some(&nothing)).unwrap().categories, ["dataset"]);
    }
}
