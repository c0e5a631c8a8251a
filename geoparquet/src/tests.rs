//! Tables read back with Parquet's own reader: what comes out is what the items said.

use bytes::Bytes;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::{Value, json};

use super::bounds::MOST_PLACES;
use super::file::write_in_groups;
use super::row::OTHER;
use super::write;

/// An item with these properties; `more` are members of it.
fn item(id: &str, properties: &Value, more: &Value) -> String {
    let mut item = json!({
        "id": id, "type": "Feature", "stac_version": "1.1.0", "stac_extensions": ["e"], "collection": "c",
        "geometry": {"type": "Point", "coordinates": [1, 2]}, "bbox": [1, 2, 1, 2],
        "links": [{"rel": "self", "href": "s", "type": "t"}],
        "assets": {"a.tif": {"href": "a", "roles": ["data"], "file:size": 5}},
        "properties": properties,
    });
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    item.to_string()
}

pub(crate) fn of(properties: &[Value]) -> Vec<String> {
    properties.iter().map(|properties| item("a/b", properties, &json!({}))).collect()
}

fn file(items: &[String]) -> SerializedFileReader<Bytes> {
    file_in_groups(items, MOST_PLACES)
}

/// A table whose groups of rows have so many places.
pub(crate) fn file_in_groups(items: &[String], places: usize) -> SerializedFileReader<Bytes> {
    let mut bytes = Vec::new();
    write_in_groups(items, &mut bytes, places).unwrap();
    SerializedFileReader::new(Bytes::from(bytes)).unwrap()
}

fn rows(items: &[String]) -> Vec<Row> {
    file(items).get_row_iter(None).unwrap().map(Result::unwrap).collect()
}

fn json_of(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => json!(value),
        Field::Long(value) | Field::TimestampMicros(value) => json!(value),
        Field::Double(value) => json!(value),
        Field::Str(text) => json!(text),
        Field::Bytes(bytes) => json!(bytes.data()),
        Field::ListInternal(list) => list.elements().iter().map(json_of).collect(),
        Field::Group(row) => object(row),
        other => panic!("{other}"),
    }
}

fn object(row: &Row) -> Value {
    row.get_column_iter().map(|(name, field)| (name.clone(), json_of(field))).collect()
}

/// What a column has in each row.
pub(crate) fn column(items: &[String], name: &str) -> Vec<Value> {
    let value = |row| object(&row).get(name).cloned().unwrap_or_else(|| panic!("no {name}"));
    rows(items).into_iter().map(value).collect()
}

/// What becomes of values of one property.
fn kept(values: &[Value]) -> Vec<Value> {
    let properties: Vec<Value> = values.iter().map(|value| json!({"x": value})).collect();
    column(&of(&properties), "x")
}

/// What the other columns of a row do not say.
fn others(row: &Value) -> Value {
    serde_json::from_str(row[OTHER].as_str().unwrap()).unwrap()
}

fn key(items: &[String], name: &str) -> Value {
    let file = file(items);
    let keys = file.metadata().file_metadata().key_value_metadata().unwrap();
    let found = keys.iter().find(|key| key.key == name).unwrap();
    serde_json::from_str(found.value.as_ref().unwrap()).unwrap()
}

#[test]
fn an_item_is_a_row() {
    let properties = json!({"datetime": "2024-05-01T00:00:00Z", "gsd": 10, "title": "T", "deep": {"a": {"b": [1.5]}}});
    let found = rows(&[item("a/b", &properties, &json!({"odd:foreign": {"kept": true}}))]);
    let mut found = object(&found[0]);
    assert_eq!(
        found.as_object_mut().unwrap().remove("geometry").unwrap().as_array().unwrap().len(),
        21
    );
    let expected = json!({
        "id": "a/b", "type": "Feature", "stac_version": "1.1.0", "stac_extensions": ["e"], "collection": "c",
        "bbox": {"xmin": 1.0, "ymin": 2.0, "xmax": 1.0, "ymax": 2.0},
        "links": [{"href": "s", "rel": "self", "type": "t", "title": null}],
        "assets": {"a.tif": {"href": "a", "roles": ["data"], "file:size": 5}},
        "datetime": 1_714_521_600_000_000_i64, "gsd": 10, "title": "T", "deep": {"a": {"b": [1.5]}},
        "odd:foreign": {"kept": true},
    });
    assert_eq!(found, expected);
}

