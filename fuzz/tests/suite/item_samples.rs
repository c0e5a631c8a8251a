//! What publishers write, and searches.

type Samples = Vec<(&'static str, Vec<u8>)>;

const FRONT: &str = "title: Flood\ntags: [flood, sar]\nlicense: MIT\nextent:\n  spatial: [5, 45, 6, 46]\n  \
                     temporal: [\"2024-05-01\", \"2024-05-02T10:00:00Z\"]\nassets:\n  - \"*.bin\"\n\
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
            r#"{"type":"Feature","stac_version":"1.1.0","id":"x","geometry":{"type":"Polygon","coordinates":[[[5,45],[6,45],[6,46],[5,46],[5,45]]]},"bbox":[5,45,6,46],"properties":{"datetime":"2024-05-01T00:00:00Z","n":12345678901234567890123,"empty":[],"none":null},"assets":{"a":{"href":"../a.bin","roles":["data"]}},"links":[]}"#,
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

pub(crate) fn filter_texts() -> Samples {
    of(&[
        (
            "scalars",
            "NOT (a + 2 * b ^ 2 >= 3.5 OR t LIKE 'te%' AND CASEI(t) IN ('x', CASEI(ACCENTI('é'))))",
        ),
        (
            "more",
            "a BETWEEN -1 AND 7 div 2 AND \"n\" IS NOT NULL AND c = TRUE AND A_OVERLAPS(l, ('x', 2))",
        ),
        (
            "times",
            "T_DURING(datetime, INTERVAL('2024-01-01', '..')) AND day = DATE('2024-05-01') OR datetime < TIMESTAMP('2024-05-01T00:00:00.5Z')",
        ),
        (
            "places",
            "S_INTERSECTS(geometry, POLYGON((0 0, 5 0, 5 5, 0 0))) AND NOT S_TOUCHES(BBOX(170, 0, -170, 1), geometry) AND S_WITHIN(POINT(1 2), GEOMETRYCOLLECTION(POINT(1 2 3), LINESTRING(0 0, 1 1)))",
        ),
    ])
}

pub(crate) fn filter_jsons() -> Samples {
    of(&[
        (
            "scalars",
            r#"{"op":"and","args":[{"op":"like","args":[{"op":"casei","args":[{"property":"t"}]},"te%"]},{"op":"between","args":[{"property":"a"},1,2.5]},{"op":"in","args":[{"property":"a"},[1,2]]},{"op":"not","args":[{"op":"isNull","args":[{"property":"n"}]}]}]}"#,
        ),
        (
            "times",
            r#"{"op":"t_during","args":[{"property":"datetime"},{"interval":["2024-01-01",".."]}]}"#,
        ),
        (
            "span",
            r#"{"op":"t_after","args":[{"interval":[{"property":"day"},"2024-06-01"]},{"date":"2024-01-01"}]}"#,
        ),
        (
            "places",
            r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Polygon","coordinates":[[[0,0],[5,0],[5,5],[0,0]]]}]}"#,
        ),
        (
            "sum",
            r#"{"op":"=","args":[{"op":"+","args":[{"property":"a"},{"op":"div","args":[7,2]}]},{"op":"f","args":[true,{"bbox":[170,0,-170,1]}]}]}"#,
        ),
    ])
}
