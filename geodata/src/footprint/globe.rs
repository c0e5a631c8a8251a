//! An outline on a globe: longitudes run on over the antimeridian, and an outline that goes round a pole is closed along
//! the antimeridian and the pole.

use super::outline::Sides;
use super::{Footprint, NOTHING, Ring, area, cut};
use crate::crs::Crs;

/// Where longitudes are so near to the antimeridian that they are there.
const SNAP: f64 = 1e-8;

/// The short way from one longitude to another.
pub(crate) fn turn(by: f64) -> f64 {
    by - 360.0 * (by / 360.0).round()
}

/// The footprint of an outline whose last position is its first one again.
pub(super) fn footprint(
    points: &[[f64; 2]],
    sides: &Sides,
    crs: &Crs,
) -> Result<Footprint, String> {
    let points = if crs.is_cylindrical() { points.to_vec() } else { without_poles(points) };
    let ring = if crs.runs_on() { points } else { run_on(&points) };
    let (Some(first), Some(last)) = (ring.first(), ring.last()) else {
        return Err("it has no outline".to_owned());
    };
    let round = last[0] - first[0];
    if round.abs() < 1.0 {
        return plain(&ring);
    }
    if (round.abs() - 360.0).abs() > 1.0 {
        return Err("its outline goes round the Earth more than once".to_owned());
    }
    let inside = |lat: f64| crs.from_lonlat([0.0, lat]).is_some_and(|at| sides.contains(at));
    let pole = match (inside(90.0), inside(-90.0)) {
        (true, false) => 90.0,
        (false, true) => -90.0,
        _ => return Err("its outline goes round the Earth, and round no pole".to_owned()),
    };
    Ok(round_pole(&ring, round, pole))
}

/// At a pole there are all longitudes: an outline that goes through it comes on one of them and leaves on another.
fn without_poles(points: &[[f64; 2]]) -> Ring {
    let at_pole = |point: &[f64; 2]| point[1].abs() > 90.0 - NOTHING;
    // Closed again at the end; begun where there is no pole.
    let open = points.get(1..).unwrap_or_default();
    let Some(start) = open.iter().position(|point| !at_pole(point)) else { return points.to_vec() };
    let round: Vec<[f64; 2]> =
        open.iter().cycle().skip(start).take(open.len().saturating_add(1)).copied().collect();
    let mut ring = Ring::with_capacity(round.len());
    for (at, point) in round.iter().enumerate() {
        if !at_pole(point) {
            ring.push(*point);
            continue;
        }
        let later = round.get(at..).unwrap_or_default();
        let next = later.iter().find(|point| !at_pole(point));
        for beside in [ring.last().copied(), next.copied()].into_iter().flatten() {
            ring.push([beside[0], point[1]]);
        }
    }
    ring
}

/// Longitudes that run on where they would jump. Through a pole there is no short way: it is the one that makes the
/// outline go round nothing.
fn run_on(points: &[[f64; 2]]) -> Ring {
    let at_pole = |point: &[f64; 2]| point[1].abs() > 90.0 - NOTHING;
    let steps: Vec<(f64, bool)> = points
        .windows(2)
        .map(|pair| match pair {
            [from, to] => (turn(to[0] - from[0]), at_pole(from) && at_pole(to)),
            _ => (0.0, false),
        })
        .collect();
    let through = steps.iter().filter(|step| step.1).count() == 1;
    let others: f64 = steps.iter().filter(|step| !step.1).map(|step| step.0).sum();
    let mut lon = points.first().map_or(0.0, |point| point[0]);
    let mut ring: Ring = points.first().copied().into_iter().collect();
    for ((step, at_pole), point) in steps.iter().zip(points.iter().skip(1)) {
        lon += if *at_pole && through { -others } else { *step };
        ring.push([lon, point[1]]);
    }
    ring
}

/// An outline that goes round a pole: it begins and ends at the antimeridian, and is closed over the pole.
fn round_pole(ring: &[[f64; 2]], round: f64, pole: f64) -> Footprint {
    let round = 360.0_f64.copysign(round);
    let crosses = |pair: &[[f64; 2]]| match pair {
        [from, to] => {
            let (low, high) = (from[0].min(to[0]), from[0].max(to[0]));
            // The antimeridian next above the lower one.
            let there = 360.0 * ((low - 180.0) / 360.0).ceil() + 180.0;
            (there < high).then(|| {
                let part = (there - from[0]) / (to[0] - from[0]);
                [there, from[1] + part * (to[1] - from[1])]
            })
        }
        _ => None,
    };
    let found = ring.windows(2).enumerate().find_map(|(at, pair)| Some((at, crosses(pair)?)));
    let (at, start) = found.unwrap_or((0, ring.first().copied().unwrap_or([0.0, pole])));
    let (before, after) = ring.split_at(at.saturating_add(1).min(ring.len()));
    let shifted = |point: &[f64; 2]| [point[0] + round, point[1]];
    let mut closed = vec![start];
    closed.extend(after);
    // The last position is the first one, once round.
    closed.extend(before.iter().skip(1).map(shifted));
    closed.push(shifted(&start));
    closed.push([start[0] + round, pole]);
    closed.push([start[0], pole]);
    closed.push(start);
    let (south, north) = latitudes(&closed);
    let rings = cut::at_antimeridian(&centred(&closed));
    Footprint::new(finished(rings), [-180.0, south, 180.0, north])
}

