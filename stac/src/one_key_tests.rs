//! Assets that would have one key: which is taken, and what the publisher is told of the others.

use serde_json::{Value, json};

use super::Settings;
use super::compose_tests::{Told, composed, front, heard_with, rendered};

const ONE: &[u8] = b"1";
const TWO: &[u8] = b"22";

/// An item of these files, with such rules in its front matter.
fn with(assets: &str, files: &[(&str, &'static [u8])]) -> (Told, Value) {
    let front = format!("---\ncategory: dataset\nassets: {assets}\n---\n");
    let mut all: Vec<(&str, &[u8])> = files.to_vec();
    all.push(("README.md", front.as_bytes()));
    let draft = composed(&all, None).unwrap();
    let found = rendered(&draft);
    (draft, found)
}

/// Whether one warning has all of that in it.
fn told(draft: &Told, all: &[&str]) -> bool {
    draft.warnings.iter().any(|warning| all.iter().all(|one| warning.contains(one)))
}

#[test]
fn of_two_files_with_one_key_the_publisher_is_told() {
    let files = [("a.csv", ONE), ("b.csv", TWO), ("c.csv", TWO)];
    let (draft, found) = with("[{path: a.csv, key: x}, {path: b.csv, key: x}]", &files);
    assert_eq!(found["assets"]["x"]["file:size"], 1);
    assert_eq!(draft.warnings.len(), 1, "{:?}", draft.warnings);
    assert!(
        told(&draft, &["assets[1]: ", "`x`", "`{path}`", "a.csv is taken, b.csv is left out"]),
        "{:?}",
        draft.warnings
    );
    // However many files a pattern means, it is one warning.
    let (draft, _) = with("[{glob: '*.csv', key: x}]", &files);
    assert_eq!(draft.warnings.len(), 1, "{:?}", draft.warnings);
    assert!(
        told(&draft, &["assets[0]: ", "a.csv is taken, b.csv and 1 more are left out"]),
        "{:?}",
        draft.warnings
    );
    let (draft, _) = with("[{href: 'https://e.example/x', key: a.csv}, '*.csv']", &files);
    assert!(
        told(&draft, &["assets[1]: ", "https://e.example/x is taken, a.csv is left out"]),
        "{:?}",
        draft.warnings
    );
    let (draft, _) = with(
        "['a.csv', {href: 'https://e.example/x', key: x}, {href: 'https://e.example/y', key: x}]",
        &files,
    );
    assert!(
        told(&draft, &["assets[2]: ", "https://e.example/y is left out"]),
        "{:?}",
        draft.warnings
    );
}

#[test]
fn one_file_that_is_meant_twice_is_nothing_to_tell() {
    let files = [("a.csv", ONE), ("preview.png", TWO)];
    let rules = "[{path: a.csv, title: A}, '*.csv', '*.png', README.md]";
    let (draft, found) = with(rules, &files);
    assert_eq!(draft.warnings, Vec::<String>::new());
    assert_eq!(found["assets"]["a.csv"]["title"], "A");
}

#[test]
fn a_key_that_is_the_hubs_own_is_told() {
    let files = [("x.bin", ONE), ("archive", TWO)];
    for (rules, key) in [
        ("[{path: x.bin, key: archive}]", "archive"),
        ("[{path: x.bin, key: flist}]", "flist"),
        ("[{href: 'https://e.example/x', key: flist}]", "flist"),
        ("[archive]", "archive"),
    ] {
        let (draft, found) = with(rules, &files);
        assert_eq!(draft.warnings.len(), 1, "{rules}: {:?}", draft.warnings);
        let key_told = format!("`{key}` is the key of the hub's own asset");
        assert!(told(&draft, &["assets[0]: ", &key_told, "another `key`"]), "{:?}", draft.warnings);
        let href = found["assets"][key]["href"].as_str().unwrap();
        assert!(!href.ends_with("flood.flist") && !href.contains("/export"), "{rules}: {href}");
    }
    let item = json!({ "type": "Feature", "collection": "dataset", "properties": {},
        "assets": { "archive": { "href": "../x.bin" } } });
    let item = item.to_string();
    let draft = composed(&[("stac/item.json", item.as_bytes()), files[0]], None).unwrap();
    assert!(
        told(&draft, &["stac/item.json: assets.archive: ", "give x.bin another `key`"]),
        "{:?}",
        draft.warnings
    );
}

#[test]
fn the_preview_and_the_readme_are_not_left_out_in_silence() {
    let files = [("a.png", ONE), ("preview.png", TWO)];
    let (draft, _) =
        with("[{path: a.png, key: preview.png}, {path: a.png, key: README.md}]", &files);
    for (about, left_out) in [("preview: ", "preview.png"), ("README: ", "README.md")] {
        let what = format!("a.png is taken, {left_out} is left out");
        assert!(told(&draft, &[about, &what]), "{:?}", draft.warnings);
    }
}

/// The rules of a category are the operator's: a publisher has its way with a key of them.
#[test]
fn rules_of_a_category_are_not_told_of() {
    let mut settings = Settings::default();
    settings.categories.iter_mut().for_each(|category| {
        category.assets = vec![
            json!({ "glob": "*.bin", "key": "x" }),
            json!({ "path": "b.bin", "key": "flist" }),
        ];
    });
    let front = b"---\ncategory: dataset\nassets: [{path: a.bin, key: x}]\n---\n";
    let files: [(&str, &[u8]); 3] = [("README.md", front), ("a.bin", ONE), ("b.bin", TWO)];
    let heard = heard_with(&files, None, &settings);
    assert_eq!(heard.warnings, Vec::<String>::new());
}

#[test]
fn long_keys_and_paths_leave_room_for_what_to_do() {
    let long = "k".repeat(3_000);
    let draft = front(&format!(
        "assets: [{{href: 'https://e.example/{long}', key: {long}}}, {{path: README.md, key: {long}}}]"
    ));
    assert_eq!(draft.warnings.len(), 1, "{:?}", draft.warnings);
    assert!(told(&draft, &["a `key` of its own", "README.md is left out"]), "{:?}", draft.warnings);
}
