//! A tree as JSON.

use serde_json::{Value, json};

use crate::geometry::{Geometry, Line, Position};
use crate::number::Number;
use crate::tree::{End, Expr};

pub(crate) fn write(expression: &Expr) -> Value {
    match expression {
        Expr::Boolean(value) => json!(value),
        Expr::Text(text) => json!(text),
        Expr::Number(value) => number(*value),
        Expr::Date(date) => json!({ "date": date.to_string() }),
        Expr::Timestamp(instant) => json!({ "timestamp": instant.to_string() }),
        Expr::Interval(ends) => json!({ "interval": [end(&ends.0), end(&ends.1)] }),
        Expr::Geometry(shape) => geometry(shape),
        Expr::BBox(bbox) => json!({ "bbox": bbox.numbers() }),
        Expr::Array(parts) => all(parts),
        Expr::Property(name) => json!({ "property": name }),
        Expr::Function(name, parts) => json!({ "op": name, "args": all(parts) }),
        Expr::And(parts) => json!({ "op": "and", "args": all(parts) }),
        Expr::Or(parts) => json!({ "op": "or", "args": all(parts) }),
        Expr::Not(of) => one("not", of),
        Expr::Compare(operator, pair) => two(operator.name(), pair),
        Expr::Like(pair) => two("like", pair),
        Expr::Between(three) => {
            let (of, low, high) = &**three;
            json!({ "op": "between", "args": [write(of), write(low), write(high)] })
        }
        Expr::In(of, parts) => json!({ "op": "in", "args": [write(of), all(parts)] }),
        Expr::IsNull(of) => one("isNull", of),
        Expr::Spatial(operator, pair) => two(operator.name(), pair),
        Expr::Temporal(operator, pair) => two(operator.name(), pair),
        Expr::Arrays(operator, pair) => two(operator.name(), pair),
        Expr::CaseI(of) => one("casei", of),
        Expr::AccentI(of) => one("accenti", of),
        Expr::Arithmetic(operator, pair) => two(operator.name(), pair),
    }
}

fn all(parts: &[Expr]) -> Value {
    parts.iter().map(write).collect()
}

fn one(operator: &str, of: &Expr) -> Value {
    json!({ "op": operator, "args": [write(of)] })
}

fn two(operator: &str, pair: &(Expr, Expr)) -> Value {
    json!({ "op": operator, "args": [write(&pair.0), write(&pair.1)] })
}

fn number(value: Number) -> Value {
    let Some(whole) = value.integer() else { return json!(value.as_f64()) };
    // Integers that are kept as ones fit into one of the two.
    i64::try_from(whole).map_or_else(|_| json!(u64::try_from(whole).ok()), |whole| json!(whole))
}

fn end(end: &End) -> Value {
    match end {
        End::Open => json!(".."),
        End::At(Expr::Date(date)) => json!(date.to_string()),
        End::At(Expr::Timestamp(instant)) => json!(instant.to_string()),
        End::At(other) => write(other),
    }
}

fn geometry(shape: &Geometry) -> Value {
    let (name, coordinates) = match shape {
        Geometry::Point(at) => ("Point", position(at)),
        Geometry::LineString(positions) => ("LineString", line(positions)),
        Geometry::Polygon(rings) => ("Polygon", lines(rings)),
        Geometry::MultiPoint(points) => ("MultiPoint", line(points)),
        Geometry::MultiLineString(each) => ("MultiLineString", lines(each)),
        Geometry::MultiPolygon(polygons) => {
            ("MultiPolygon", polygons.iter().map(|rings| lines(rings)).collect())
        }
        Geometry::Collection(parts) => {
            let parts: Vec<_> = parts.iter().map(geometry).collect();
            return json!({ "type": "GeometryCollection", "geometries": parts });
        }
    };
    json!({ "type": name, "coordinates": coordinates })
}

fn lines(lines: &[Line]) -> Value {
    lines.iter().map(|positions| line(positions)).collect()
}

fn line(positions: &[Position]) -> Value {
    positions.iter().map(position).collect()
}

fn position(at: &Position) -> Value {
    [Some(at.x), Some(at.y), at.z].into_iter().flatten().collect()
}
