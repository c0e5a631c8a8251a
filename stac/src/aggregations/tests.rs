use serde_json::{Map, Value, json};

use super::calendar::Unit;
use super::{AGGREGATIONS, Item, Tally, of_body, of_query};
use crate::Bounds;
use crate::rfc3339::microseconds;

fn asked(text: &str) -> Result<super::Aggregate, String> {
    let pairs: Vec<(String, String)> = text
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    of_query(&pairs).map_err(|error| error.to_string())
}

fn tallied(asked_for: &str, items: &[(Option<&str>, Option<Bounds>, Value)]) -> Vec<Value> {
    let mut tally = Tally::new(&asked(asked_for).unwrap().wanted);
    for (datetime, bounds, properties) in items {
        let datetime = datetime.map(|time| microseconds(time).unwrap());
        let (properties, bounds) = (properties.as_object().unwrap(), *bounds);
        tally.add(&Item { collection: "a", datetime, bounds, geometry: None, properties });
    }
    tally.aggregations()
}

fn keys(aggregation: &Value) -> Vec<(String, u64)> {
    let buckets = aggregation["buckets"].as_array().unwrap().iter();
    let key = |bucket: &Value| bucket["key"].as_str().unwrap().to_owned();
    buckets.map(|bucket| (key(bucket), bucket["frequency"].as_u64().unwrap())).collect()
}

#[test]
fn times_are_in_the_part_of_the_calendar_in_which_they_are() {
    for (time, unit, begin) in [
        ("2024-05-17T13:45:59.9Z", Unit::Second, "2024-05-17T13:45:59Z"),
        ("2024-05-17T13:45:59.9Z", Unit::Minute, "2024-05-17T13:45:00Z"),
        ("2024-05-17T13:45:59.9Z", Unit::Hour, "2024-05-17T13:00:00Z"),
        ("2024-05-17T13:45:59.9Z", Unit::Day, "2024-05-17T00:00:00Z"),
        ("2024-05-17T13:45:59.9Z", Unit::Week, "2024-05-13T00:00:00Z"),
        ("2024-05-13T00:00:00Z", Unit::Week, "2024-05-13T00:00:00Z"),
        ("2024-05-12T23:59:59Z", Unit::Week, "2024-05-06T00:00:00Z"),
        ("1969-12-31T23:59:59Z", Unit::Week, "1969-12-29T00:00:00Z"),
        ("1969-12-31T23:59:59Z", Unit::Day, "1969-12-31T00:00:00Z"),
        ("2024-02-29T00:00:00Z", Unit::Month, "2024-02-01T00:00:00Z"),
        ("2024-03-31T00:00:00Z", Unit::Quarter, "2024-01-01T00:00:00Z"),
        ("2024-12-31T00:00:00Z", Unit::Quarter, "2024-10-01T00:00:00Z"),
        ("2024-12-31T00:00:00Z", Unit::Year, "2024-01-01T00:00:00Z"),
        ("0000-06-01T00:00:00Z", Unit::Year, "0000-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", Unit::Quarter, "9999-10-01T00:00:00Z"),
    ] {
        let found = unit.begin(microseconds(time).unwrap());
        assert_eq!(found, microseconds(begin), "{time} {unit:?}");
    }
    for unit in [Unit::Second, Unit::Day, Unit::Week, Unit::Month, Unit::Year] {
        for time in [i64::MIN, i64::MAX] {
            unit.begin(time / 2);
        }
    }
}

#[test]
fn what_is_counted_is_in_one_bucket_or_in_overflow() {
    let item = |clouds: Value, angle: Value, platform: Value| {
        let mut properties = Map::new();
        properties.insert("eo:cloud_cover".to_owned(), clouds);
        properties.insert("view:off_nadir".to_owned(), angle);
        properties.insert("platform".to_owned(), platform);
        properties.into()
    };
    let time = "2024-05-01T00:00:00Z";
    let found = tallied(
        "aggregations=total_count,datetime_min,datetime_max,datetime_frequency,\
         cloud_cover_frequency,off_nadir_frequency,platform_frequency,grid_geohash_frequency",
        &[
            (Some(time), None, item(json!(4.99), json!(0), json!("b"))),
            (Some("2023-02-01T00:00:00Z"), None, item(json!(5), json!(4.9), json!("b"))),
            (Some("2024-05-02T00:00:00Z"), None, item(json!(100), json!(-0.1), json!("a"))),
            (None, None, item(json!("5"), json!(1e300), json!(7))),
            (None, None, item(Value::Null, json!([1]), json!("x".repeat(257)))),
        ],
    );
    assert_eq!(found[0], json!({"name": "total_count", "data_type": "integer", "value": 5}));
    let first =
        json!({"name": "datetime_min", "data_type": "datetime", "value": "2023-02-01T00:00:00Z"});
    assert_eq!(found[1], first);
    assert_eq!(found[2]["value"], "2024-05-02T00:00:00Z");
    assert_eq!(
        found[3],
        json!({
            "name": "datetime_frequency", "data_type": "frequency_distribution", "overflow": 2,
            "buckets": [
                {"key": "2023-02-01T00:00:00Z", "data_type": "datetime", "frequency": 1},
                {"key": time, "data_type": "datetime", "frequency": 2},
            ],
        })
    );
    assert_eq!(
        found[4]["buckets"],
        json!([
            {"key": "*-5.0", "data_type": "numeric", "frequency": 1, "to": 5.0},
            {"key": "5.0-15.0", "data_type": "numeric", "frequency": 1, "from": 5.0, "to": 15.0},
            {"key": "15.0-40.0", "data_type": "numeric", "frequency": 0, "from": 15.0, "to": 40.0},
            {"key": "40.0-*", "data_type": "numeric", "frequency": 1, "from": 40.0},
        ])
    );
    assert_eq!(found[4]["overflow"], 2);
    let angles = keys(&found[5]);
    assert_eq!(angles[..2], [("-5.0-0.0".to_owned(), 1), ("0.0-5.0".to_owned(), 2)]);
    assert_eq!((angles.len(), &found[5]["overflow"]), (3, &json!(1)));
    assert_eq!(keys(&found[6]), [("b".to_owned(), 2), ("a".to_owned(), 1)]);
    assert_eq!((&found[6]["overflow"], &found[7]["overflow"]), (&json!(2), &json!(5)));
    assert_eq!(tallied("aggregations=datetime_max", &[])[0]["value"], Value::Null);
}

