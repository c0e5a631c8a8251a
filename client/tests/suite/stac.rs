//! Finding items: what is asked for, how pages are followed, what is shown and what is left as it came.

use serde_json::{Value, json};

use crate::fake::{FakeHub, Reply, Request};
use crate::program::{failure, run};

/// Two items on two pages, in the numbers of their publisher.
fn page(request: &Request) -> Reply {
    let asked: Value = serde_json::from_slice(&request.body).unwrap();
    let (id, links) = if asked["token"] == "second" {
        ("bob/two", "[]")
    } else {
        // Elsewhere: the link's address is not followed.
        let next = r#"[{"rel":"self","href":"x"},{"rel":"next","method":"POST","merge":true,
            "href":"http://127.0.0.1:1/elsewhere","body":{"token":"second"}}]"#;
        ("alice/one", next)
    };
    Reply::json(&format!(
        r#"{{"type":"FeatureCollection","numberMatched":2,"links":{links},"features":[
            {{"id":"{id}","collection":"dataset","properties":{{"title":"T","datetime":"2024-05-05T10:00:00Z","n":18446744073709551616.10}}}}]}}"#
    ))
}

fn hub() -> FakeHub {
    FakeHub::new(|_, request| match request.line.as_str() {
        "POST /api/stac/search" => page(request),
        "GET /api/stac/collections/dataset/items/alice%2Fone"
        | "GET /api/stac/collections/dataset/items/alice%2Fone@3" => Reply::json(
            r#"{"id":"alice/one","collection":"dataset","properties":{"n":18446744073709551616.10}}"#,
        ),
        "GET /api/stac/collections" => {
            Reply::json(r#"{"collections":[{"id":"dataset","title":"Datasets"}]}"#)
        }
        _ => Reply::new(404, r#"{"code":"no_item","description":"there is no such item"}"#)
            .with("content-type", "application/json"),
    })
}

fn shown(hub: &FakeHub, arguments: &[&str]) -> String {
    let output = run(&hub.url, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_search_asks_once_a_page() {
    let hub = hub();
    let asked = "stac search --bbox=-66.7,17.9,-66.5,18.1 --collection dataset --datetime 2024-05-01T00:00:00Z/.. \
                 --sort -title --sort id flood";
    let lines = shown(&hub, &asked.split(' ').collect::<Vec<_>>());
    assert_eq!(
        lines,
        "2024-05-05 10:00 dataset      alice/one  T\n2024-05-05 10:00 dataset      bob/two  T\n"
    );
    let bodies: Vec<Value> =
        hub.requests().iter().map(|call| serde_json::from_slice(&call.body).unwrap()).collect();
    let mut body = json!({
        "bbox": [-66.7, 17.9, -66.5, 18.1], "collections": ["dataset"], "q": ["flood"], "limit": 100,
        "datetime": "2024-05-01T00:00:00Z/..",
        "sortby": [{"field": "title", "direction": "desc"}, {"field": "id", "direction": "asc"}],
    });
    assert_eq!(bodies[0], body);
    body["token"] = json!("second");
    assert_eq!(bodies, [bodies[0].clone(), body]);
}

#[test]
fn a_limit_ends_the_search_and_says_what_is_left() {
    let hub = hub();
    let output = run(&hub.url, &["stac", "search", "--limit", "1"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "hub-client: 1 of 2 items; --limit gives more\n");
    assert_eq!(hub.requests().len(), 1, "nobody needs the second page");
}

#[test]
fn documents_are_printed_as_they_came() {
    let hub = hub();
    let all = shown(&hub, &["--json", "stac", "search"]);
    assert_eq!(all.matches("18446744073709551616.10").count(), 2, "{all}");
    assert_eq!(serde_json::from_str::<Value>(&all).unwrap().as_array().unwrap().len(), 2);
    let one = shown(&hub, &["--json", "stac", "show", "alice/one@3", "--collection", "dataset"]);
    assert!(one.contains("18446744073709551616.10"), "{one}");
    assert_eq!(shown(&hub, &["stac", "show", "alice/one"]), "alice/one in dataset\n");
    assert!(shown(&hub, &["stac", "collections"]).starts_with("dataset "));
}

#[test]
fn what_cannot_be_found_or_asked_is_said() {
    let hub = hub();
    let show = ["--json", "stac", "show", "bob/none", "--collection", "dataset"];
    let (exit, code, line) = failure(&run(&hub.url, &show));
    assert_eq!((exit, code.as_str()), (3, "no_item"), "{line}");
    let (exit, code, _) = failure(&run(&hub.url, &["--json", "stac", "search", "--bbox", "1,2,3"]));
    assert_eq!((exit, code.as_str()), (2, "usage"));
    let empty = FakeHub::new(|_, _| Reply::json(r#"{"features":[],"links":[]}"#));
    let (exit, code, _) = failure(&run(&empty.url, &["--json", "stac", "show", "alice/none"]));
    assert_eq!((exit, code.as_str()), (3, "not_found"));
}

#[test]
fn a_page_that_leads_to_itself_ends_the_search() {
    let hub = FakeHub::new(|_, _| {
        Reply::json(r#"{"features":[],"links":[{"rel":"next","merge":true,"body":{"limit":100}}]}"#)
    });
    let output = run(&hub.url, &["stac", "search"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(hub.requests().len(), 1);
}