#[test]
fn values_of_one_type_have_that_type() {
    for values in [
        json!([true, false, null]),
        json!([1, -5, null, i64::MAX]),
        json!([1.5, 2.0]),
        json!(["a", "", null, "\u{e9}\"\n"]),
        json!([[], [1], null, [2, null, 3]]),
        json!([[["a"], []], [], [null, ["b", "c"]]]),
        json!([{"a": 1}, null, {"a": 2}]),
        json!([[{"a": [1]}, {"a": []}], [], [{"a": null}]]),
        json!([null, null]),
        json!([[], []]),
    ] {
        let values = values.as_array().unwrap();
        assert_eq!(&kept(values), values);
    }
    assert_eq!(kept(&[json!(1), json!(2.5)]), [json!(1.0), json!(2.5)]);
    // A structure has the members of all of them.
    let found = kept(&[json!({"a": 1}), json!({"b": "x"}), json!({})]);
    assert_eq!(
        found,
        [json!({"a": 1, "b": null}), json!({"a": null, "b": "x"}), json!({"a": null, "b": null})]
    );
}

#[test]
fn what_has_no_type_is_json() {
    let wide = "18446744073709551617".parse::<serde_json::Number>().unwrap();
    assert!(wide.is_f64());
    for values in [
        json!([1, "a"]),
        json!(["1", true, null]),
        json!([{}, {}]),
        json!([{"a": 1}, [1]]),
        json!([0.5, 9_007_199_254_740_993_i64]),
        json!([{"": 1}]),
        json!([u64::MAX]),
    ] {
        let values = values.as_array().unwrap();
        for (found, value) in kept(values).iter().zip(values) {
            let expected = if value.is_null() { Value::Null } else { json!(value.to_string()) };
            assert_eq!(found, &expected);
        }
    }
    // Only the part that is mixed.
    assert_eq!(
        kept(&[json!({"a": 1, "b": 1}), json!({"a": 2, "b": {}})]),
        [json!({"a": 1, "b": "1"}), json!({"a": 2, "b": "{}"})]
    );
    // To the last digit.
    let text = item("a/b", &json!({"x": "DIGITS"}), &json!({}));
    let text = text.replace("\"DIGITS\"", "18446744073709551617");
    assert_eq!(column(&[text], "x"), [json!("18446744073709551617")]);
    let text = item("a/b", &json!({"x": "DIGITS"}), &json!({})).replace("DIGITS", "\\ud800");
    assert_eq!(column(&[text], "x"), [json!("\"\\ud800\"")]);
}

#[test]
fn times_are_times_unless_they_would_be_cut() {
    let times = |values: &[Value]| {
        let all: Vec<Value> = values.iter().map(|value| json!({"created": value})).collect();
        column(&of(&all), "created")
    };
    let second = json!("1970-01-01T02:00:01+02:00");
    assert_eq!(times(&[second.clone(), Value::Null]), [json!(1_000_000), Value::Null]);
    assert_eq!(times(&[Value::Null]), [Value::Null]);
    for other in
        [json!("1970-01-01T00:00:00.0000001Z"), json!("2016-12-31T23:59:60Z"), json!("soon")]
    {
        assert_eq!(times(&[second.clone(), other.clone()]), [second.clone(), other]);
    }
    assert_eq!(times(&[second, json!(5)]), [json!("\"1970-01-01T02:00:01+02:00\""), json!("5")]);
}

