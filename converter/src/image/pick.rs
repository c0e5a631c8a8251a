//! Which of several images in one place is meant by a name.
//!
//! Engines write names in full (`docker.io/library/app:1`), short (`app:1`), or only the tag, and people
//! type any of them.

use super::ImageError;
use super::error::listed;

/// The most names that a message lists.
const SHOWN: usize = 20;

/// How well a name fits; the first is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    /// The same once what Docker and Podman leave out is put in.
    Full,
    /// The same tag, where one side has nothing but a tag.
    Tag,
}

/// The indexes of those images that `wanted` means, by the names that each has. Several have the same
/// names, and differ in what they are for. Without `wanted`, there must be no choice.
pub(super) fn pick(
    names: &[Vec<&str>],
    wanted: Option<&str>,
    place: &str,
) -> Result<Vec<usize>, ImageError> {
    let all = || names.iter().enumerate();
    let Some(wanted) = wanted else {
        let same = names.windows(2).all(|two| two.first() == two.last());
        return if same {
            Ok(all().map(|(index, _)| index).collect())
        } else {
            ambiguous(names, place)
        };
    };
    let fit = |names: &[&str]| names.iter().filter_map(|name| fits(name, wanted)).min();
    let best = all().filter_map(|(_, names)| fit(names)).min();
    let Some(best) = best else {
        let (reference, place) = (wanted.to_owned(), place.to_owned());
        return Err(ImageError::Unknown { reference, place });
    };
    let found: Vec<usize> =
        all().filter(|(_, names)| fit(names) == Some(best)).map(|(index, _)| index).collect();
    let mut of_found = found.iter().filter_map(|index| names.get(*index));
    let first = of_found.next();
    if best != Fit::Exact && of_found.any(|other| Some(other) != first) {
        return ambiguous(names, place);
    }
    Ok(found)
}

/// There are several, and nothing says which.
pub(super) fn ambiguous<T>(names: &[Vec<&str>], place: &str) -> Result<T, ImageError> {
    let names: Vec<String> = names.iter().flatten().copied().take(SHOWN).map(listed).collect();
    let names = if names.is_empty() { "without names".to_owned() } else { names.join(", ") };
    Err(ImageError::Ambiguous { place: place.to_owned(), names })
}

fn fits(name: &str, wanted: &str) -> Option<Fit> {
    if name == wanted {
        return Some(Fit::Exact);
    }
    let short = |text: &str| !text.contains(['/', ':', '@']);
    if full(name) == full(wanted) && !short(name) {
        return Some(Fit::Full);
    }
    let tag_alone = (short(name) && tag(wanted) == name) || (short(wanted) && tag(name) == wanted);
    tag_alone.then_some(Fit::Tag)
}

/// A name with its tag, and without what engines put before short names.
fn full(name: &str) -> String {
    let mut rest = name;
    for prefix in ["index.docker.io/", "docker.io/", "localhost/", "library/"] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    if has_tag(rest) { rest.to_owned() } else { format!("{rest}:latest") }
}

fn has_tag(name: &str) -> bool {
    name.contains('@') || name.rsplit('/').next().is_some_and(|last| last.contains(':'))
}

/// The tag of a name; `latest` where it has none.
fn tag(name: &str) -> &str {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split_once(':').map_or("latest", |(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(names: &[&[&str]], wanted: Option<&str>) -> Result<Vec<usize>, &'static str> {
        let names: Vec<Vec<&str>> = names.iter().map(|names| names.to_vec()).collect();
        pick(&names, wanted, "x.tar").map_err(|error| error.code())
    }

    #[test]
    fn the_best_fit_is_taken() {
        let names: &[&[&str]] =
            &[&["app:1"], &["docker.io/library/app:2", "b:2"], &["localhost/c:latest"], &["3"]];
        for (wanted, index) in [
            ("app:1", 0),
            ("docker.io/library/app:1", 0),
            ("docker.io/app:1", 0),
            ("app:2", 1),
            ("b:2", 1),
            ("c", 2),
            ("localhost/c", 2),
            ("3", 3),
            ("host:5000/x/y:3", 3),
            ("1", 0),
        ] {
            assert_eq!(picked(names, Some(wanted)), Ok(vec![index]), "{wanted}");
        }
        for wanted in ["app", "app:4", "", "host:5000/app:1"] {
            assert_eq!(picked(names, Some(wanted)), Err("unknown_image"), "{wanted}");
        }
    }

    #[test]
    fn nobody_guesses() {
        assert_eq!(picked(&[&["a:1"], &["b:1"]], None), Err("ambiguous_image"));
        assert_eq!(picked(&[&["a:1"], &["b:1"]], Some("1")), Err("ambiguous_image"));
        assert_eq!(picked(&[&["a:1"], &["a:1"]], None), Ok(vec![0, 1]));
        assert_eq!(picked(&[&["a:1"], &["a:1"]], Some("a:1")), Ok(vec![0, 1]));
        assert_eq!(picked(&[&[]], None), Ok(vec![0]));
        assert_eq!(picked(&[], Some("a")), Err("unknown_image"));
    }
}
