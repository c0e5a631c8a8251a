//! Aggregations over HTTP: what they tell against what the items say, over each way in which items are found; whose items
//! count, and what is refused.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::archives::files;
use crate::stac_items::publish;
use crate::support::{TestHub, answer};

pub(crate) const AGGREGATE: &str = "/api/stac/aggregate";
const EVERYTHING: &str = "total_count,datetime_min,datetime_max,datetime_frequency,collection_frequency,\
    cloud_cover_frequency,platform_frequency,grid_code_frequency,sun_elevation_frequency,\
    centroid_geohash_grid_frequency,geometry_geotile_grid_frequency";

/// What is published, of which the expectations are made.
pub(crate) struct Scene {
    time: &'static str,
    clouds: Option<f64>,
    sun: f64,
    platform: Option<&'static str>,
    west: f64,
    south: f64,
    collections: &'static [&'static str],
}

const fn scene(
    time: &'static str,
    clouds: Option<f64>,
    sun: f64,
    platform: Option<&'static str>,
    (west, south): (f64, f64),
) -> Scene {
    Scene { time, clouds, sun, platform, west, south, collections: &["dataset"] }
}

pub(crate) const SCENES: &[Scene] = &[
    scene("2023-12-31T23:59:59Z", Some(4.0), 12.0, Some("a"), (10.0, 10.0)),
    scene("2024-01-01T00:00:00Z", Some(5.0), 14.9, Some("b"), (10.2, 10.0)),
    scene("2024-01-17T12:00:00Z", Some(39.9), 15.0, Some("b"), (100.0, -20.0)),
    scene("2024-03-01T00:00:00Z", Some(90.0), -3.0, Some("b"), (-60.0, 40.0)),
    scene("1965-03-01T00:00:00Z", None, 70.0, None, (-60.0, 40.0)),
    Scene {
        collections: &["dataset", "ai-model"],
        ..scene("2024-03-02T01:00:00Z", Some(100.0), 70.0, None, (11.0, 11.0))
    },
];

/// Publishes them all, each a box of half a degree, the last ones a triangle in it.
pub(crate) async fn published(hub: &TestHub, token: &str, scenes: &[Scene]) {
    for (at, scene) in scenes.iter().enumerate() {
        let Scene { west, south, .. } = *scene;
        let (east, north) = (west + 0.5, south + 0.5);
        let corners = if at % 2 == 0 {
            json!([[west, south], [east, south], [east, north], [west, north], [west, south]])
        } else {
            json!([[west, south], [east, south], [east, north], [west, south]])
        };
        let mut properties = json!({"datetime": scene.time, "view:sun_elevation": scene.sun});
        if let Some(clouds) = scene.clouds {
            properties["eo:cloud_cover"] = clouds.into();
        }
        if let Some(platform) = scene.platform {
            properties["platform"] = platform.into();
            properties["grid:code"] = format!("MGRS-{platform}").into();
        }
        let item = json!({
            "type": "Feature", "stac_version": "1.1.0", "id": "x", "links": [], "assets": {},
            "geometry": {"type": "Polygon", "coordinates": [corners]},
            "bbox": [west, south, east, north], "properties": properties,
        });
        let categories = scene.collections.join(", ");
        let readme = format!("---\ntitle: Scene {at}\ncategories: [{categories}]\n---\n");
        let item = item.to_string();
        let archive =
            files(&[("README.md", readme.as_bytes()), ("stac/item.json", item.as_bytes())]);
        publish(hub, token, &format!("scene{at}"), &archive).await;
    }
}

/// How many there are of each text.
fn counted<T: Ord>(texts: impl Iterator<Item = T>) -> BTreeMap<T, u64> {
    let mut counts = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_insert(0) += 1;
    }
    counts
}

pub(crate) fn buckets(aggregation: &Value) -> BTreeMap<String, u64> {
    let buckets = aggregation["buckets"].as_array().unwrap_or_else(|| panic!("{aggregation}"));
    let all = buckets.iter().map(|bucket| {
        (bucket["key"].as_str().unwrap().to_owned(), bucket["frequency"].as_u64().unwrap())
    });
    all.collect()
}

pub(crate) fn named<'a>(found: &'a Value, name: &str) -> &'a Value {
    assert_eq!(found["type"], "AggregationCollection", "{found}");
    let all = found["aggregations"].as_array().unwrap();
    all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name} in {found}"))
}

