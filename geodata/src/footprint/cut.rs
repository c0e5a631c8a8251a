//! Rings whose longitudes run on over the antimeridian are cut there, and what is beyond comes in on the other side.

use super::{Ring, area};

/// Areas in square degrees that rounding makes.
const SLIVER: f64 = 1e-12;

/// The parts of a ring between -180 and 180. Its middle is there, and it is not wider than the Earth is round.
pub(super) fn at_antimeridian(ring: &[[f64; 2]]) -> Vec<Ring> {
    let mut parts = Vec::new();
    for part in sides(ring, 180.0) {
        if middle(&part) > 180.0 {
            parts.push(moved(&part, -360.0));
            continue;
        }
        for part in sides(&part, -180.0) {
            let by = if middle(&part) < -180.0 { 360.0 } else { 0.0 };
            parts.push(moved(&part, by));
        }
    }
    parts
}

/// The parts of a ring that is a little wider than the Earth is round: as wide as that, from its middle.
pub(super) fn once_round(ring: &[[f64; 2]]) -> Vec<Ring> {
    let (mut west, mut east) = (f64::INFINITY, f64::NEG_INFINITY);
    for [lon, _] in ring {
        (west, east) = (west.min(*lon), east.max(*lon));
    }
    let centre = f64::midpoint(west, east);
    let (west, east) = (centre - 180.0, centre + 180.0);
    let parts = sides(ring, east).into_iter().flat_map(|part| sides(&part, west));
    parts
        .filter(|part| (west..=east).contains(&middle(part)))
        .flat_map(|part| at_antimeridian(&part))
        .collect()
}

fn moved(ring: &[[f64; 2]], by: f64) -> Ring {
    ring.iter().map(|[lon, lat]| [lon + by, *lat]).collect()
}

/// Between its least and greatest longitude.
fn middle(ring: &[[f64; 2]]) -> f64 {
    let least = ring.iter().map(|at| at[0]).fold(f64::INFINITY, f64::min);
    let most = ring.iter().map(|at| at[0]).fold(f64::NEG_INFINITY, f64::max);
    f64::midpoint(least, most)
}

/// A piece of a ring on one side of a meridian; its first and last positions lie on it.
struct Chain {
    points: Ring,
    east: bool,
}

/// The parts of a closed ring on both sides of a meridian.
fn sides(ring: &[[f64; 2]], meridian: f64) -> Vec<Ring> {
    let chains = chains(ring, meridian);
    if chains.is_empty() {
        return vec![ring.to_vec()];
    }
    let (east, west): (Vec<Chain>, Vec<Chain>) = chains.into_iter().partition(|chain| chain.east);
    let mut parts = closed(&east);
    parts.extend(closed(&west));
    parts.retain(|part| area(part).abs() > SLIVER);
    parts
}

/// The ring in pieces, cut wherever it goes over the meridian. None where it never does.
fn chains(ring: &[[f64; 2]], meridian: f64) -> Vec<Chain> {
    let is_east = |point: &[f64; 2]| point[0] >= meridian;
    let open = ring.split_last().map_or(ring, |(_, open)| open);
    let changes = |at: usize| {
        let next = open.get(at.saturating_add(1)).or(open.first());
        open.get(at).zip(next).is_some_and(|(here, next)| is_east(here) != is_east(next))
    };
    let Some(start) = (0..open.len()).find(|at| changes(*at)) else { return Vec::new() };
    let round = open.iter().cycle().skip(start).take(open.len().saturating_add(1));
    let (mut chains, mut before): (Vec<Chain>, Option<[f64; 2]>) = (Vec::new(), None);
    for point in round {
        if let Some(before) = before {
            if is_east(&before) != is_east(point) {
                let part = (meridian - before[0]) / (point[0] - before[0]);
                let there = [meridian, before[1] + part * (point[1] - before[1])];
                if let Some(last) = chains.last_mut() {
                    last.points.push(there);
                }
                chains.push(Chain { points: vec![there], east: is_east(point) });
            }
            if let Some(last) = chains.last_mut() {
                last.points.push(*point);
            }
        }
        before = Some(*point);
    }
    // The last piece ends where the first begins: its way over the meridian is the very first one.
    let beginning = chains.first().and_then(|chain| chain.points.first()).copied();
    if let (Some(last), Some(there)) = (chains.last_mut(), beginning) {
        last.points.push(there);
    }
    chains
}

/// Pieces of one side, joined along the meridian: in the order of their ends from south to north, the first is joined
/// to the second, the third to the fourth.
fn closed(chains: &[Chain]) -> Vec<Ring> {
    let mut ends: Vec<(f64, usize, bool)> = Vec::with_capacity(chains.len().saturating_mul(2));
    for (at, chain) in chains.iter().enumerate() {
        let lat = |point: Option<&[f64; 2]>| point.map_or(0.0, |point| point[1]);
        ends.push((lat(chain.points.first()), at, true));
        ends.push((lat(chain.points.last()), at, false));
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    // For the end of each piece, the piece that begins at its neighbour.
    let mut next = vec![None; chains.len()];
    for pair in ends.chunks(2) {
        if let [(_, a, a_begins), (_, b, b_begins)] = pair {
            let (from, to) = if *a_begins { (*b, *a) } else { (*a, *b) };
            if a_begins != b_begins
                && let Some(slot) = next.get_mut(from)
            {
                *slot = Some(to);
            }
        }
    }
    let mut parts = Vec::new();
    let mut taken = vec![false; chains.len()];
    for start in 0..chains.len() {
        let (mut ring, mut here): (Ring, usize) = (Vec::new(), start);
        while let (Some(done), Some(chain)) = (taken.get_mut(here), chains.get(here)) {
            if std::mem::replace(done, true) {
                break;
            }
            ring.extend(&chain.points);
            let Some(Some(to)) = next.get(here) else { break };
            here = *to;
        }
        ring.extend(ring.first().copied());
        if ring.len() > 3 {
            parts.push(ring);
        }
    }
    parts
}
