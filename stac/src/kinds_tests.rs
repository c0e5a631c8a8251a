//! What STAC has otherwise than a publisher wrote it: it is not given out, and the publisher is told which member it is.

use serde_json::{Value, json};

use super::compose_tests::{Told, composed, front, rendered};

fn warned(draft: &Told, of: &str) -> bool {
    draft.warnings.iter().any(|warning| warning.contains(of))
}

/// The item of a publisher's own with that in it.
fn of_item(members: &Value) -> (Told, Value) {
    let mut item = json!({ "type": "Feature", "collection": "dataset", "properties": {} });
    for (key, value) in members.as_object().unwrap() {
        item[key] = value.clone();
    }
    let text = item.to_string();
    let draft = composed(&[("stac/item.json", text.as_bytes())], None).unwrap();
    let found = rendered(&draft);
    (draft, found)
}

fn links(found: &Value, rel: &str) -> usize {
    let links = found["links"].as_array().unwrap();
    assert!(links.iter().all(|link| link["href"].is_string() && link["rel"].is_string()));
    links.iter().filter(|link| link["rel"] == rel).count()
}

/// What a publisher's own item says, what a warning is about, and what is left where.
type Row = (Value, &'static str, (&'static str, Value));

fn left_out(rows: impl IntoIterator<Item = Row>) {
    for (members, about, (pointer, left)) in rows {
        let (draft, found) = of_item(&members);
        assert!(warned(&draft, about), "{members}: {:?}", draft.warnings);
        assert_eq!(found.pointer(pointer).unwrap_or(&Value::Null), &left, "{members}");
    }
}

#[test]
fn members_of_a_publishers_item_that_stac_has_otherwise_are_left_out() {
    left_out([
        (json!({ "stac_version": "0.6.0" }), "stac_version", ("/stac_version", json!("1.1.0"))),
        (json!({ "stac_version": 1 }), "stac_version", ("/stac_version", json!("1.1.0"))),
        (json!({ "stac_extensions": "x" }), "stac_extensions", ("/stac_extensions", json!([]))),
        (
            json!({ "stac_extensions": [5, "https://x.example/v1", "https://x.example/v1"] }),
            "stac_extensions",
            ("/stac_extensions", json!(["https://x.example/v1"])),
        ),
        (json!({ "links": {} }), "links", ("/properties/title", json!("flood"))),
        (json!({ "assets": [1] }), "assets", ("/properties/title", json!("flood"))),
        (json!({ "assets": { "a": 1 } }), "assets.a", ("/assets/a", Value::Null)),
        (json!({ "assets": { "a": { "href": "" } } }), "assets.a", ("/assets/a", Value::Null)),
        (
            json!({ "assets": { "a": { "href": "s3://b/k", "roles": "data", "type": 1 } } }),
            "assets.a: roles: it is no list of texts",
            ("/assets/a", json!({ "href": "s3://b/k" })),
        ),
        (
            json!({ "assets": { "a": { "href": "s3://b/k", "created": "0000-01-01T00:00:00Z" } } }),
            "assets.a: created",
            ("/assets/a", json!({ "href": "s3://b/k" })),
        ),
    ]);
}

#[test]
fn properties_of_a_publishers_item_that_stac_has_otherwise_are_left_out() {
    left_out([
        (json!({ "properties": [] }), "properties", ("/properties/title", json!("flood"))),
        (json!({ "properties": { "title": [1] } }), "title", ("/properties/title", json!("flood"))),
        (
            json!({ "properties": { "license": { "a": "b" } } }),
            "license: it is no text",
            ("/properties/license", Value::Null),
        ),
        (
            json!({ "properties": { "description": 5 } }),
            "description",
            ("/properties/description", Value::Null),
        ),
        (
            json!({ "properties": { "keywords": "a" } }),
            "keywords",
            ("/properties/keywords", Value::Null),
        ),
        (json!({ "properties": { "gsd": "10 m" } }), "gsd", ("/properties/gsd", Value::Null)),
        (
            json!({ "properties": { "providers": "x" } }),
            "providers",
            ("/properties/providers/0/name", json!("Flisthub")),
        ),
        (
            json!({ "properties": { "providers": [5, { "name": "P", "roles": "host" }] } }),
            "providers",
            ("/properties/providers/0", json!({ "name": "P" })),
        ),
        (
            json!({ "properties": { "providers": [{ "name": "" }] } }),
            "providers",
            ("/properties/providers/0/name", json!("Flisthub")),
        ),
        (
            json!({ "properties": { "created": null } }),
            "created",
            ("/properties/created", json!("2020-09-13T12:26:40Z")),
        ),
        (
            json!({ "properties": { "datetime": "0001-01-01T00:00:00+10:00" } }),
            "datetime",
            ("/properties/datetime", json!("2024-05-05T10:00:00Z")),
        ),
    ]);
}

#[test]
fn what_is_null_says_nothing() {
    let (draft, found) =
        of_item(&json!({ "links": null, "assets": null, "stac_extensions": null }));
    assert_eq!(draft.warnings, Vec::<String>::new());
    assert_eq!(links(&found, "self"), 1);
}

