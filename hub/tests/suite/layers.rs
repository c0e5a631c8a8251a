//! The layers of the hub: who may know of SQL, and who of HTTP.

use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Lines of code that name one of `words`, comments left out.
fn naming(words: &[&str], allowed: &[&str]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20, "the sources are not where they were");
    let mut found = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        // Tests look behind the layers.
        if name.ends_with("tests.rs") {
            continue;
        }
        if allowed.iter().any(|allowed| name.starts_with(allowed)) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let lines = code.filter(|line| words.iter().any(|word| line.contains(word)));
        found.extend(lines.map(|line| format!("{name}: {line}")));
    }
    found
}

#[test]
fn only_the_catalog_knows_sql() {
    assert_eq!(naming(&["sqlx"], &["catalog/"]), Vec::<String>::new());
}

#[test]
fn only_the_edge_knows_http() {
    let edge =
        ["routes/", "auth/caller.rs", "error.rs", "server.rs", "door/", "auth/jwt/remote.rs"];
    let words = ["axum", "hyper", "tower", "StatusCode", "HeaderMap"];
    assert_eq!(naming(&words, &edge), Vec::<String>::new());
}

#[test]
fn handlers_leave_the_rules_to_actions() {
    let words = [
        "catalog.publish",
        "catalog.delete",
        "catalog.link",
        "catalog.rename",
        "store.put",
        "store.flush",
    ];
    let not_routes = ["actions/", "backup/", "catalog/", "cli/", "jobs/", "state.rs"];
    assert_eq!(naming(&words, &not_routes), Vec::<String>::new());
}
