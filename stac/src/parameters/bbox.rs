//! `bbox`: a box of four numbers, or of six, whose heights say nothing here.

use super::error::ParameterError;
use crate::Bounds;

const FORM: &str = "it must be four numbers, west,south,east,north, or six with heights";

fn wrong(message: impl Into<String>) -> ParameterError {
    ParameterError::new("bbox", message)
}

/// Reads the text of a query.
pub(super) fn of_text(text: &str) -> Result<Bounds, ParameterError> {
    // One more than there may be is enough to see that there are too many.
    let numbers = text.splitn(8, ',').map(|number| number.trim().parse::<f64>());
    let numbers: Result<Vec<f64>, _> = numbers.collect();
    of_numbers(&numbers.map_err(|_| wrong(FORM))?)
}

/// Reads numbers.
pub(super) fn of_numbers(numbers: &[f64]) -> Result<Bounds, ParameterError> {
    if !numbers.iter().all(|number| number.is_finite()) {
        return Err(wrong(FORM));
    }
    let (west, south, east, north) = match *numbers {
        [west, south, east, north] => (west, south, east, north),
        [west, south, low, east, north, high] => {
            if low > high {
                return Err(wrong("its lower height is above its upper one"));
            }
            (west, south, east, north)
        }
        _ => return Err(wrong(FORM)),
    };
    if south > north {
        return Err(wrong("its south is north of its north"));
    }
    if south < -90.0 || north > 90.0 {
        return Err(wrong("latitudes are from -90 to 90"));
    }
    let (west, east) = around(west, east)?;
    Ok(Bounds { west, south, east, north })
}

/// Brings longitudes into the range from -180 to 180: a map that was moved over the antimeridian asks for 170 to 190.
fn around(west: f64, east: f64) -> Result<(f64, f64), ParameterError> {
    if west.abs() > 360.0 || east.abs() > 360.0 {
        return Err(wrong("longitudes are from -180 to 180"));
    }
    if east - west >= 360.0 {
        return Ok((-180.0, 180.0));
    }
    let turn = |degrees: f64| match degrees {
        degrees if degrees > 180.0 => degrees - 360.0,
        degrees if degrees < -180.0 => degrees + 360.0,
        degrees => degrees,
    };
    Ok((turn(west), turn(east)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_read() {
        for (text, west, south, east, north) in [
            ("1,2,3,4", 1.0, 2.0, 3.0, 4.0),
            (" -1.5 , 2e0,3,4 ", -1.5, 2.0, 3.0, 4.0),
            ("1,2,0,3,4,100", 1.0, 2.0, 3.0, 4.0),
            ("170,0,-170,1", 170.0, 0.0, -170.0, 1.0),
            ("170,0,190,1", 170.0, 0.0, -170.0, 1.0),
            ("-190,0,-170,1", 170.0, 0.0, -170.0, 1.0),
            ("-200,-90,200,90", -180.0, -90.0, 180.0, 90.0),
            ("-180,-90,180,90", -180.0, -90.0, 180.0, 90.0),
            ("1,2,1,2", 1.0, 2.0, 1.0, 2.0),
        ] {
            assert_eq!(of_text(text).unwrap(), Bounds { west, south, east, north }, "{text}");
        }
    }

    #[test]
    fn what_is_no_box_is_refused() {
        for text in [
            "",
            "1",
            "1,2",
            "1,2,3",
            "1,2,3,4,5",
            "1,2,3,4,5,6,7",
            "1,2,3,4,5,6,7,8,9",
            "[1,2,3,4]",
            "1,2,3,x",
            "1,,3,4",
            "1,2,3,4,",
            "1,4,3,2",
            "1,2,3,91",
            "1,-90.5,3,4",
            "1,2,9,3,4,8",
            "nan,2,3,4",
            "1,2,inf,4",
            "-400,2,3,4",
            "1,2,1e300,4",
        ] {
            assert!(of_text(text).is_err(), "{text}");
        }
    }
}
