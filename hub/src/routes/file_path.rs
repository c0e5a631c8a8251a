//! The path of a file in a URL: percent-encoded bytes, taken from the URL as it was sent. What the router
//! decodes must be text, and knows no difference between `a/b` and `a%2Fb`.

use axum::extract::{FromRequestParts, OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use flisthub_flist::{EntryName, TreePath};

use super::percent;
use crate::error::{ApiError, Code};

/// What stands before the repository: `api`, `v1`, `flists`.
const PREFIX: usize = 3;

/// What stands before it where SharingHub has files: `api`, `download`.
const DOWNLOAD: [&str; 2] = ["api", "download"];

/// The URL of a request as it was sent, before anything was cut off its path.
#[derive(Debug, Clone)]
struct AsSent(Uri);

/// Notes the URL of a request.
pub fn note_path<B>(mut request: Request<B>) -> Request<B> {
    let sent = AsSent(request.uri().clone());
    request.extensions_mut().insert(sent);
    request
}

/// A path in the tree of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilePath {
    pub(super) repository: String,
    pub(super) name: String,
    pub(super) path: TreePath,
    /// Whether it ends in `/`: then it is that of a directory.
    pub(super) directory: bool,
    /// The URL that it is from, with one `/` at its beginning and none at its end.
    pub(super) uri: Uri,
}

impl<S: Sync> FromRequestParts<S> for FilePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let sent = parts.extensions.get::<AsSent>().map(|sent| &sent.0);
        let original = || parts.extensions.get::<OriginalUri>().map(|original| &original.0);
        let uri = original().unwrap_or(&parts.uri);
        read(sent.unwrap_or(uri).path(), uri)
    }
}

fn read(path: &str, uri: &Uri) -> Result<FilePath, ApiError> {
    let parts = path.trim_start_matches('/').split('/');
    let download = parts.clone().take(DOWNLOAD.len()).eq(DOWNLOAD);
    let mut parts = parts.skip(if download { DOWNLOAD.len() } else { PREFIX });
    let mut text = || {
        let decoded = parts.next().and_then(percent::decode).map(String::from_utf8);
        decoded.and_then(Result::ok).ok_or_else(|| bad("a name that is not text"))
    };
    let (repository, name, _) = (text()?, text()?, text()?);
    let mut parts: Vec<&str> = parts.collect();
    let directory = parts.last() == Some(&"");
    if directory {
        parts.pop();
    }
    let mut path = TreePath::ROOT;
    for part in parts {
        let decoded =
            percent::decode(part).ok_or_else(|| bad("a `%` must be followed by two hex digits"))?;
        let name = EntryName::new(&decoded).map_err(|error| bad(&error.to_string()))?;
        path.push(&name);
    }
    // Bounds the whole as the parts were bounded.
    let path = TreePath::parse_exact(path.as_bytes()).map_err(|error| bad(&error.to_string()))?;
    Ok(FilePath { repository, name, path, directory, uri: uri.clone() })
}

fn bad(message: &str) -> ApiError {
    let message = format!("the path cannot be in a tree: {message}");
    ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_PATH, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rest: &str) -> Result<FilePath, ApiError> {
        read(&format!("/api/v1/flists/alice/base/files{rest}"), &Uri::default())
    }

    #[test]
    fn a_path_is_bytes() {
        for (rest, path, directory) in [
            ("", &b""[..], false),
            ("/", b"", true),
            ("/a", b"a", false),
            ("/a/b", b"a/b", false),
            ("/a/b/", b"a/b", true),
            ("/a%20b/%ff%FE", b"a b/\xff\xfe", false),
            ("/a+b", b"a+b", false),
            ("/...", b"...", false),
            ("/%61", b"a", false),
            ("/files/files", b"files/files", false),
        ] {
            let read = of(rest).unwrap();
            assert_eq!((read.path.as_bytes(), read.directory), (path, directory), "{rest}");
            assert_eq!((&*read.repository, &*read.name), ("alice", "base"));
        }
        let odd = read("//api/v1/flists/%61lice/b%61se/files/a", &Uri::default()).unwrap();
        assert_eq!((&*odd.repository, &*odd.name), ("alice", "base"));
        let uri = "/api/download/alice/base/repository/api/download%20x";
        let download = read(uri, &Uri::default()).unwrap();
        assert_eq!(download.path.as_bytes(), b"api/download x");
        assert_eq!((&*download.repository, &*download.name), ("alice", "base"));
    }

    #[test]
    fn tricks_are_refused() {
        let long = format!("/{}", "x".repeat(256));
        let deep = "/a".repeat(1_025);
        let wide = format!("/{}", "x".repeat(200)).repeat(21);
        for rest in [
            "//",
            "//a",
            "/a//b",
            "/a//",
            "/.",
            "/a/./b",
            "/..",
            "/../etc",
            "/a/..",
            "/a/../b",
            "/%2e",
            "/%2e%2E/b",
            "/a%2Fb",
            "/%2f",
            "/%2fetc",
            "/a%00",
            "/%",
            "/a%2",
            "/%zz",
            &long,
            &deep,
            &wide,
        ] {
            let error = of(rest).unwrap_err().into_words();
            assert_eq!(error.0, "bad_path", "{rest}");
        }
    }
}
