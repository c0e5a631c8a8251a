//! Aggregations over HTTP: how fine they are, where clients find them, how long they are remembered, and what is refused.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::stac_aggregations::{AGGREGATE, SCENES, buckets, get, named, post, published};
use crate::support::TestHub;

#[tokio::test]
async fn parts_of_time_and_grids_are_as_fine_as_is_asked() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    published(&hub, &token, SCENES).await;
    for (unit, expected) in [
        ("year", vec![("1965-01-01", 1), ("2023-01-01", 1), ("2024-01-01", 5)]),
        ("quarter", vec![("1965-01-01", 1), ("2023-10-01", 1), ("2024-01-01", 5)]),
        (
            "week",
            vec![
                ("1965-03-01", 1),
                ("2023-12-25", 1),
                ("2024-01-01", 1),
                ("2024-01-15", 1),
                ("2024-02-26", 3),
            ],
        ),
        (
            "day",
            vec![
                ("1965-03-01", 1),
                ("2023-12-31", 1),
                ("2024-01-01", 1),
                ("2024-01-17", 1),
                ("2024-03-01", 1),
                ("2024-03-02", 2),
            ],
        ),
    ] {
        let expected: BTreeMap<String, u64> =
            expected.into_iter().map(|(day, count)| (format!("{day}T00:00:00Z"), count)).collect();
        // By the database, and item by item.
        for more in [("q", "scene"), ("filter", "id LIKE 'alice/%'")] {
            let pairs = [
                ("aggregations", "datetime_frequency"),
                ("datetime_frequency_interval", unit),
                more,
            ];
            let (_, found) = get(&hub, AGGREGATE, &pairs).await;
            assert_eq!(buckets(named(&found, "datetime_frequency")), expected, "{unit}");
        }
    }
}

#[tokio::test]
async fn an_item_is_in_the_cells_that_it_meets() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    published(&hub, &token, SCENES).await;
    let (_, found) = get(
        &hub,
        AGGREGATE,
        &[
            (
                "aggregations",
                "datetime_frequency,grid_geohash_frequency,geometry_geotile_grid_frequency",
            ),
            ("datetime_frequency_interval", "second"),
            ("grid_geohash_frequency_precision", "3"),
            ("geometry_geotile_grid_frequency_precision", "9"),
            ("ids", "alice/scene0"),
        ],
    )
    .await;
    let one = |key: &str| BTreeMap::from([(key.to_owned(), 1)]);
    assert_eq!(buckets(named(&found, "datetime_frequency")), one("2023-12-31T23:59:59Z"));
    assert_eq!(buckets(named(&found, "grid_geohash_frequency")), one("s1z"));
    // Columns from 270.2 to 270.9, rows from 240.9 to 241.6 of 512.
    let tiles = buckets(named(&found, "geometry_geotile_grid_frequency"));
    let expected = ["9/270/240", "9/270/241"].map(|tile| (tile.to_owned(), 1));
    assert_eq!(tiles, BTreeMap::from(expected));
}

#[tokio::test]
async fn what_is_remembered_ends_with_the_next_change() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    for published_up_to in 1..=3 {
        published(&hub, &token, &SCENES[..published_up_to]).await;
        for name in ["total_count", "platform_frequency"] {
            for _ in 0..2 {
                let (_, found) = get(&hub, AGGREGATE, &[("aggregations", name)]).await;
                let found = named(&found, name);
                let all = match name {
                    "total_count" => found["value"].as_u64().unwrap(),
                    _ => buckets(found).values().sum(),
                };
                assert_eq!(all, published_up_to as u64);
            }
        }
    }
}

