//! Cells: which one a place is in, and which ones an item meets.

use super::grid::{Grid, System, hexagon};
use super::spread;
use crate::Bounds;

fn grid(system: System, precision: u8) -> Grid {
    Grid { system, precision }
}

#[test]
fn cells_are_those_that_others_find() {
    for (x, y, system, precision, name) in [
        (10.40744, 57.64911, System::Geohash, 11, "u4pruydqqvj"),
        (-5.6, 42.6, System::Geohash, 5, "ezs42"),
        (-180.0, -90.0, System::Geohash, 3, "000"),
        (180.0, 90.0, System::Geohash, 12, "zzzzzzzzzzzz"),
        (4.912_350, 52.374_081, System::Geotile, 8, "8/131/84"),
        (0.0, 0.0, System::Geotile, 0, "0/0/0"),
        (0.0, 0.0, System::Geotile, 1, "1/1/1"),
        (-180.0, 90.0, System::Geotile, 29, "29/0/0"),
        (180.0, -90.0, System::Geotile, 29, "29/536870911/536870911"),
    ] {
        let grid = grid(system, precision);
        assert_eq!(grid.name(grid.cell(x, y)), name);
    }
}

#[test]
fn a_place_is_in_its_cell() {
    for (system, precision) in
        [(System::Geohash, 3), (System::Geohash, 6), (System::Geotile, 2), (System::Geotile, 9)]
    {
        let grid = grid(system, precision);
        for at in 0..400 {
            let (x, y) = (f64::from(at) * 0.899 - 179.9, f64::from(at * 7 % 400) * 0.449 - 89.8);
            let place = grid.place(grid.cell(x, y));
            let (min, max) = (place.min(), place.max());
            assert!(min.x <= x && x <= max.x && min.y <= y && y <= max.y, "{x} {y} {place:?}");
        }
    }
}

#[test]
fn an_item_is_in_each_cell_that_it_meets() {
    let grid = grid(System::Geohash, 1);
    let names = |bounds: Bounds, geometry: Option<&str>| -> Vec<String> {
        spread::cells(grid, &bounds, geometry).into_iter().map(|cell| grid.name(cell)).collect()
    };
    let wide = Bounds { west: -10.0, south: 10.0, east: 10.0, north: 20.0 };
    assert_eq!(names(wide, None), ["e", "s"]);
    let over = Bounds { west: 170.0, south: 10.0, east: -170.0, north: 20.0 };
    assert_eq!(names(over, None), ["8", "x"]);
    assert_eq!(spread::middle(&Bounds { west: 160.0, ..over }), (175.0, 15.0));
    assert_eq!(spread::middle(&Bounds { east: -160.0, ..over }), (-175.0, 15.0));
    // A triangle whose box has a corner in a cell that it does not meet.
    let triangle = r#"{"type":"Polygon","coordinates":[[[-40,1],[40,1],[-40,60],[-40,1]]]}"#;
    let around = Bounds { west: -40.0, south: 1.0, east: 40.0, north: 60.0 };
    assert_eq!(names(around, Some(triangle)), ["e", "g", "s"]);
    let apart = r#"{"type":"MultiPolygon","coordinates":[
        [[[-40,1],[-39,1],[-39,2],[-40,1]]],[[[100,1],[101,1],[101,2],[100,1]]]]}"#;
    assert_eq!(names(around, Some(apart)), ["e", "w"]);
    assert!(names(around, Some("{}")).is_empty());
    let all = Bounds { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };
    assert_eq!(names(all, None).len(), 32);
    assert!(spread::cells(Grid { precision: 12, ..grid }, &all, None).is_empty());
}

/// As the reference library of H3 has them (h3 4, in C).
#[test]
fn hexagons_are_those_of_h3() {
    for (x, y, resolution, name) in [
        (-122.418, 37.775, 9, "89283082803ffff"),
        (10.0, 45.5, 1, "811fbffffffffff"),
        (180.0, 0.0, 2, "827eb7fffffffff"),
        (-180.0, 0.0, 2, "827eb7fffffffff"),
        (0.0, 90.0, 3, "830326fffffffff"),
        (0.0, -90.0, 15, "8ff29380e0d0cc4"),
        (179.999, -64.7, 5, "85eaab53fffffff"),
        // Pentagons.
        (0.0, 0.0, 0, "8075fffffffffff"),
        (10.536_199_08, 64.700_000_13, 7, "870800000ffffff"),
        (-5.245_390_296_777_327, 2.300_882_111_626_744, 15, "8f7400000000000"),
    ] {
        assert_eq!(hexagon(x, y, resolution).as_deref(), Some(name), "{x} {y} {resolution}");
    }
    assert_eq!(hexagon(0.0, 0.0, 16), None);
}