/// An outline round no pole.
fn plain(ring: &[[f64; 2]]) -> Result<Footprint, String> {
    let ring = centred(ring);
    let (south, north) = latitudes(&ring);
    let (west, east) = longitudes(&ring);
    if east - west > 362.0 {
        return Err("it goes round the Earth more than once".to_owned());
    }
    if east - west >= 360.0 - NOTHING {
        let at_edge = |lon: f64, lat: f64| {
            [south, north].iter().any(|one| near(lat, *one))
                || [west, east].iter().any(|one| near(lon, *one))
        };
        let band = ring.iter().all(|[lon, lat]| at_edge(*lon, *lat));
        let rings =
            if band { vec![boxed([-180.0, south, 180.0, north])] } else { cut::once_round(&ring) };
        return Ok(Footprint::new(finished(rings), [-180.0, south, 180.0, north]));
    }
    let rings = finished(cut::at_antimeridian(&ring));
    if rings.is_empty() {
        return Err("it has no area".to_owned());
    }
    let within = |lon: f64| {
        if lon > 180.0 {
            lon - 360.0
        } else if lon < -180.0 {
            lon + 360.0
        } else {
            lon
        }
    };
    // At the antimeridian itself, the side where the rest is.
    let west = if near(west, 180.0) { -180.0 } else { within(west) };
    let east = if near(east, -180.0) { 180.0 } else { within(east) };
    Ok(Footprint::new(rings, [rounded(west), rounded(south), rounded(east), rounded(north)]))
}

fn boxed([west, south, east, north]: [f64; 4]) -> Ring {
    vec![[west, south], [east, south], [east, north], [west, north], [west, south]]
}

/// Moved so that its middle is between -180 and 180, and put on the antimeridian where it is next to it.
fn centred(ring: &[[f64; 2]]) -> Ring {
    let (west, east) = longitudes(ring);
    let by = 360.0 * ((f64::midpoint(west, east) + 180.0) / 360.0).floor();
    let snapped = |lon: f64| {
        let there = 360.0 * ((lon - 180.0) / 360.0).round() + 180.0;
        if (lon - there).abs() < SNAP { there } else { lon }
    };
    ring.iter().map(|[lon, lat]| [snapped(lon - by), *lat]).collect()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < NOTHING
}

fn longitudes(ring: &[[f64; 2]]) -> (f64, f64) {
    least_and_most(ring.iter().map(|point| point[0]))
}

fn latitudes(ring: &[[f64; 2]]) -> (f64, f64) {
    let (south, north) = least_and_most(ring.iter().map(|point| point[1]));
    (rounded(south), rounded(north))
}

fn least_and_most(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
        (least.min(value), most.max(value))
    })
}

/// To a tenth of a millimetre, so that what is written is short.
fn rounded(degrees: f64) -> f64 {
    // Adding nothing makes -0 to 0.
    (degrees * 1e9).round() / 1e9 + 0.0
}

/// Rings as they are written: counterclockwise, short numbers, without positions in the middle of a straight line.
fn finished(rings: Vec<Ring>) -> Vec<Ring> {
    let finish = |ring: Ring| {
        let ring: Ring = ring.iter().map(|[lon, lat]| [rounded(*lon), rounded(*lat)]).collect();
        let mut ring = straight(&ring);
        if area(&ring) < 0.0 {
            ring.reverse();
        }
        ring
    };
    rings.into_iter().map(finish).filter(|ring| ring.len() > 3 && area(ring) > 1e-15).collect()
}

/// Without positions that lie between their neighbours.
fn straight(ring: &[[f64; 2]]) -> Ring {
    let mut kept: Ring = Vec::with_capacity(ring.len());
    let open = ring.split_last().map_or(ring, |(_, open)| open);
    for (at, point) in open.iter().enumerate() {
        let next = open.get(at.saturating_add(1)).or(open.first());
        if kept.last() == Some(point) || next == Some(point) && kept.is_empty() && at > 0 {
            continue;
        }
        match (kept.last(), next) {
            (Some(before), Some(next)) if between(*before, *point, *next) => {}
            _ => kept.push(*point),
        }
    }
    kept.extend(kept.first().copied());
    kept
}

fn between(before: [f64; 2], point: [f64; 2], next: [f64; 2]) -> bool {
    let (by, to) =
        ([point[0] - before[0], point[1] - before[1]], [next[0] - before[0], next[1] - before[1]]);
    let length = to[0].hypot(to[1]);
    let (aside, along) = (by[0] * to[1] - by[1] * to[0], by[0] * to[0] + by[1] * to[1]);
    length > 0.0 && aside.abs() / length < NOTHING && along > 0.0 && along < length * length
}
