//! What publishers' references mean: an address elsewhere, a file of the flist, an item of a collection.

use flisthub_flist::{File, LoadError, TreePath, percent};
use url::Url;

use super::markers::{BASE, FILES, NAME, QUERY, own_string};
use super::settings::Settings;
use super::tree_files::TreeFiles;

/// What a reference means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// An address, as it was written.
    Elsewhere(String),
    /// A file of the flist. What follows in the address (`?` and `#`) is left out.
    File(TreePath),
    /// An item: the collection, and `repository/name`.
    Item(String, String),
}

/// Schemes of addresses that are passed on: those of data and of pages. Others are for programs of whoever opens them,
/// as `javascript:`, `data:` and `file:` are.
const SCHEMES: &[&str] = &[
    "abfs", "abfss", "az", "doi", "docker", "ftp", "ftps", "gcs", "git", "gs", "http", "https",
    "ipfs", "mailto", "oci", "s3", "sftp", "ssh", "urn",
];

/// What references are resolved with.
#[derive(Clone, Copy)]
pub(super) struct References<'a> {
    /// The tree.
    pub(super) files: &'a TreeFiles<'a>,
    /// The categories.
    pub(super) settings: &'a Settings,
}

impl References<'_> {
    /// What a reference means that stands in a file of one of these directories, and the file if it is one of the
    /// flist. The reason, if it means nothing.
    pub(super) fn find(
        &self,
        href: &str,
        folders: &[&str],
    ) -> Result<Result<(Target, Option<File>), String>, LoadError> {
        let is_category = |id: &str| self.settings.category(id).is_some();
        let mut why = None;
        for folder in folders {
            let targets = match read(href, folder, is_category) {
                Ok(targets) => targets,
                Err(error) => {
                    why.get_or_insert(error);
                    continue;
                }
            };
            for target in targets {
                let Target::File(path) = &target else { return Ok(Ok((target, None))) };
                if let Some(file) = self.files.file(path)? {
                    return Ok(Ok((target, Some(file))));
                }
                why.get_or_insert_with(|| format!("there is no file {} in the flist", href.trim()));
            }
        }
        Ok(Err(why.unwrap_or_default()))
    }
}

/// What a reference may mean that stands in a file of the directory `folder` (empty: the root), what is most likely
/// first, and at least one. The name of a file may have `?`, `#` and `%20` in it, and in an address they mean more.
pub(super) fn read(
    href: &str,
    folder: &str,
    is_category: impl Fn(&str) -> bool,
) -> Result<Vec<Target>, String> {
    let href = href.trim();
    if let Some((collection, address)) = href.split_once('+')
        && is_category(collection)
        && (address.starts_with("https://") || address.starts_with("http://"))
    {
        return Ok(vec![Target::Item(collection.to_owned(), item_of(address)?)]);
    }
    if href.chars().any(char::is_control) {
        return Err("it has control characters in it: a path may have them encoded".to_owned());
    }
    if href.starts_with('#') || href.starts_with("//") || scheme(href).is_some() {
        if !is_passed_on(href) {
            return Err("addresses of that kind are not passed on".to_owned());
        }
        return Ok(vec![Target::Elsewhere(href.to_owned())]);
    }
    let folder = if href.starts_with('/') { "" } else { folder };
    let path = href.split(['?', '#']).next().unwrap_or_default();
    let mut paths: Vec<TreePath> = Vec::new();
    let decoded = percent::decode(path).and_then(|bytes| String::from_utf8(bytes).ok());
    for path in [Some(href), Some(path), decoded.as_deref()].into_iter().flatten() {
        paths.extend(file_at(path, folder).filter(|path| !paths.contains(path)));
    }
    if paths.is_empty() {
        return Err("it is no path in the flist".to_owned());
    }
    Ok(paths.into_iter().map(Target::File).collect())
}

/// Whether readers may be given a reference as it was written. A relative one leads nowhere at worst.
pub(super) fn is_passed_on(href: &str) -> bool {
    let href = href.trim();
    // Browsers leave them out, in front and anywhere within, and find a scheme where there was none.
    if href.chars().any(char::is_control) {
        return false;
    }
    let Some(scheme) = scheme(href) else { return true };
    // `git+https` is said to programs that know it; what it may do is as with `https`.
    let last = scheme.rsplit('+').next().unwrap_or_default().to_ascii_lowercase();
    SCHEMES.contains(&last.as_str())
}

/// The scheme that an address begins with, as `https`. A path may have a colon behind its first `/`.
fn scheme(href: &str) -> Option<&str> {
    let letters = |char: char| char.is_ascii_alphanumeric() || "+-.".contains(char);
    let (before, _) = href.split_once(':')?;
    let begins = before.starts_with(|char: char| char.is_ascii_alphabetic());
    (begins && before.chars().all(letters)).then_some(before)
}

/// The path that is meant by a relative one. It stays in the tree.
fn file_at(path: &str, folder: &str) -> Option<TreePath> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    let joined = parts.join("/");
    TreePath::parse(joined.as_bytes()).ok().filter(|path| !path.is_root())
}

