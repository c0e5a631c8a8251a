//! What the query of an export says. Read by hand, because a path in a tree is bytes and need not be
//! UTF-8.

use axum::http::StatusCode;
use flisthub_converter::Compression;
use flisthub_flist::TreePath;

use super::percent::decode_value;
use crate::actions::export::{Asked, Format};
use crate::error::{ApiError, Code};

/// Reads a query.
pub(super) fn read(query: &str) -> Result<Asked, ApiError> {
    let mut given = Given::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value =
            decode_value(value).ok_or_else(|| bad("a `%` must be followed by two hex digits"))?;
        let place = match key {
            "format" => &mut given.format,
            "path" => &mut given.path,
            "compression" => &mut given.compression,
            "tag" => &mut given.tag,
            "skip_sockets" => &mut given.skip_sockets,
            _ => {
                return Err(bad(
                    "the parameters are format, path, compression, tag and skip_sockets",
                ));
            }
        };
        if place.replace(value).is_some() {
            return Err(bad("each parameter may be given once"));
        }
    }
    given.asked()
}

#[derive(Default)]
struct Given {
    format: Option<Vec<u8>>,
    path: Option<Vec<u8>>,
    compression: Option<Vec<u8>>,
    tag: Option<Vec<u8>>,
    skip_sockets: Option<Vec<u8>>,
}

impl Given {
    fn asked(self) -> Result<Asked, ApiError> {
        let compression = self
            .compression
            .map(|given| {
                let text = String::from_utf8_lossy(&given);
                text.parse::<Compression>().map_err(|error| bad(&error))
            })
            .transpose()?;
        let (format, own, or) = match self.format.as_deref() {
            Some(b"tar") => (Format::Tar, None, Compression::None),
            Some(b"tar.gz") => (Format::Tar, Some(Compression::Gzip), Compression::Gzip),
            Some(b"tar.zst") => (Format::Tar, Some(Compression::Zstd), Compression::Zstd),
            Some(b"oci") => (Format::Oci, None, Compression::Gzip),
            Some(b"docker-archive") => (Format::DockerArchive, None, Compression::None),
            _ => return Err(bad("the format is one of tar, tar.gz, tar.zst, oci, docker-archive")),
        };
        if own.is_some_and(|own| compression.is_some_and(|given| given != own)) {
            return Err(bad("the compression is not that of the format"));
        }
        let path = TreePath::parse(&self.path.unwrap_or_default())
            .map_err(|error| bad(&format!("the path cannot be in a tree: {error}")))?;
        let skip_sockets = match self.skip_sockets.as_deref() {
            None | Some(b"false") => false,
            Some(b"true") => true,
            Some(_) => return Err(bad("skip_sockets is true or false")),
        };
        let tag = match (self.tag, format) {
            (Some(_), Format::Tar) => return Err(bad("a tar has no tag")),
            (tag, _) => tag.map(|tag| String::from_utf8_lossy(&tag).into_owned()),
        };
        Ok(Asked { format, compression: compression.unwrap_or(or), path, tag, skip_sockets })
    }
}

fn bad(message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_EXPORT, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read() {
        let asked = read("format=oci&path=a%2F%ff+b%2B&tag=v1&skip_sockets=true").unwrap();
        assert_eq!(asked.path.as_bytes(), b"a/\xff b+");
        assert_eq!((asked.format, asked.compression), (Format::Oci, Compression::Gzip));
        assert_eq!((asked.tag.as_deref(), asked.skip_sockets), (Some("v1"), true));
        for (query, compression) in [
            ("format=tar", Compression::None),
            ("format=tar.gz", Compression::Gzip),
            ("format=tar.zst&compression=zstd", Compression::Zstd),
            ("format=docker-archive", Compression::None),
            ("&format=docker-archive&compression=gzip&", Compression::Gzip),
        ] {
            assert_eq!(read(query).unwrap().compression, compression, "{query}");
        }
    }

    #[test]
    fn a_wrong_query_is_refused() {
        for query in [
            "",
            "format=",
            "format=zip",
            "format=%FF",
            "format=tar&format=tar",
            "format=tar&compression=xz",
            "format=tar.gz&compression=zstd",
            "format=tar&path=%2",
            "format=tar&path=%zz",
            "format=tar&path=../etc",
            "format=tar&path=a/%2e%2E",
            "format=tar&path=a%00",
            "format=tar&tag=x",
            "format=oci&skip_sockets=yes",
            "format=oci&nonsense=1",
        ] {
            assert!(read(query).is_err(), "{query}");
        }
    }
}
