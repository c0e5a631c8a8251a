//! Whatever is asked of whatever there is, there is an answer.

use proptest::prelude::*;
use serde_json::json;

use super::tests::{evaluate, fixture, item};
use crate::{Filter, generated};

proptest! {
    /// Whatever is asked of whatever there is, there is an answer, and NOT turns it round.
    #[test]
    fn any_filter_is_evaluated(tree in generated::filter()) {
        let filter = Filter::from_json(&crate::json::write(&tree)).unwrap();
        let opposite = Filter::from_json(&json!({ "op": "not", "args": [filter.to_json()] })).unwrap();
        let item = fixture();
        let found = filter.evaluate(&item);
        prop_assert_eq!(found.clone().map(|truth| truth.map(|holds| !holds)), opposite.evaluate(&item));
        prop_assert_eq!(found.is_err(), !filter.functions().is_empty());
    }

    /// Geometries that are no good, with edges that cross and rings that lie upon one another, break nothing.
    #[test]
    fn any_two_geometries_are_related(
        first in prop::collection::vec((-3..=3_i8, -3..=3_i8), 3..8),
        second in prop::collection::vec((-3..=3_i8, -3..=3_i8), 3..8),
        kinds in (0..5_u8, 0..5_u8),
    ) {
        let shape = |at: &[(i8, i8)], kind: u8| {
            let mut ring = at.to_vec();
            ring.push(at[0]);
            let hole: Vec<_> = ring.iter().map(|(x, y)| (y / 2, x / 2)).collect();
            match kind {
                0 => json!({ "type": "Polygon", "coordinates": [ring] }),
                1 => json!({ "type": "Polygon", "coordinates": [ring, hole] }),
                2 => json!({ "type": "MultiPolygon", "coordinates": [[ring], [hole]] }),
                3 => json!({ "type": "LineString", "coordinates": at }),
                _ => json!({ "type": "MultiPoint", "coordinates": at }),
            }
        };
        let item = item(json!({ "a": shape(&first, kinds.0), "b": shape(&second, kinds.1) }));
        for operator in ["CONTAINS", "CROSSES", "DISJOINT", "EQUALS", "INTERSECTS", "OVERLAPS", "TOUCHES", "WITHIN"] {
            let filter = format!("S_{operator}(a, b)");
            // Most are known all the same; what is not must not end the process.
            let _ = evaluate(&filter, &item);
        }
    }
}