/// `repository/name` of an item's address: its path, without what an item's own address has before it.
pub(super) fn item_of(address: &str) -> Result<String, String> {
    let bad = || "it is no address of a repository and a name".to_owned();
    let path = match Url::parse(address) {
        Ok(url) => url.path().to_owned(),
        Err(_) => address.to_owned(),
    };
    let path = path.rsplit_once("/items/").map_or(path.as_str(), |(_, item)| item);
    let path = path.trim_matches('/');
    let part = |part: &str| {
        let sign = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
        !part.is_empty() && part.chars().all(sign) && !part.starts_with('.')
    };
    let two = path.contains('/') && path.split('/').all(part) && path.len() <= 512;
    if two { Ok(path.to_owned()) } else { Err(bad()) }
}

/// The inside of the JSON string that is an address.
pub(super) fn href(target: &Target) -> String {
    match target {
        Target::Elsewhere(address) => own_string(address),
        Target::File(path) => file_href(path),
        Target::Item(collection, item) => {
            format!(
                "{BASE}api/stac/collections/{}/items/{item}",
                percent::encode(collection.as_bytes())
            )
        }
    }
}

/// The inside of the JSON string that is the address of a file of the flist.
pub(super) fn file_href(path: &TreePath) -> String {
    format!("{FILES}{}{QUERY}", percent::encode(path.as_bytes()))
}

/// The inside of the JSON string that is the address of the thumbnail of a file of the flist.
pub(super) fn thumbnail_href(path: &TreePath) -> String {
    let path = percent::encode(path.as_bytes());
    format!("{BASE}api/v1/flists/{NAME}/thumbnail/{path}{QUERY}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(text: &str, folder: &str) -> Result<Vec<String>, String> {
        let targets = read(text, folder, |id| id == "dataset")?;
        Ok(targets.iter().map(href).collect())
    }

    #[test]
    fn references_mean_files_items_and_addresses() {
        for (written, folder, paths) in [
            ("docs/manual.md", "", &["docs/manual.md"][..]),
            ("./a b.tif", "", &["a%20b.tif"]),
            ("a%20b.tif", "", &["a%2520b.tif", "a%20b.tif"]),
            ("100%", "", &["100%25"]),
            ("%ff", "", &["%25ff"]),
            ("../data/x:1.tif?a=b#c", "stac", &["data/x%3A1.tif%3Fa%3Db%23c", "data/x%3A1.tif"]),
            ("/data/ä", "stac", &["data/%C3%A4"]),
            ("a%09b", "", &["a%2509b", "a%09b"]),
        ] {
            let paths: Vec<String> =
                paths.iter().map(|path| format!("flisthub:./{path}flisthub:.?")).collect();
            assert_eq!(meant(written, folder).unwrap(), paths, "{written}");
        }
        for (written, address) in [
            ("https://x.example/y?z", "https://x.example/y?z"),
            ("mailto:a@b.example", "mailto:a@b.example"),
            ("s3://bucket/key", "s3://bucket/key"),
            ("//x.example/y", "//x.example/y"),
            ("git+ssh://x/y", "git+ssh://x/y"),
            ("git+https://github.com/a/b", "git+https://github.com/a/b"),
            (
                "dataset+https://gitlab.example/alice/wine",
                "flisthub:/api/stac/collections/dataset/items/alice/wine",
            ),
        ] {
            assert_eq!(meant(written, "stac").unwrap(), [address], "{written}");
        }
        let own = href(&Target::Elsewhere("flisthub:/x".to_owned()));
        assert_eq!(own, r"flisthub:\u002fx");
    }

    #[test]
    fn addresses_that_do_something_are_not_passed_on() {
        for bad in [
            "javascript:alert(1)",
            " JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "git+file:///x",
            "flisthub:/x",
            "java\tscript:alert(1)",
            "java\nscript:alert(1)",
            "\u{1}javascript:alert(1)",
            "javascript\r:alert(1)",
            "\tjavascript:alert(1)",
            "\u{a0}javascript:alert(1)",
            "https://x.example/\u{7f}",
        ] {
            assert!(meant(bad, "").is_err() && !is_passed_on(bad), "{bad}");
        }
        assert!(is_passed_on("a/b:c") && is_passed_on("../x") && is_passed_on("HTTPS://x"));
        assert!(is_passed_on("https://x.example/\n"), "text of several lines ends so");
    }

    #[test]
    fn nothing_outside_of_the_tree_is_meant() {
        for bad in ["../x", "a/../../x", "", ".", "/", "a\0b", "a\tb", "%2e%2e/x/../.."] {
            assert!(meant(bad, "").is_err(), "{bad:?}");
        }
        assert!(meant("../../x", "stac").is_err());
        assert!(meant("dataset+https://gitlab.example/", "").is_err());
    }

    #[test]
    fn items_by_their_address() {
        for written in [
            "https://gitlab.example/alice/wine",
            "alice/wine",
            "/alice/wine/",
            "https://hub.example/api/stac/collections/dataset/items/alice/wine",
        ] {
            assert_eq!(item_of(written).unwrap(), "alice/wine", "{written}");
        }
        for bad in ["", "alice", "https://gitlab.example/alice", "a/b?c", "a/../b", "a/b c"] {
            assert!(item_of(bad).is_err(), "{bad}");
        }
    }
}
