//! Filters of the Common Query Language over HTTP that cannot be answered, and those that may be meant otherwise.

use serde_json::{Value, json};

use crate::stac_filters::{ITEMS, SEARCH, get, names, post, published};
use crate::support::TestHub;

#[tokio::test]
async fn what_may_be_meant_otherwise_is_told() {
    let hub = TestHub::start().await;
    published(&hub).await;
    let warnings = async |filter: &str| {
        let (status, found) = get(&hub, SEARCH, &[("filter", filter)]).await;
        assert_eq!(status, 200, "{filter}");
        found["flisthub:warnings"].clone()
    };
    let told = warnings("eo:cloudcover < 10 AND gsd = 1").await;
    assert_eq!(told.as_array().map(Vec::len), Some(1), "{told}");
    assert!(told[0].as_str().unwrap().starts_with("filter: eo:cloudcover is not among"), "{told}");
    assert_eq!(warnings("eo:cloud_cover > 1000").await, Value::Null);
    assert_eq!(warnings("eo:cloudcover IS NULL").await, Value::Null, "all are found");
    let broken = "S_INTERSECTS(geometry, POLYGON((0 0, 50 50, 50 0, 0 50, 0 0)))";
    let told = warnings(broken).await;
    assert!(told[0].as_str().unwrap().contains("has a self-intersection"), "{told}");
    assert_eq!(warnings("S_INTERSECTS(geometry, BBOX(0, 0, 50, 50))").await, Value::Null);
}

#[tokio::test]
async fn a_filter_that_cannot_be_answered_is_refused() {
    let hub = TestHub::start().await;
    published(&hub).await;
    let deep = format!("{}a = 1{}", "(".repeat(3_000), ")".repeat(3_000));
    let long = vec!["a = 1"; 20_000].join(" OR ");
    let chain = vec!["a = 1"; 1_500].join(" AND ");
    for filter in [
        "eo:cloud_cover >",
        "eo:cloud_cover > 'ten'",
        "eo:cloud_cover > 1e999",
        "nearest(geometry)",
        "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 0 0)))",
        "S_INTERSECTS(geometry, POINT(500 0))",
        "datetime > TIMESTAMP('2024-13-40T00:00:00Z')",
        "datetime > DATE('99999-01-01')",
        "",
        &chain,
    ] {
        for at in [SEARCH, ITEMS] {
            let (status, error) = get(&hub, at, &[("filter", filter)]).await;
            assert_eq!((status, &error["code"]), (400, &json!("bad_search")), "{filter}");
            let told = error["description"].as_str().unwrap();
            assert!(told.starts_with("filter: ") && told.len() < 300, "{told}");
        }
    }
    for filter in [&deep, &long] {
        let (status, error) =
            post(&hub, &json!({"filter": filter, "filter-lang": "cql2-text"})).await;
        assert_eq!((status, &error["code"]), (400, &json!("bad_search")));
    }
    // JSON itself is read to a depth that is less than what such a filter has.
    let mut nested = json!({"op": "=", "args": [{"property": "a"}, 1]});
    for _ in 0..80 {
        nested = json!({"op": "not", "args": [nested]});
    }
    assert_eq!(post(&hub, &json!({ "filter": nested })).await.0, 400);
    for (body, parameter) in [
        (json!({"filter": "a = 1"}), "filter: "),
        (json!({"filter": [1]}), "filter: "),
        (json!({"filter": {"op": "="}}), "filter: "),
        (json!({"filter": "a = 1", "filter-lang": "sql"}), "filter-lang: "),
        (json!({"filter": "a = 1", "filter-lang": 1}), "filter-lang: "),
        (json!({"filter-crs": "EPSG:3857"}), "filter-crs: "),
    ] {
        let (status, error) = post(&hub, &body).await;
        assert_eq!(status, 400, "{body}");
        assert!(error["description"].as_str().unwrap().starts_with(parameter), "{error}");
    }
    assert_eq!(names(&hub.json(&format!("{SEARCH}?limit=1")).await).len(), 1, "it lives");
}