#[test]
fn items_without_a_place_are_in_no_hexagon() {
    let box_at = |x: f64| Some(Bounds { west: x, south: 45.0, east: x + 1.0, north: 46.0 });
    let items =
        [(None, box_at(9.5), json!({})), (None, box_at(9.6), json!({})), (None, None, json!({}))];
    let found =
        tallied("aggregations=grid_geohex_frequency&grid_geohex_frequency_precision=1", &items);
    assert_eq!(
        (keys(&found[0]), &found[0]["overflow"]),
        (vec![("811fbffffffffff".to_owned(), 2)], &json!(1))
    );
}

#[test]
fn there_is_an_end_to_buckets() {
    let items: Vec<_> =
        (0..50).map(|at| (None, None, json!({"platform": format!("p{}", at % 25)}))).collect();
    let found = tallied("aggregations=platform_frequency", &items);
    // Twenty, in tests.
    assert_eq!(found[0]["buckets"].as_array().unwrap().len(), 20);
    assert_eq!(found[0]["overflow"], 10);
}

#[test]
fn a_request_says_what_and_over_which_items() {
    let text = "aggregations=datetime_frequency, grid_geohash_frequency,datetime_frequency\
                &datetime_frequency_interval=week&grid_geohash_frequency_precision=7&ids=a/b&q=x";
    let mut one = asked(text).unwrap();
    let body = json!({
        "aggregations": ["datetime_frequency", "grid_geohash_frequency"], "ids": ["a/b"], "q": ["x"],
        "datetime_frequency_interval": "week", "grid_geohash_frequency_precision": 7,
        "grid_geotile_frequency_precision": null,
    });
    assert_eq!(one, of_body(body.as_object().unwrap()).unwrap());
    assert_eq!((one.wanted.list.len(), one.wanted.unit()), (2, Some(Unit::Week)));
    assert_eq!(*one.wanted.list[1].of.precision().unwrap().0, 7);
    assert!(
        asked("").unwrap().wanted.is_empty() && asked("aggregations=").unwrap().wanted.is_empty()
    );
    for fits in [
        "geohash_frequency_precision=1",
        "geohash_frequency_precision=12",
        "geohex_frequency_precision=15",
        "geotile_frequency_precision=29",
    ] {
        assert!(asked(&format!("grid_{fits}")).is_ok(), "{fits}");
    }
    for known in AGGREGATIONS {
        let wanted = asked(&format!("aggregations={}", known.name)).unwrap().wanted;
        assert_eq!(wanted.list, [*known]);
    }
}

#[test]
fn what_cannot_be_is_refused_by_its_name() {
    for (text, expected) in [
        ("aggregations=x_count", "aggregations: there is no `x_count`; there are: total_count, "),
        ("aggregations=total_count,", "aggregations: there is no ``"),
        (
            "aggregations=total_count&aggregations=total_count",
            "aggregations: it stands there twice",
        ),
        (
            "datetime_frequency_interval=decade",
            "datetime_frequency_interval: it must be one of: year",
        ),
        (
            "grid_geohash_frequency_precision=0",
            "grid_geohash_frequency_precision: it must be a whole number from 1 to 12",
        ),
        ("grid_geohash_frequency_precision=13", "grid_geohash_frequency_precision: it"),
        (
            "centroid_geotile_grid_frequency_precision=30",
            "centroid_geotile_grid_frequency_precision: it must be a whole number from 0 to 29",
        ),
        ("grid_geohex_frequency_precision=16", "grid_geohex_frequency_precision: it"),
        (
            "geometry_geotile_grid_frequency_precision=-1",
            "geometry_geotile_grid_frequency_precision: ",
        ),
        (
            "geometry_geotile_grid_frequency_precision=",
            "geometry_geotile_grid_frequency_precision: ",
        ),
        (
            "platform_frequency_precision=1",
            "platform_frequency_precision: there is no such parameter here",
        ),
        ("limit=1", "limit: there is no such parameter here; there are: collections, ids,"),
        ("sortby=id", "sortby: there is no"),
        ("bbox=1", "bbox: "),
    ] {
        let told = asked(text).unwrap_err();
        assert!(told.starts_with(expected), "{told}");
    }
    for (body, expected) in [
        (json!({"aggregations": 7}), "aggregations: it must be a list of names"),
        (json!({"aggregations": ["total_count", 7]}), "aggregations: it must be a list of names"),
        (json!({"grid_geohash_frequency_precision": 1.5}), "grid_geohash_frequency_precision: it"),
        (json!({"grid_geohash_frequency_precision": 256}), "grid_geohash_frequency_precision: it"),
        (json!({"datetime_frequency_interval": 1}), "datetime_frequency_interval: it must be one"),
        (json!({"limit": 1}), "limit: there is no such parameter here"),
    ] {
        let told = of_body(body.as_object().unwrap()).unwrap_err().to_string();
        assert!(told.starts_with(expected), "{told}");
    }
}
