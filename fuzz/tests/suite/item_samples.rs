//! What publishers write, and searches.

type Samples = Vec<(&'static str, Vec<u8>)>;

const FRONT: &str = "title: Flood\ntags: [flood, sar]\nlicense: MIT\nextent:\n  spatial: [5, 45, 6, 46]\n  \
                     temporal: [\"2024-05-01\", \"2024-05-02T10:00:00Z\"]\nassets:\n  - \"*.tif\"\n\
                     providers:\n  - {name: Us, roles: [producer]}\n\"eo:cloud_cover\": 1.5\n";

fn of(samples: &[(&'static str, &str)]) -> Samples {
    samples.iter().map(|(name, text)| (*name, text.as_bytes().to_vec())).collect()
}

pub(crate) fn yamls() -> Samples {
    of(&[
        ("front-matter", FRONT),
        ("aliases", "a: &x [1, 2.5, 'three']\nb: *x\nc: {d: *x, e: ~}\nf: |\n  text\n  more\n"),
        ("empty", ""),
    ])
}

pub(crate) fn readmes() -> Samples {
    let whole =
        format!("---\n{FRONT}---\n# Flood\n\nSome *text*, [a link](https://example.com).\n");
    of(&[("whole", &whole), ("plain", "# Flood\n\nWithout any metadata, but with some text.\n")])
}

pub(crate) fn item_jsons() -> Samples {
    of(&[
        (
            "whole",
            r#"{"type":"Feature","stac_version":"1.1.0","id":"x","geometry":{"type":"Polygon","coordinates":[[[5,45],[6,45],[6,46],[5,46],[5,45]]]},"bbox":[5,45,6,46],"properties":{"datetime":"2024-05-01T00:00:00Z","n":12345678901234567890123,"empty":[],"none":null},"assets":{"a":{"href":"../a.tif","roles":["data"]}},"links":[]}"#,
        ),
        (
            "nowhere",
            r#"{"type":"Feature","stac_version":"1.1.0","id":"y","geometry":null,"properties":{"datetime":null,"start_datetime":"2024-01-01T00:00:00Z","end_datetime":"2024-01-02T00:00:00Z","title":"flisthub:/ and flisthub:./"},"assets":{},"links":[]}"#,
        ),
    ])
}

pub(crate) fn wkts() -> Samples {
    of(&[
        ("polygon", "POLYGON ((5 45, 6.5 45, 6.5 46.25, 5 46, 5 45))"),
        ("point", "POINT (5.5 45.25)"),
        ("lines", "MULTILINESTRING ((1 2, 3 4, 5 6), (-7 8, 9 -10))"),
    ])
}

pub(crate) fn searches() -> Samples {
    of(&[
        (
            "all",
            r#"{"collections":["dataset"],"ids":["alice/x"],"bbox":[170,-10,-170,10],"datetime":"2024-01-01T00:00:00Z/..","q":["flood","[sar]"],"sortby":[{"field":"id","direction":"desc"}],"fields":{"include":["id"],"exclude":["assets"]},"limit":20}"#,
        ),
        (
            "place",
            r#"{"intersects":{"type":"Polygon","coordinates":[[[5,45],[6,45],[6,46],[5,46],[5,45]]]},"limit":100}"#,
        ),
        ("nothing", "{}"),
    ])
}
