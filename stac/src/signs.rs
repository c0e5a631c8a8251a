//! The signs of one part of a pattern, as `s[0-9]*.tif`, and whether a name is as they say. Parts and paths are for
//! `globs`.
//!
//! A publisher writes both the patterns and the paths, so the steps that matching takes are counted.

/// The most signs between brackets.
const MAX_CLASS: usize = 64;

/// Steps that may still be taken.
#[derive(Debug)]
pub(super) struct Steps(u64);

impl Steps {
    /// So many.
    pub(super) fn new(most: u64) -> Self {
        Self(most)
    }

    /// Takes some. Whether there were as many.
    pub(super) fn take(&mut self, steps: usize) -> bool {
        self.0 = self.0.saturating_sub(u64::try_from(steps).unwrap_or(u64::MAX));
        !self.are_spent()
    }

    /// Whether none are left.
    pub(super) fn are_spent(&self) -> bool {
        self.0 == 0
    }
}

#[derive(Debug, Clone)]
pub(super) enum Sign {
    One(char),
    Any,
    /// Any number of them.
    Star,
    /// Whether those from a sign to another are meant, or all but those.
    Class(bool, Vec<(char, char)>),
}

/// The signs of one part. Two stars in one part are one.
pub(super) fn signs(part: &str) -> Result<Vec<Sign>, String> {
    let mut signs = Vec::new();
    let mut rest = part.chars();
    while let Some(char) = rest.next() {
        match (char, signs.last()) {
            ('*', Some(Sign::Star)) => {}
            ('*', _) => signs.push(Sign::Star),
            ('?', _) => signs.push(Sign::Any),
            ('[', _) => {
                let inside = rest.as_str();
                let (meant, inside) = match inside.strip_prefix('!') {
                    Some(inside) => (false, inside),
                    None => (true, inside),
                };
                // The first sign is one of them, even if it is a bracket.
                let first = inside.chars().next().map_or(0, char::len_utf8);
                let end = inside.get(first..).and_then(|more| more.find(']'));
                let end = end.ok_or("a `[` in it has no `]`")?.saturating_add(first);
                let (class, after) = inside.split_at_checked(end).unwrap_or((inside, ""));
                signs.push(Sign::Class(meant, ranges(class)?));
                rest = after.strip_prefix(']').unwrap_or_default().chars();
            }
            (other, _) => signs.push(Sign::One(other)),
        }
    }
    Ok(signs)
}

/// What stands between brackets.
fn ranges(class: &str) -> Result<Vec<(char, char)>, String> {
    let chars: Vec<char> = class.chars().collect();
    if chars.len() > MAX_CLASS {
        return Err(format!("it has more than {MAX_CLASS} signs between brackets"));
    }
    let mut ranges = Vec::new();
    let mut rest = chars.as_slice();
    loop {
        rest = match rest {
            [from, '-', to, rest @ ..] => {
                ranges.push((*from, *to));
                rest
            }
            [one, rest @ ..] => {
                ranges.push((*one, *one));
                rest
            }
            [] => return Ok(ranges),
        };
    }
}

impl Sign {
    fn is(&self, char: char, steps: &mut Steps) -> bool {
        match self {
            Self::One(one) => *one == char,
            Self::Any | Self::Star => true,
            Self::Class(meant, ranges) => {
                steps.take(ranges.len());
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&char)) == *meant
            }
        }
    }
}

/// Whether a name is as the signs say. Where it is not, only the last star that was passed takes one sign more: what
/// an earlier one could take, that one can take as well.
pub(super) fn fits(signs: &[Sign], name: &str, steps: &mut Steps) -> bool {
    let ends = match (signs.last(), name.chars().next_back()) {
        (Some(sign), Some(last)) => sign.is(last, steps),
        _ => true,
    };
    if !ends || !steps.take(1) {
        return false;
    }
    let (mut left, mut chars) = (signs, name.chars());
    let mut star: Option<(&[Sign], std::str::Chars<'_>)> = None;
    loop {
        if !steps.take(1) {
            return false;
        }
        if let [Sign::Star, more @ ..] = left {
            left = more;
            star = Some((left, chars.clone()));
            continue;
        }
        let mut ahead = chars.clone();
        match (left, ahead.next()) {
            ([], None) => return true,
            ([sign, more @ ..], Some(char)) if sign.is(char, steps) => {
                (left, chars) = (more, ahead);
                continue;
            }
            (_, None) => return false,
            _ => {}
        }
        let Some((after, from)) = &mut star else { return false };
        if from.next().is_none() {
            return false;
        }
        (left, chars) = (after, from.clone());
    }
}