/// Compares an answer to everything with what the items say, each once for each collection.
fn expect(found: &Value, items: &[(&Scene, &str)]) {
    let value = |name: &str| &named(found, name)["value"];
    let total = items.len() as u64;
    assert_eq!(*value("total_count"), total);
    let times = || items.iter().map(|(scene, _)| scene.time);
    assert_eq!(*value("datetime_min"), json!(times().min()));
    assert_eq!(*value("datetime_max"), json!(times().max()));
    let months = counted(times().map(|time| format!("{}-01T00:00:00Z", &time[..7])));
    assert_eq!(buckets(named(found, "datetime_frequency")), months);
    let collections = counted(items.iter().map(|(_, collection)| (*collection).to_owned()));
    assert_eq!(buckets(named(found, "collection_frequency")), collections);
    for (name, before) in [("platform_frequency", ""), ("grid_code_frequency", "MGRS-")] {
        let platforms = items.iter().filter_map(|(scene, _)| scene.platform);
        let expected = counted(platforms.map(|platform| format!("{before}{platform}")));
        assert_eq!(buckets(named(found, name)), expected);
        let overflow = items.iter().filter(|(scene, _)| scene.platform.is_none()).count();
        assert_eq!(named(found, name)["overflow"], overflow);
    }
    let clouds = |from: f64, to: f64| {
        let is_in = |clouds: f64| from <= clouds && clouds < to;
        items.iter().filter(|(scene, _)| scene.clouds.is_some_and(is_in)).count() as u64
    };
    let expected = [
        ("*-5.0", clouds(0.0, 5.0)),
        ("5.0-15.0", clouds(5.0, 15.0)),
        ("15.0-40.0", clouds(15.0, 40.0)),
        ("40.0-*", clouds(40.0, 1000.0)),
    ];
    let expected: BTreeMap<String, u64> =
        expected.map(|(key, count)| (key.to_owned(), count)).into();
    assert_eq!(buckets(named(found, "cloud_cover_frequency")), expected);
    let suns = items.iter().map(|(scene, _)| (scene.sun / 5.0).floor() * 5.0);
    let suns = counted(suns.map(|sun| format!("{sun:.1}-{:.1}", sun + 5.0)));
    assert_eq!(buckets(named(found, "sun_elevation_frequency")), suns);
    // Tiles of the whole Earth, and of each box far from any other's.
    let whole_earth = BTreeMap::from([("0/0/0".to_owned(), total)]);
    let expected = if total == 0 { BTreeMap::new() } else { whole_earth };
    assert_eq!(buckets(named(found, "geometry_geotile_grid_frequency")), expected);
    let hashes = items.iter().map(|(scene, _)| match scene.west {
        west if west > 50.0 => "q",
        west if west < 0.0 => "d",
        _ => "s",
    });
    let hashes = counted(hashes.map(ToOwned::to_owned));
    assert_eq!(buckets(named(found, "centroid_geohash_grid_frequency")), hashes);
}

pub(crate) async fn get(hub: &TestHub, at: &str, pairs: &[(&str, &str)]) -> (u16, Value) {
    let mut url = reqwest::Url::parse(&format!("http://hub{at}")).unwrap();
    url.query_pairs_mut().extend_pairs(pairs);
    answer(hub.get(&format!("{at}?{}", url.query().unwrap())).await).await
}

pub(crate) async fn post(hub: &TestHub, at: &str, body: &Value) -> (u16, Value) {
    answer(hub.request(Method::POST, at).json(body).send().await.unwrap()).await
}

/// A request, and which items it is over.
type Over = (Vec<(&'static str, &'static str)>, Value, fn(&Scene, &str) -> bool);

