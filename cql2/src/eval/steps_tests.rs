//! What a filter and properties cost together has an end, also where each of them is within its limits.

use serde_json::{Value, json};

use super::tests::item;
use crate::{EvaluateError, Filter};

fn evaluate(filter: &str, value: &Value) -> Result<Option<bool>, EvaluateError> {
    Filter::from_text(filter).unwrap().evaluate(&item(json!({ "v": value, "w": "b" })))
}

#[test]
fn what_takes_too_much_is_an_error() {
    let members: Vec<u32> = (0..100_000).collect();
    let others =
        format!("({})", (0..400).map(|at| format!("'{at}'")).collect::<Vec<_>>().join(", "));
    let many = format!("A_CONTAINS(({}), ('x'))", vec!["v"; 900].join(", "));
    let letters = json!("a".repeat(1 << 20));
    let folded = format!("{}v{} = 'x'", "CASEI(ACCENTI(".repeat(15), "))".repeat(15));
    for (filter, value) in [
        ("A_OVERLAPS(v, v)".to_owned(), json!(members)),
        (format!("A_OVERLAPS(v, {others})"), json!(members)),
        (many, json!(members)),
        (format!("v LIKE '%{}b'", "a".repeat(1_000)), letters.clone()),
        (folded, letters.clone()),
        (vec!["v = v"; 300].join(" OR "), letters),
        ("A_EQUALS(v, ('x'))".to_owned(), json!([vec![json!([[1]]); 4_000_000]])),
    ] {
        let told = evaluate(&filter, &value);
        assert_eq!(told, Err(EvaluateError::TooMuch), "{}", &filter[..filter.len().min(60)]);
    }
}

#[test]
fn what_is_usual_is_far_from_it() {
    let words = json!("a long description of what is to be seen here ".repeat(1_000));
    for filter in ["v LIKE '%nowhere%'", "CASEI(v) = 'x'", "v = 'x'"] {
        assert_eq!(evaluate(filter, &words), Ok(Some(false)), "{filter}");
    }
    let ring: Vec<[f64; 2]> = (0..=9_000)
        .map(|at| f64::from(at % 9_000).to_radians() / 25.0)
        .map(|angle| [angle.cos(), angle.sin()])
        .collect();
    let round = json!({ "type": "Polygon", "coordinates": [ring] });
    for (filter, expected) in [
        ("S_INTERSECTS(v, POLYGON((0 0, 5 0, 5 5, 0 0)))", true),
        ("S_WITHIN(v, BBOX(-2, -2, 2, 2))", true),
        ("S_CONTAINS(v, POINT(3 3))", false),
    ] {
        assert_eq!(evaluate(filter, &round), Ok(Some(expected)), "{filter}");
    }
}

/// Relating geometries keeps each crossing in memory.
#[test]
fn lines_that_cross_themselves_ever_again_are_not_related() {
    let half = |at: i32| -> [i32; 2] { [at % 2 * 90, at % 90] };
    let up: Vec<[i32; 2]> = (0..5_000).map(half).collect();
    let across: Vec<[i32; 2]> = (0..5_000).map(half).map(|[x, y]| [y, x]).collect();
    let line = [up, across].concat();
    let web = json!({ "type": "LineString", "coordinates": line });
    assert_eq!(evaluate("S_INTERSECTS(v, POINT(100 50))", &web), Ok(Some(false)));
    assert_eq!(evaluate("S_INTERSECTS(v, POINT(0 0))", &web), Ok(Some(true)));
    for name in ["CROSSES", "TOUCHES", "EQUALS", "WITHIN", "CONTAINS", "OVERLAPS"] {
        assert_eq!(evaluate(&format!("S_{name}(v, POINT(0 0))"), &web), Ok(None), "{name}");
    }
}
