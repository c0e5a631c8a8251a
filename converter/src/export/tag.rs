//! What an exported image may be called.

use super::error::ExportError;

/// Checks the tag of an image in an OCI layout: what `org.opencontainers.image.ref.name` may say,
/// without `/`.
pub(super) fn check_tag(tag: &str) -> Result<(), ExportError> {
    let first = tag.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let rest = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if first && rest && tag.len() <= 128 {
        return Ok(());
    }
    Err(refused(tag, "a tag has 1 to 128 letters, digits, `.`, `_` and `-`"))
}

/// Reads `[host[:port]/]name[:tag]` as a docker archive wants it, with `latest` where no tag is said.
pub fn docker_name(text: &str) -> Result<String, ExportError> {
    let reason = "an image's name is `name:tag`, the name lower-case, as in `library/app:1.0`";
    let start = text.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match text.get(start..).and_then(|last| last.rfind(':')) {
        Some(at) => (text.get(..start + at), text.get(start + at + 1..)),
        None => (Some(text), None),
    };
    let (name, tag) = (name.unwrap_or_default(), tag.unwrap_or("latest"));
    check_tag(tag).map_err(|_| refused(text, reason))?;
    let mut parts = name.split('/');
    let mut good = name.len() <= 255;
    if name.contains('/') && parts.clone().next().is_some_and(is_host) {
        parts.next();
    }
    good &= parts.clone().next().is_some() && parts.all(is_component);
    if good { Ok(format!("{name}:{tag}")) } else { Err(refused(text, reason)) }
}

/// What the image of a flist is called in a docker archive where nobody says; `None` where the flist's name
/// cannot be an image's.
pub fn docker_name_of(repository: &str, name: &str) -> Option<String> {
    docker_name(&format!("{repository}/{name}").to_lowercase()).ok()
}

/// Whether the first part of a name says where the registry is.
fn is_host(part: &str) -> bool {
    let allowed = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    let alone = part == "localhost" || part.contains(['.', ':']);
    let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    allowed && alone && ends(part.bytes().next()) && ends(part.bytes().next_back())
}

/// Lower-case letters and digits, with `.`, `_`, `__` or hyphens between them.
fn is_component(part: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut runs = part.split(|char: char| char.is_ascii() && plain(char as u8));
    // Between two letters or digits stands nothing or one separator; none at the ends.
    let ends =
        part.bytes().next().is_some_and(plain) && part.bytes().next_back().is_some_and(plain);
    let separators = runs
        .all(|run| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|byte| byte == b'-'));
    ends && separators
}

fn refused(tag: &str, reason: &'static str) -> ExportError {
    ExportError::Tag {
        tag: tag.chars().filter(|char| !char.is_control()).take(80).collect(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_docker_takes() {
        for (given, named) in [
            ("app", "app:latest"),
            ("app:1.0", "app:1.0"),
            ("a/b__c/d-e--f.g:X_1", "a/b__c/d-e--f.g:X_1"),
            ("localhost:5000/app", "localhost:5000/app:latest"),
            ("Registry.example/app:1", "Registry.example/app:1"),
        ] {
            assert_eq!(docker_name(given).unwrap(), named);
        }
        for bad in [
            "",
            ":",
            "app:",
            ":1",
            "App",
            "a//b",
            "/a",
            "a/",
            "-a",
            "a-",
            "a..b",
            "a___b",
            "a b",
            "ä",
            "app:1:2",
            "a@sha256:1",
            "app:-1",
            "a\n",
            "HOST/app",
        ] {
            assert!(docker_name(bad).is_err(), "{bad:?}");
        }
        assert!(check_tag(&"a".repeat(129)).is_err());
        assert_eq!(docker_name_of("Alice", "Base-1.2").as_deref(), Some("alice/base-1.2:latest"));
        assert_eq!(docker_name_of("alice", "a..b"), None);
    }
}