/// Ways in which items are found: by the database alone, by closer looks at places, by filters, by lists.
fn ways() -> Vec<Over> {
    let of_time = "2024-01-01T00:00:00Z/..";
    vec![
        (vec![], json!({}), |_, _| true),
        (vec![("datetime", of_time)], json!({"datetime": of_time}), |scene, _| {
            scene.time >= "2024"
        }),
        (
            vec![("collections", "ai-model")],
            json!({"collections": ["ai-model"]}),
            |_, collection| collection == "ai-model",
        ),
        (
            vec![("ids", "alice/scene1,alice/scene4")],
            json!({"ids": ["alice/scene1", "alice/scene4"]}),
            |scene, _| matches!(scene.time, "2024-01-01T00:00:00Z" | "1965-03-01T00:00:00Z"),
        ),
        (vec![("q", "scene")], json!({"q": ["scene"]}), |_, _| true),
        (vec![("q", "nothing")], json!({"q": ["nothing"]}), |_, _| false),
        (vec![("bbox", "9,9,10.3,12")], json!({"bbox": [9, 9, 10.3, 12]}), |scene, _| {
            (9.0..=10.3).contains(&scene.west)
        }),
        (
            // What meets a triangle's box, but not the triangle.
            vec![("bbox", "10.21,10.4,10.22,10.5")],
            json!({"bbox": [10.21, 10.4, 10.22, 10.5]}),
            |scene, _| scene.west.to_bits() == 10.0_f64.to_bits(),
        ),
        (
            vec![("intersects", r#"{"type":"Point","coordinates":[10.25,10.01]}"#)],
            json!({"intersects": {"type": "Point", "coordinates": [10.25, 10.01]}}),
            |scene, _| (9.0..=10.3).contains(&scene.west),
        ),
        (
            vec![("filter", "eo:cloud_cover >= 5"), ("filter-lang", "cql2-text")],
            json!({"filter": {"op": ">=", "args": [{"property": "eo:cloud_cover"}, 5]}}),
            |scene, _| scene.clouds.is_some_and(|clouds| clouds >= 5.0),
        ),
        (
            vec![("query", r#"{"eo:cloud_cover":{"lt":50}}"#), ("bbox", "0,0,180,90")],
            json!({"query": {"eo:cloud_cover": {"lt": 50}}, "bbox": [0, 0, 180, 90]}),
            |scene, _| {
                scene.west < 50.0
                    && scene.clouds.is_some_and(|clouds| clouds < 50.0)
                    && scene.south > 0.0
            },
        ),
    ]
}

fn items(of: fn(&Scene, &str) -> bool) -> Vec<(&'static Scene, &'static str)> {
    let each = SCENES.iter().flat_map(|scene| scene.collections.iter().map(move |id| (scene, *id)));
    each.filter(|(scene, collection)| of(scene, collection)).collect()
}

#[tokio::test]
async fn what_is_told_is_what_the_items_say() {
    let hub = TestHub::start().await;
    let token = hub.user("alice").await;
    published(&hub, &token, SCENES).await;
    for (pairs, body, of) in ways() {
        let expected = items(of);
        // What is asked again is remembered.
        for _ in 0..2 {
            let pairs: Vec<_> =
                pairs.iter().copied().chain([("aggregations", EVERYTHING)]).collect();
            let (status, found) = get(&hub, AGGREGATE, &pairs).await;
            assert_eq!(status, 200, "{found}");
            expect(&found, &expected);
            let mut body = body.clone();
            body["aggregations"] = EVERYTHING.split(',').collect();
            let (status, posted) = post(&hub, AGGREGATE, &body).await;
            assert_eq!((status, &posted["aggregations"]), (200, &found["aggregations"]));
            // What the database counts by itself.
            let names =
                "total_count,datetime_min,datetime_max,datetime_frequency,collection_frequency";
            body["aggregations"] = names.split(',').collect();
            let (_, alone) = post(&hub, AGGREGATE, &body).await;
            for name in names.split(',') {
                assert_eq!(named(&alone, name), named(&found, name), "{body}");
            }
        }
        let at = "/api/stac/collections/dataset/aggregate";
        let pairs: Vec<_> =
            pairs.iter().copied().chain([("aggregations", "total_count")]).collect();
        let (status, found) = get(&hub, at, &pairs).await;
        let inside = expected.iter().filter(|(_, collection)| *collection == "dataset").count();
        assert_eq!((status, &named(&found, "total_count")["value"]), (200, &json!(inside)));
        let mut body = body.clone();
        body["aggregations"] = json!(["total_count"]);
        let (_, posted) = post(&hub, at, &body).await;
        assert_eq!(posted["aggregations"], found["aggregations"]);
    }
}

#[tokio::test]
async fn nobody_is_told_of_what_they_may_not_read() {
    let hub = TestHub::start().await;
    let (token, other) = (hub.user("alice").await, hub.user("bob").await);
    published(&hub, &token, SCENES).await;
    published(&hub, &other, &SCENES[3..4]).await;
    let change = hub.request(Method::PATCH, "/api/v1/repositories/alice").bearer_auth(&token);
    let changed = change.json(&json!({"visibility": "private"})).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    let of_bob: Vec<(&Scene, &str)> = vec![(&SCENES[3], "dataset")];
    let of_all: Vec<(&Scene, &str)> =
        items(|_, _| true).into_iter().chain(of_bob.clone()).collect();
    for more in ["", "&bbox=-180,-90,180,90", "&filter=view:sun_elevation%20%3E%20-100"] {
        for (who, expected) in [(None, &of_bob), (Some(&other), &of_bob), (Some(&token), &of_all)] {
            let path = format!("{AGGREGATE}?aggregations={EVERYTHING}{more}");
            let request = hub.request(Method::GET, &path);
            let request = match who {
                Some(token) => request.bearer_auth(token),
                None => request,
            };
            let (status, found) = answer(request.send().await.unwrap()).await;
            assert_eq!(status, 200, "{found}");
            expect(&found, expected);
        }
    }
}