#[test]
fn links_that_are_none_are_left_out() {
    for bad in [
        json!(5),
        json!({ "href": "https://e.example" }),
        json!({ "href": "https://e.example", "rel": 5 }),
        json!({ "href": "https://e.example", "rel": "" }),
        json!({ "href": 5, "rel": "via" }),
        json!({ "href": "", "rel": "via" }),
        json!({ "rel": "via" }),
    ] {
        let good = json!({ "href": "https://e.example", "rel": "about", "type": 5 });
        let (draft, found) = of_item(&json!({ "links": [bad, good] }));
        assert!(warned(&draft, "stac/item.json: links[0]: "), "{bad}: {:?}", draft.warnings);
        assert!(warned(&draft, "stac/item.json: links[1]: type"), "{:?}", draft.warnings);
        assert_eq!((links(&found, "about"), links(&found, "via")), (1, 0), "{bad}");
    }
    let draft = front("links: [{href: 'https://e.example', rel: 5}]");
    assert!(warned(&draft, "links[0]: it has no text `rel`"), "{:?}", draft.warnings);
    let many = vec![json!({ "href": "https://e.example", "rel": "about" }); 201];
    let draft = front(&format!("links: {}", json!(many)));
    assert!(warned(&draft, "links: only the first 200 are taken"), "{:?}", draft.warnings);
    assert_eq!(links(&rendered(&draft), "about"), 200);
}

#[test]
fn a_geometry_is_one_of_stac_or_there_is_none() {
    let point = json!({ "type": "Point", "coordinates": [1, 2] });
    for bad in [
        json!({ "type": "Point", "coordinates": [500, 2] }),
        json!({ "type": "Point", "coordinates": [1, 91] }),
        json!({ "type": "Point" }),
        json!({ "type": "LineString", "coordinates": [[1, 2]] }),
        json!({ "type": "GeometryCollection", "geometries": [point] }),
        json!("POINT(1 2)"),
    ] {
        let (draft, found) = of_item(&json!({ "geometry": bad, "bbox": [1, 2, 1, 2] }));
        assert!(warned(&draft, "stac/item.json: geometry: "), "{bad}: {:?}", draft.warnings);
        assert_eq!((&found["geometry"], found.get("bbox")), (&Value::Null, None), "{bad}");
    }
    for bad in ["GEOMETRYCOLLECTION(POINT(1 2))", "POINT(500 2)"] {
        let draft = front(&format!("extent: {{spatial: '{bad}'}}"));
        assert!(warned(&draft, "extent.spatial: "), "{bad}: {:?}", draft.warnings);
        assert_eq!(rendered(&draft)["geometry"], Value::Null, "{bad}");
    }
    // Beyond the antimeridian it is somewhere, and is written as RFC 7946 has it.
    let over = json!({ "type": "Point", "coordinates": [190, 2] });
    let (draft, found) = of_item(&json!({ "geometry": over, "bbox": [190, 2, 190, 2] }));
    assert!(warned(&draft, "geometry: ") && warned(&draft, "bbox: "), "{:?}", draft.warnings);
    assert_eq!(found["geometry"]["coordinates"], json!([-170.0, 2.0]));
    assert_eq!(found["bbox"], json!([-170.0, 2.0, -170.0, 2.0]));
    let (draft, found) = of_item(&json!({ "geometry": point, "bbox": [1, 2, 0, 1, 2, 9] }));
    assert_eq!(draft.warnings, Vec::<String>::new());
    assert_eq!((&found["geometry"], &found["bbox"]), (&point, &json!([1, 2, 0, 1, 2, 9])));
}

#[test]
fn keys_of_another_kind_are_left_out() {
    for (yaml, about) in [
        ("extent: 5", "extent: it is no object"),
        ("sharinghub: [1]", "sharinghub: it is no object"),
        ("extensions: [x]", "extensions: it is no object"),
        ("extensions: {x: 5}", "extensions.x: "),
        ("preview: [1]", "preview: it is no text"),
        ("title: [a]", "title: it is no text"),
        ("description: {a: b}", "description: it is no text"),
        ("license: {a: b}", "license: it is no text"),
        ("license-url: 5", "license-url: it is no text"),
        ("tags: [{a: b}]", "keywords: "),
        ("gsd: ten", "gsd: "),
        ("instruments: sar", "instruments: it is no list of texts"),
        ("categories: [dataset, 5]", "categories: each is a text"),
        ("assets: [{path: README.md, roles: data}]", "assets[0]: roles: it is no list of texts"),
    ] {
        let draft = front(yaml);
        assert!(warned(&draft, about), "{yaml}: {:?}", draft.warnings);
        let found = rendered(&draft);
        assert_eq!(found["collection"], "dataset", "{yaml}");
        let properties = &found["properties"];
        assert_eq!((&properties["title"], &properties["license"]), (&json!("flood"), &Value::Null));
        assert!(found["assets"]["README.md"]["roles"].is_array(), "{yaml}");
        let of_yaml = yaml.replace("README.md", "sharinghub.yaml");
        let file = format!("category: dataset\n{of_yaml}\n");
        let draft = composed(&[("sharinghub.yaml", file.as_bytes())], None).unwrap();
        assert!(warned(&draft, about), "{yaml}: {:?}", draft.warnings);
    }
    let draft = front("title:\nlicense: null\nextent: {temporal: null}");
    assert_eq!(draft.warnings, Vec::<String>::new());
    // What is wrong with a weightier source leaves what a lighter one says.
    let files: [(&str, &[u8]); 2] = [
        ("README.md", b"---\ncategory: dataset\nlicense: MIT\n---\n"),
        ("sharinghub.yaml", b"license: [1]\ncategories: [5]\n"),
    ];
    let draft = composed(&files, None).unwrap();
    assert_eq!(rendered(&draft)["properties"]["license"], "MIT");
}
