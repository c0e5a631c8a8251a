//! Patterns of paths, as SharingHub has them: Python's `PurePath.match`. A pattern holds at the end of a path, part by
//! part, so that `*.py` is `a/b.py` too; with a `/` before it it holds from the root on. Beyond Python, `**` stands for
//! any number of directories.
//!
//! A publisher writes both the patterns and the paths, so the steps that matching takes are counted.

/// The longest pattern.
const MAX_PATTERN: usize = 1024;

/// The most parts of a pattern.
const MAX_PARTS: usize = 32;

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

/// A pattern of paths.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    parts: Vec<Part>,
    from_root: bool,
}

#[derive(Debug, Clone)]
enum Part {
    One(Vec<Sign>),
    Any,
}

#[derive(Debug, Clone)]
enum Sign {
    One(char),
    Any,
    /// Any number of them.
    Star,
    /// Whether those from a sign to another are meant, or all but those.
    Class(bool, Vec<(char, char)>),
}

impl Glob {
    /// Reads a pattern.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        if text.len() > MAX_PATTERN {
            return Err(format!("it is longer than {MAX_PATTERN} bytes"));
        }
        let (from_root, rest) = match text.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("./").unwrap_or(text)),
        };
        let mut parts: Vec<Part> = Vec::new();
        for part in rest.split('/').filter(|part| !part.is_empty() && *part != ".") {
            match (part, parts.last()) {
                ("**", Some(Part::Any)) => {}
                ("**", _) => parts.push(Part::Any),
                _ => parts.push(Part::One(signs(part)?)),
            }
        }
        match parts.len() {
            0 => Err("it is empty".to_owned()),
            1..=MAX_PARTS => Ok(Self { parts, from_root }),
            _ => Err(format!("it has more than {MAX_PARTS} parts")),
        }
    }

    /// Whether a path is one of those that are meant. None is once the steps are spent.
    pub(super) fn matches(&self, path: &str, steps: &mut Steps) -> bool {
        // Most paths end otherwise, which is soon known.
        let last = path.rsplit('/').next().unwrap_or_default();
        if let Some(Part::One(signs)) = self.parts.last()
            && !fits(signs, last, steps)
        {
            return false;
        }
        // Which beginnings of the pattern fit what was seen of the path: few, as a pattern has few parts.
        let mut now = vec![false; self.parts.len().saturating_add(1)];
        let mut before = now.clone();
        self.reach(&mut now, 0);
        for name in path.split('/') {
            if !steps.take(now.len()) {
                return false;
            }
            std::mem::swap(&mut now, &mut before);
            now.fill(false);
            if !self.from_root {
                self.reach(&mut now, 0);
            }
            for (at, part) in self.parts.iter().enumerate() {
                if before.get(at) != Some(&true) {
                    continue;
                }
                match part {
                    Part::Any => self.reach(&mut now, at),
                    Part::One(signs) if fits(signs, name, steps) => {
                        self.reach(&mut now, at.saturating_add(1));
                    }
                    Part::One(_) => {}
                }
            }
        }
        now.last() == Some(&true)
    }

    /// Marks a beginning as fitting, and those that have only `**` more.
    fn reach(&self, fits: &mut [bool], mut at: usize) {
        loop {
            if let Some(fit) = fits.get_mut(at) {
                *fit = true;
            }
            match self.parts.get(at) {
                Some(Part::Any) => at = at.saturating_add(1),
                _ => return,
            }
        }
    }
}

/// The signs of one part. Two stars in one part are one.
fn signs(part: &str) -> Result<Vec<Sign>, String> {
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
fn fits(signs: &[Sign], name: &str, steps: &mut Steps) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Glob::new(pattern).unwrap().matches(path, &mut Steps::new(10_000))
    }

    #[test]
    fn patterns_hold_at_the_end_of_a_path() {
        for (pattern, path) in [
            ("*.py", "a/b.py"),
            ("*.py", "b.py"),
            ("a/*.py", "x/a/b.py"),
            ("README.md", "docs/README.md"),
            ("/README.md", "README.md"),
            ("**/*.tif", "a/b/c.tif"),
            ("**/*.tif", "c.tif"),
            ("data/**/*.tif", "x/data/c.tif"),
            ("data/**/*.tif", "data/a/b/c.tif"),
            ("s?.tif", "s1.tif"),
            ("s[0-9].tif", "s1.tif"),
            ("s[!a].tif", "s1.tif"),
            ("*", ".hidden"),
            ("a**b", "axxb"),
            ("./a", "a"),
            ("data/**", "data/a/b"),
            ("*ab*b", "xabab"),
            ("s[]x].tif", "s].tif"),
            ("[a-cx-z]*", "ya"),
            ("[!-a]", "b"),
            ("ä?ö", "äüö"),
            ("**", "a/b"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("*.py", "a/b.pyc"),
            ("*.py", "a.py/b"),
            ("a/*.py", "a/x/b.py"),
            ("/README.md", "docs/README.md"),
            ("b", "ab"),
            ("a/b/c", "b/c"),
            ("s[!1].tif", "s1.tif"),
            ("*.PY", "a.py"),
            ("/a/*", "a"),
            ("*ab*b", "xab"),
            ("a?", "a"),
            ("[a-c]", "d"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn bad_patterns_are_told() {
        let class = format!("[{}]", "x".repeat(65));
        for bad in
            ["", "/", "a/[", "***[", "[]", "[!]", &class, &"a/".repeat(33), &"x".repeat(1025)]
        {
            assert!(Glob::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hard_patterns_take_few_steps() {
        let most = 2_000_000;
        for (pattern, path) in [
            (format!("{}b", "a*".repeat(100)), "a".repeat(255)),
            (format!("{}b", "a*".repeat(100)), "a".repeat(254) + "b"),
            (format!("{}x", "**/a/".repeat(15)), "a/".repeat(1000) + "x"),
            (format!("*[{}]*[!a]b", "a-z".repeat(20)), "a".repeat(250) + "b"),
        ] {
            let mut steps = Steps::new(most);
            Glob::new(&pattern).unwrap().matches(&path, &mut steps);
            assert!(!steps.are_spent(), "{pattern}");
        }
    }

    #[test]
    fn without_steps_nothing_is_meant() {
        let glob = Glob::new("a*b").unwrap();
        assert!(glob.matches("aab", &mut Steps::new(100)));
        let mut few = Steps::new(3);
        assert!(!glob.matches("aab", &mut few) && few.are_spent());
    }
}