#[tokio::test]
async fn clients_find_what_can_be_aggregated() {
    let hub = TestHub::start().await;
    let (root, conformance) =
        (hub.json("/api/stac/").await, hub.json("/api/stac/conformance").await);
    for class in ["aggregation", "aggregation#query", "aggregation#filter"] {
        let class = json!(format!("https://api.stacspec.org/v0.3.0/{class}"));
        assert!(conformance["conformsTo"].as_array().unwrap().contains(&class));
    }
    let dataset = hub.json("/api/stac/collections/dataset").await;
    for (body, at) in [(&root, "/api/stac"), (&dataset, "/api/stac/collections/dataset")] {
        let links = body["links"].as_array().unwrap();
        let at = format!("{}{at}", hub.hub.public_url());
        for (rel, method) in [
            ("aggregate", json!("GET")),
            ("aggregate", json!("POST")),
            ("aggregations", Value::Null),
        ] {
            let link = links.iter().find(|link| link["rel"] == rel && link["method"] == method);
            assert_eq!(link.unwrap()["href"], format!("{at}/{rel}"));
        }
    }
    for at in ["/api/stac/aggregations", "/api/stac/collections/dataset/aggregations"] {
        let listed = hub.json(at).await;
        assert_eq!(listed["links"][0]["href"], format!("{}{at}", hub.hub.public_url()));
        let frequency = named(&listed, "platform_frequency");
        assert_eq!(frequency["data_type"], "frequency_distribution");
        assert_eq!(frequency["frequency_distribution_data_type"], "string");
        let names: Vec<&str> = listed["aggregations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        let (status, found) = get(&hub, AGGREGATE, &[("aggregations", &names.join(","))]).await;
        assert_eq!(status, 200, "{found}");
        let found = found["aggregations"].as_array().unwrap();
        assert!(names.len() > 10 && found.iter().map(|one| &one["name"]).eq(&names));
    }
    // Of nothing in particular, nothing.
    let response = hub.get(AGGREGATE).await;
    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(response.json::<Value>().await.unwrap()["aggregations"], json!([]));
    let again = hub.request(Method::GET, AGGREGATE).header("if-none-match", tag).send().await;
    assert_eq!(again.unwrap().status(), 304);
}

#[tokio::test]
async fn what_cannot_be_aggregated_is_told() {
    let hub = TestHub::start().await;
    for (pairs, expected) in [
        (
            vec![("aggregations", "nothing_count")],
            "aggregations: there is no `nothing_count`; there are: total_count",
        ),
        (vec![("limit", "5")], "limit: there is no such parameter here; there are: collections"),
        (vec![("sortby", "id")], "sortby: there is no such parameter here"),
        (
            vec![("grid_geohash_frequency_precision", "13")],
            "grid_geohash_frequency_precision: it must be a whole number from 1 to 12",
        ),
        (
            vec![("datetime_frequency_interval", "fortnight")],
            "datetime_frequency_interval: it must be one of: year, quarter",
        ),
        (vec![("bbox", "1,2,3")], "bbox: "),
        (vec![("filter", "platform <")], "filter: at byte 10"),
        (
            vec![("bbox", "0,0,1,1"), ("intersects", r#"{"type":"Point","coordinates":[0,0]}"#)],
            "bbox: it does not go",
        ),
    ] {
        for at in [AGGREGATE, "/api/stac/collections/dataset/aggregate"] {
            let (status, told) = get(&hub, at, &pairs).await;
            assert_eq!((status, &told["code"]), (400, &json!("bad_search")), "{told}");
            let message = told["description"].as_str().unwrap();
            assert!(message.starts_with(expected), "{message}");
        }
    }
    for body in [
        json!({"aggregations": [1]}),
        json!({"aggregations": ["total_count"], "limit": 3}),
        json!({"aggregations": ["total_count"], "after": "x"}),
        json!({"grid_geotile_frequency_precision": 30}),
    ] {
        for at in [AGGREGATE, "/api/stac/collections/dataset/aggregate"] {
            let (status, told) = post(&hub, at, &body).await;
            assert_eq!((status, &told["code"]), (400, &json!("bad_search")), "{told}");
        }
    }
    for name in ["aggregate", "aggregations"] {
        let response = hub.get(&format!("/api/stac/collections/none/{name}")).await;
        assert_eq!(response.status(), 404);
    }
    let (status, told) =
        get(&hub, AGGREGATE, &[("aggregations", "total_count"), ("q", ":starred")]).await;
    assert_eq!((status, &told["code"]), (401, &json!("unauthorized")));
}
