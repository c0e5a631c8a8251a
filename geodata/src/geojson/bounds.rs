//! The box around positions as they come, and which longitudes lines and rings lie over: with it, the box of what lies
//! on both sides of the antimeridian goes over it and not round the Earth.

/// Longitudes are told apart by degrees.
const DEGREES: usize = 360;

#[derive(Debug)]
pub(super) struct Bounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
    /// For each degree: whether something lies there, and the least beginning and the greatest end of parts there.
    over: Vec<(bool, f64, f64)>,
}

impl Bounds {
    pub(super) fn new() -> Self {
        let (least, most) = (f64::NEG_INFINITY, f64::INFINITY);
        let over = vec![(false, most, least); DEGREES];
        Self { west: most, south: most, east: least, north: least, over }
    }

    pub(super) fn add(&mut self, x: f64, y: f64) {
        (self.west, self.east) = (self.west.min(x), self.east.max(x));
        (self.south, self.north) = (self.south.min(y), self.north.max(y));
    }

    /// A line or a ring from there to there.
    pub(super) fn part(&mut self, west: f64, east: f64) {
        let (first, last) = (degree(west), degree(east));
        for (at, (over, begins, ends)) in
            self.over.iter_mut().enumerate().take(last + 1).skip(first)
        {
            *over = true;
            if at == first {
                *begins = begins.min(west);
            }
            if at == last {
                *ends = ends.max(east);
            }
        }
    }

    /// The box around all of them.
    pub(super) fn around(&self) -> Option<[f64; 4]> {
        (self.west <= self.east).then_some([self.west, self.south, self.east, self.north])
    }

    /// The box over the antimeridian, where there are parts at both sides of it and a gap between them. Its west is more
    /// than its east.
    pub(super) fn over_antimeridian(&self) -> Option<[f64; 4]> {
        #[expect(clippy::float_cmp, reason = "what is cut at the antimeridian is there exactly")]
        let both = self.west == -180.0 && self.east == 180.0;
        let mut widest: Option<(usize, f64, f64)> = None;
        let (mut empty, mut reached) = (0_usize, f64::NEG_INFINITY);
        for (over, begins, ends) in &self.over {
            if !over {
                empty += 1;
                continue;
            }
            if empty > widest.map_or(0, |one| one.0) {
                widest = Some((empty, *begins, reached));
            }
            (empty, reached) = (0, reached.max(*ends));
        }
        let (_, west, east) = widest.filter(|_| both)?;
        (west > east && east.is_finite()).then_some([west, self.south, east, self.north])
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is between 0 and 359"
)]
fn degree(lon: f64) -> usize {
    (lon + 180.0).floor().clamp(0.0, 359.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[(f64, f64)]) -> Bounds {
        let mut bounds = Bounds::new();
        for (west, east) in parts {
            bounds.add(*west, 1.0);
            bounds.add(*east, 2.0);
            bounds.part(*west, *east);
        }
        bounds
    }

    #[test]
    fn a_box_goes_over_the_antimeridian_where_its_parts_do() {
        let both = of(&[(170.25, 180.0), (-180.0, -175.5), (175.0, 176.0)]);
        assert_eq!(both.around(), Some([-180.0, 1.0, 180.0, 2.0]));
        assert_eq!(both.over_antimeridian(), Some([170.25, 1.0, -175.5, 2.0]));
        let three = of(&[(170.0, 180.0), (-180.0, -175.0), (10.0, 20.0)]);
        assert_eq!(three.over_antimeridian(), Some([10.0, 1.0, -175.0, 2.0]));
        assert_eq!(of(&[(-180.0, 180.0)]).over_antimeridian(), None);
        assert_eq!(of(&[(-180.0, -175.0), (170.0, 179.0)]).over_antimeridian(), None);
        assert_eq!(Bounds::new().around(), None);
    }
}
