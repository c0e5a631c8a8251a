//! Which system an object of PROJJSON is: by its identifier, not by its parameters.

use serde_json::Value;

/// How deep one may be nested that is handed on. Those of PROJ are nested ten deep.
const MAX_DEPTH: usize = 32;

/// What a reference system may be.
const TYPES: [&str; 16] = [
    "BoundCRS",
    "CompoundCRS",
    "DerivedEngineeringCRS",
    "DerivedGeodeticCRS",
    "DerivedGeographicCRS",
    "DerivedParametricCRS",
    "DerivedProjectedCRS",
    "DerivedTemporalCRS",
    "DerivedVerticalCRS",
    "EngineeringCRS",
    "GeodeticCRS",
    "GeographicCRS",
    "ParametricCRS",
    "ProjectedCRS",
    "TemporalCRS",
    "VerticalCRS",
];

/// Whether it looks like one, so that it may be handed on.
pub(crate) fn is_sound(object: &Value) -> bool {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    text("type").is_some_and(|kind| TYPES.contains(&kind))
        && text("name").is_some_and(|name| !name.is_empty())
        && is_flat(object, MAX_DEPTH)
}

/// Whether nothing in it is nested deeper.
fn is_flat(value: &Value, most: usize) -> bool {
    let below = |value: &Value| most.checked_sub(1).is_some_and(|most| is_flat(value, most));
    match value {
        Value::Array(all) => all.iter().all(below),
        Value::Object(all) => all.values().all(below),
        _ => true,
    }
}

/// The code of EPSG that means the same, for positions that are east first.
pub(crate) fn epsg(object: &Value) -> Option<u32> {
    let object = match object.get("type").and_then(Value::as_str) {
        // The first component is the horizontal one.
        Some("CompoundCRS") if object.get("id").is_none() => object.get("components")?.get(0)?,
        Some("BoundCRS") => object.get("source_crs")?,
        _ => object,
    };
    let id = object.get("id").or_else(|| object.get("ids")?.get(0))?;
    let (authority, code) = (id.get("authority")?.as_str()?, id.get("code")?);
    if authority.eq_ignore_ascii_case("OGC") {
        return match code.as_str()? {
            "CRS84" | "CRS84h" => Some(4326),
            "CRS83" => Some(4269),
            "CRS27" => Some(4267),
            _ => None,
        };
    }
    if !authority.eq_ignore_ascii_case("EPSG") {
        return None;
    }
    let number = code.as_u64().or_else(|| code.as_str()?.parse().ok())?;
    u32::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_reference_system_is_not_handed_on() {
        let nested = |deep: usize| (0..deep).fold(json!(1), |inner, _| json!([inner]));
        let named = |kind: &str, a: Value| json!({"type": kind, "name": "mine", "a": a});
        let cases = [
            (named("ProjectedCRS", json!({})), true),
            (named("ProjectedCRS", nested(31)), true),
            (named("ProjectedCRS", nested(32)), false),
            (named("Ellipsoid", json!({})), false),
            (json!({"type": "ProjectedCRS"}), false),
            (json!({"type": "ProjectedCRS", "name": ""}), false),
            (json!({"name": "mine"}), false),
            (json!([1]), false),
        ];
        for (object, sound) in cases {
            assert_eq!(is_sound(&object), sound, "{object}");
        }
    }

    #[test]
    fn identifiers_are_read() {
        let cases = [
            (json!({"id": {"authority": "EPSG", "code": 32631}}), Some(32631)),
            (json!({"id": {"authority": "epsg", "code": "32631"}}), Some(32631)),
            (json!({"id": {"authority": "OGC", "code": "CRS84"}}), Some(4326)),
            (json!({"ids": [{"authority": "EPSG", "code": 3035}]}), Some(3035)),
            (
                json!({"type": "CompoundCRS", "components": [{"id": {"authority": "EPSG", "code": 25832}}]}),
                Some(25832),
            ),
            (
                json!({"type": "BoundCRS", "source_crs": {"id": {"authority": "EPSG", "code": 4267}}}),
                Some(4267),
            ),
            (json!({"id": {"authority": "ESRI", "code": 102_001}}), None),
            (json!({"id": {"authority": "EPSG", "code": -1}}), None),
            (json!({"name": "WGS 84"}), None),
            (json!("EPSG:4326"), None),
        ];
        for (object, code) in cases {
            assert_eq!(epsg(&object), code, "{object}");
        }
    }
}
