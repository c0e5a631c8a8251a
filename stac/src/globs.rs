//! Patterns of paths, as SharingHub has them: Python's `PurePath.match`. A pattern holds at the end of a path, part by
//! part, so that `*.py` is `a/b.py` too; with a `/` before it it holds from the root on. Beyond Python, `**` stands for
//! any number of directories.
//!
//! Here is which parts of a path a pattern's parts are; what one part says of one name is in `signs`.

use super::signs::{Sign, Steps, fits, signs};

/// The longest pattern.
const MAX_PATTERN: usize = 1024;

/// The most parts of a pattern.
const MAX_PARTS: usize = 32;

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
