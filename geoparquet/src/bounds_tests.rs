//! Lists that say little and take many places: what becomes of them, and how rows are put into groups.

use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::FileReader as _;
use serde_json::{Value, json};

use super::bounds::{MOST_LEAVES, MOST_PLACES};
use super::tests::{column, file_in_groups, of};

/// An item with that value as its property `x`, as it is written.
fn with(x: &str) -> String {
    of(&[json!({"x": "VALUE"})]).concat().replace("\"VALUE\"", x)
}

/// A list of one object with so many members, and of that many without one.
fn sparse(members: usize, others: usize) -> String {
    let first: Value = (0..members).map(|at| (format!("m{at}"), json!(at))).collect();
    format!("[{first}{}]", ",{}".repeat(others))
}

/// Rows of each group, and whether `x` has a type of its own.
fn groups(items: &[String], places: usize) -> (Vec<i64>, bool) {
    let file = file_in_groups(items, places);
    let fields = file.metadata().file_metadata().schema().get_fields();
    let x = fields.iter().find(|field| field.name() == "x").unwrap();
    let rows = file.metadata().row_groups().iter().map(RowGroupMetaData::num_rows);
    (rows.collect(), x.is_group())
}

#[test]
fn lists_that_take_far_more_places_than_bytes_are_json() {
    let x = sparse(990, 345_000);
    assert!(x.len() < 1 << 20, "{}", x.len());
    assert_eq!(column(&[with(&x)], "x"), [json!(x)]);
    // The same in many items, and in lists of lists.
    let many: Vec<String> = (0..50).map(|_| with(&sparse(90, 400))).collect();
    assert_eq!(groups(&many, usize::MAX), (vec![50], false));
    let nested = with(&format!("[{}]", vec![sparse(90, 400); 10].join(",")));
    assert!(!groups(&[nested], usize::MAX).1);
    let inside = with(&format!(r#"{{"a":{}}}"#, sparse(90, 400)));
    assert_eq!(column(&[inside], "x"), [json!(format!(r#"{{"a":{}}}"#, sparse(90, 400)))]);
    // What says something in each place stays what it is.
    for typed in [
        r#"[{"name":"B01","gsd":60},{"name":"B02"},{"gsd":10},{},null]"#.to_owned(),
        sparse(9, 9),
        format!("[{}]", ["[1,2]"; 999].join(",")),
    ] {
        assert!(groups(&[with(&typed), with("null"), with("[]")], usize::MAX).1, "{typed}");
    }
}

#[test]
fn no_row_takes_more_places_than_a_group() {
    let numbers = |count: usize| with(&json!(vec![7; count]).to_string());
    let items = [numbers(1), numbers(2_000), numbers(1)];
    assert!(groups(&items, 2_100).1);
    assert_eq!(groups(&items, 1_900), (vec![3], false));
    // Nor do all of its columns together: the first ones keep their types.
    let properties: Value = (0..4).map(|at| (format!("p{at}"), json!(vec![7; 500]))).collect();
    let file = file_in_groups(&of(&[properties]), 1_600);
    let fields = file.metadata().file_metadata().schema().get_fields();
    let typed = |name: &str| fields.iter().any(|field| field.name() == name && field.is_group());
    assert_eq!(["p0", "p1", "p2", "p3"].map(typed), [true, true, true, false]);
}

#[test]
fn rows_are_put_into_groups_by_their_places() {
    let long = with(&json!(vec![7; 20_000]).to_string());
    let items = vec![long.clone(); 40];
    assert_eq!(groups(&items, 100_000), (vec![4; 10], true));
    // Those that are short take little.
    let mixed: Vec<String> =
        (0..9).map(|at| if at == 4 { long.clone() } else { with("[1]") }).collect();
    assert_eq!(groups(&mixed, 20_050), (vec![4, 2, 3], true));
}

#[test]
fn the_widest_columns_are_given_up_first_and_no_more_than_must_be() {
    // 10 + 20 + … + 300 columns, in an order that is not theirs.
    let widths = (1..=30).map(|at| at * 7 % 31 * 10);
    let wide =
        |width: usize| -> Value { (0..width).map(|at| (format!("m{at}"), json!(at))).collect() };
    let properties: Value = widths.map(|width| (format!("w{width}"), wide(width))).collect();
    let file = file_in_groups(&of(&[properties]), MOST_PLACES);
    let schema = file.metadata().file_metadata().schema_descr_ptr();
    let typed = |width: usize| {
        let fields = schema.root_schema().get_fields();
        fields.iter().any(|field| field.name() == format!("w{width}") && field.is_group())
    };
    let kept: Vec<usize> = (1..=30).map(|at| at * 10).filter(|width| typed(*width)).collect();
    // Up to 190 they are 1,900 together; the 200 would be too many, for all that is beside them.
    assert_eq!(kept, (1..=19).map(|at| at * 10).collect::<Vec<_>>());
    assert!(schema.num_columns() <= MOST_LEAVES, "{}", schema.num_columns());
}