#[test]
fn what_is_called_like_a_column_is_beside() {
    let properties = json!({"id": 1, "type": "x", "own": "p", "": 2, "gsd": 3});
    let items =
        [item("a/b", &properties, &json!({"own": "m"})), item("a/c", &json!({}), &json!({}))];
    let found = rows(&items);
    let (first, second) = (object(&found[0]), object(&found[1]));
    assert_eq!(
        (&first["id"], &first["own"], &first["gsd"]),
        (&json!("a/b"), &json!("m"), &json!(3))
    );
    assert_eq!(others(&first), json!({"properties": {"id": 1, "type": "x", "own": "p", "": 2}}));
    assert_eq!((&second[OTHER], &second["gsd"]), (&Value::Null, &Value::Null));
}

#[test]
fn places_are_as_they_were_said() {
    let place = |geometry: Value, bbox: Value| {
        item("a/b", &json!({}), &json!({"geometry": geometry, "bbox": bbox}))
    };
    let high = json!({"type": "Point", "coordinates": [1, 2, 3]});
    let all = json!({"type": "GeometryCollection", "geometries": [high]});
    // Over the antimeridian, nowhere, in a place without a box.
    let items = [
        place(json!({"type": "Point", "coordinates": [180, 0]}), json!([170, -5, -170, 5])),
        place(Value::Null, Value::Null),
        place(all.clone(), Value::Null),
    ];
    let side = |w: f64, s: f64, e: f64, n: f64| json!({"xmin": w, "ymin": s, "xmax": e, "ymax": n});
    assert_eq!(
        column(&items, "bbox"),
        [side(170.0, -5.0, -170.0, 5.0), Value::Null, side(1.0, 2.0, 1.0, 2.0)]
    );
    assert_eq!(column(&items, "geometry")[1], Value::Null);
    let geo = key(&items, "geo");
    let about = &geo["columns"]["geometry"];
    assert_eq!(about["geometry_types"], json!(["GeometryCollection Z", "Point"]));
    assert_eq!(about["crs"]["id"]["code"], "CRS84");
    assert_eq!(about["covering"]["bbox"]["xmax"], json!(["bbox", "xmax"]));
    assert_eq!(key(&items, "stac-geoparquet")["version"], "1.1.0");
    let high_box = [place(high, json!([1, 2, 3, 1, 2, 3]))];
    assert_eq!(column(&high_box, "bbox")[0]["zmax"], 3.0);
    let covering = &key(&high_box, "geo")["columns"]["geometry"]["covering"]["bbox"];
    assert_eq!(
        (&covering["zmax"], covering.as_object().unwrap().len()),
        (&json!(["bbox", "zmax"]), 6)
    );
    let mixed = [high_box[0].clone(), items[0].clone()];
    assert_eq!(column(&mixed, "bbox")[0], side(1.0, 2.0, 1.0, 2.0));
}

#[test]
fn a_place_that_is_none_is_not_lost() {
    let circle = json!({"type": "Circle", "coordinates": [1]});
    let broken = item("a/b", &json!({}), &json!({"geometry": circle, "bbox": [1, 2, 3]}));
    let found = object(&rows(&[broken])[0]);
    assert_eq!((&found["geometry"], &found["bbox"]), (&Value::Null, &Value::Null));
    assert_eq!(others(&found), json!({"geometry": circle, "bbox": [1, 2, 3]}));
    let more = json!({"type": "Point", "coordinates": [1, 2], "crs": "x"});
    let found = object(&rows(&[item("a/b", &json!({}), &json!({"geometry": more}))])[0]);
    assert!(found["geometry"].is_array());
    assert_eq!(others(&found)["geometry"]["crs"], "x");
    let measured = json!({"type": "Point", "coordinates": [1, 2, 3, 4]});
    let found = object(&rows(&[item("a/b", &json!({}), &json!({"geometry": measured}))])[0]);
    assert_eq!(others(&found)["geometry"], measured);
}

