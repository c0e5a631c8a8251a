//! What searches find of four collections, which are in one order of the configuration.

use serde_json::{Value, json};

use crate::collection_search::{CollectionBody, CollectionPage};
use crate::parameters::of_collections;
use crate::{Bounds, Extent, Interval};

/// Microseconds of the first second of a year.
fn year(year: i64) -> i64 {
    let text = format!("{year}-01-01T00:00:00Z");
    crate::rfc3339::microseconds(&text).unwrap()
}

fn collection(body: &Value, bounds: [f64; 4], interval: [Option<i64>; 2]) -> CollectionBody {
    let [west, south, east, north] = bounds;
    let [start, end] = interval;
    let text = |at: Option<i64>| at.map(|at| format!("{}-01-01T00:00:00Z", at / year(1971) + 1970));
    let mut body = body.as_object().unwrap().clone();
    body.insert("extent".to_owned(), json!({"temporal": {"interval": [[text(start), text(end)]]}}));
    let bounds = Some(Bounds { west, south, east, north });
    CollectionBody { body, extent: Extent { bounds, interval: Some(Interval { start, end }) } }
}

/// Over Europe, over the antimeridian without an end, one place without a begin, and one of which nothing is known.
fn all() -> Vec<CollectionBody> {
    let mut all = vec![
        collection(
            &json!({"id": "europe", "title": "Snow and ice", "description": "Two winters", "license": "other",
                   "keywords": ["snow", "ice sheet"], "summaries": {"gsd": {"minimum": 10}}}),
            [-10.0, 40.0, 30.0, 60.0],
            [Some(year(1980)), Some(year(1990))],
        ),
        collection(
            &json!({"id": "fiji", "title": "Floods", "description": "Of the sea", "license": "MIT", "keywords": ["water"]}),
            [170.0, -20.0, -170.0, -10.0],
            [Some(year(1985)), None],
        ),
        collection(
            &json!({"id": "buoy", "title": "A buoy", "description": "In the sea", "license": "CC0-1.0"}),
            [0.0, 0.0, 0.0, 0.0],
            [None, Some(year(1975))],
        ),
    ];
    let empty =
        json!({"id": "none", "title": "Nothing yet", "description": "Nothing", "license": "other"});
    let body = empty.as_object().unwrap().clone();
    all.push(CollectionBody { body, extent: Extent::default() });
    all
}

fn page(query: &[(&str, &str)]) -> Result<CollectionPage, String> {
    let pairs: Vec<_> =
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let search = of_collections(&pairs).map_err(|error| error.to_string())?;
    search.page(all()).map_err(|error| error.to_string())
}

fn ids(page: &CollectionPage) -> String {
    let ids = page.collections.iter().map(|body| body["id"].as_str().unwrap());
    ids.collect::<Vec<_>>().join(" ")
}

#[test]
fn each_parameter_finds_what_it_asks_for() {
    for (name, value, expected) in [
        ("bbox", "-180,-90,180,90", "europe fiji buoy none"),
        ("bbox", "20,50,40,70", "europe none"),
        ("bbox", "30,60,40,70", "europe none"),
        ("bbox", "30.1,60,40,70", "none"),
        ("bbox", "-175,-15,-174,-14", "fiji none"),
        ("bbox", "175,-15,176,-14", "fiji none"),
        ("bbox", "160,-15,169,-14", "none"),
        ("bbox", "150,-30,-160,0", "fiji none"),
        ("bbox", "179,-5,10,45", "europe buoy none"),
        ("bbox", "0,0,1,0,0,2", "buoy none"),
        ("datetime", "1985-06-01T00:00:00Z", "europe fiji none"),
        ("datetime", "1990-01-01T00:00:00Z/..", "europe fiji none"),
        ("datetime", "1990-01-01T00:00:01Z/..", "fiji none"),
        ("datetime", "../1960-01-01T00:00:00Z", "buoy none"),
        ("datetime", "1976-01-01T00:00:00Z/1979-01-01T00:00:00Z", "none"),
        ("q", "SEA", "fiji buoy"),
        ("q", "ice sheet", "europe"),
        ("q", "sheet ice", ""),
        ("q", "ice, buoy", "europe buoy"),
        ("q", "sea AND -floods", "buoy"),
        ("q", "fiji", "fiji"),
        ("q", "-sea", "europe none"),
        ("q", "[snow]", "europe"),
        ("q", "[Snow]", ""),
        ("query", "{\"license\": {\"in\": [\"MIT\", \"CC0-1.0\"]}}", "fiji buoy"),
        ("query", "{\"keywords\": {\"contains\": \"water\"}}", "fiji"),
        ("filter", "title LIKE 'Snow%' OR id = 'buoy'", "europe buoy"),
        ("filter", "properties.license = 'MIT'", "fiji"),
        ("filter", "A_CONTAINS(keywords, ('snow'))", "europe"),
        ("filter", "keywords IS NULL", "buoy none"),
        ("filter", "summaries.gsd.minimum < 20", "europe"),
        ("filter", "S_INTERSECTS(geometry, POINT(20 50))", "europe none"),
        ("filter", "S_INTERSECTS(geometry, POINT(-175 -15))", "fiji none"),
        ("filter", "S_WITHIN(geometry, BBOX(-1, -1, 1, 1))", "buoy"),
        ("filter", "start_datetime > TIMESTAMP('1982-01-01T00:00:00Z')", "fiji"),
        ("filter", "end_datetime < '1991-01-01T00:00:00Z'", "europe buoy"),
        ("filter", "nothing = 1", ""),
        ("sortby", "id", "buoy europe fiji none"),
        ("sortby", "-title", "europe none fiji buoy"),
        ("sortby", "license,-id", "buoy fiji none europe"),
        ("sortby", "-start_datetime", "fiji europe buoy none"),
        ("sortby", "end_datetime", "buoy europe fiji none"),
    ] {
        let found = page(&[(name, value)]).unwrap();
        assert_eq!(ids(&found), expected, "{name}={value}");
        assert_eq!((found.matched, &found.next), (found.collections.len(), &None), "{value}");
    }
    let both = page(&[("q", "sea"), ("bbox", "0,0,0,0"), ("filter", "id <> 'none'")]).unwrap();
    assert_eq!(ids(&both), "buoy");
    assert_eq!(ids(&page(&[]).unwrap()), "europe fiji buoy none");
}

#[test]
fn pages_lead_to_one_another() {
    let of = |after: Option<&str>| {
        let mut query = vec![("limit", "2"), ("sortby", "-id"), ("filter", "id <> 'fiji'")];
        query.extend(after.map(|after| ("after", after)));
        page(&query).unwrap()
    };
    let first = of(None);
    assert_eq!((ids(&first).as_str(), first.matched), ("none europe", 3));
    assert_eq!((first.next.as_deref(), &first.previous), (Some("europe"), &None));
    let second = of(Some("europe"));
    assert_eq!((ids(&second).as_str(), second.matched), ("buoy", 3));
    assert_eq!((&second.next, &second.previous), (&None, &Some(None)));
    // A page may begin behind what is not found.
    assert_eq!(ids(&of(Some("fiji"))), "europe buoy");
    let one = |after: &str| page(&[("limit", "1"), ("after", after)]).unwrap();
    assert_eq!(one("fiji").previous, Some(Some("europe".to_owned())));
    assert_eq!((one("none").collections.len(), one("none").matched), (0, 4));
    assert!(page(&[("after", "nobody")]).unwrap_err().starts_with("after: "));
}