#[test]
fn projected_geometries_are_binary() {
    let point = json!({"type": "Point", "coordinates": [500_000, 4_000_000]});
    let items = of(&[json!({"proj:geometry": point}), json!({"proj:geometry": null})]);
    assert_eq!(column(&items, "proj:geometry")[0].as_array().unwrap().len(), 21);
    assert_eq!(key(&items, "geo")["columns"]["proj:geometry"]["crs"], Value::Null);
    let items = of(&[json!({"proj:geometry": point}), json!({"proj:geometry": "here"})]);
    assert_eq!(column(&items, "proj:geometry")[1], "\"here\"");
    assert!(key(&items, "geo")["columns"].get("proj:geometry").is_none());
}

#[test]
fn no_items_are_a_table_without_rows() {
    assert!(rows(&[]).is_empty());
    let schema = file(&[]).metadata().file_metadata().schema().clone();
    let names: Vec<&str> = schema.get_fields().iter().map(|field| field.name()).collect();
    assert_eq!(names[..4], ["id", "type", "stac_version", "stac_extensions"]);
    let none = item("a/b", &json!({}), &json!({"assets": {}}));
    assert!(object(&rows(&[none])[0]).get("assets").is_none());
    // What the items were asked for without is not there.
    let bare = r#"{"id":"a/b","geometry":null}"#.to_owned();
    let row = object(&rows(&[bare])[0]);
    assert_eq!(row, json!({"id": "a/b", "geometry": null, "bbox": null}));
}

#[test]
fn a_table_is_never_too_wide_or_too_deep() {
    let many = |count: usize, name: &str| -> Value {
        (0..count).map(|at| (format!("{name}{at}"), json!({"href": "x", "roles": ["y"]}))).collect()
    };
    // More assets than a structure may have members, and fewer, whose columns are too many together.
    for count in [999, 1_500] {
        let items = [item("a/b", &json!({"gsd": 1}), &json!({"assets": many(count, "a")}))];
        let found = object(&rows(&items)[0]);
        assert_eq!(others(&found), json!({"assets": many(count, "a")}));
        assert_eq!((found.get("assets"), &found["gsd"]), (None, &json!(1)));
    }
    // More properties than there may be columns.
    let properties: Value = (0..3_000).map(|at| (format!("p{at}"), json!(at))).collect();
    let found = object(&rows(&of(&[properties]))[0]);
    let beside = &others(&found)["properties"];
    assert_eq!((&found["p0"], &beside["p2999"]), (&json!(0), &json!(2_999)));
    let known = found.as_object().unwrap().keys().filter(|name| name.starts_with('p'));
    assert_eq!(known.count() + beside.as_object().unwrap().len(), 3_000);
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let text = item("a/b", &json!({"x": "DEEP"}), &json!({})).replace("\"DEEP\"", &deep);
    assert!(column(&[text], "x")[0].to_string().contains(&"[".repeat(90)));
}

#[test]
fn rows_come_in_groups_of_bounded_size() {
    let wide: Value = (0..900).map(|at| (format!("p{at}"), json!([at]))).collect();
    let items: Vec<String> = of(&[wide, json!({})]).into_iter().cycle().take(10).collect();
    let file = file_in_groups(&items, 3 * 920);
    assert_eq!(file.metadata().num_row_groups(), 4);
    let rows: Vec<Row> = file.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    for (at, row) in rows.iter().enumerate() {
        let expected = if at % 2 == 0 { json!([7]) } else { Value::Null };
        assert_eq!((rows.len(), &object(row)["p7"]), (10, &expected));
    }
}

#[test]
fn what_is_no_item_is_told() {
    for text in ["", "null", "[]", "{", "{\"id\":}"] {
        let items = [r#"{"id":"a/b"}"#.to_owned(), text.to_owned()];
        let error = write(&items, Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "item 1 is no object of JSON", "{text}");
    }
}
