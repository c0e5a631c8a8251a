//! Where an export goes, as it is typed.

use std::path::PathBuf;
use std::str::FromStr;

use flisthub_converter::Compression;

/// What a flist becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Tar,
    /// A layout in a directory.
    Oci,
    /// A layout as a tar.
    OciArchive,
    DockerArchive,
}

impl Format {
    /// As it is typed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tar => "tar",
            Self::Oci => "oci",
            Self::OciArchive => "oci-archive",
            Self::DockerArchive => "docker-archive",
        }
    }

    /// Whether it is one file.
    pub(crate) fn is_file(self) -> bool {
        self != Self::Oci
    }
}

/// `FORMAT:PATH`, for layouts with a tag behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct To {
    pub(crate) format: Format,
    pub(crate) path: PathBuf,
    pub(crate) tag: Option<String>,
}

impl FromStr for To {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, rest) = text.split_once(':').unwrap_or((text, ""));
        let formats = [Format::Tar, Format::Oci, Format::OciArchive, Format::DockerArchive];
        let format = formats.into_iter().find(|known| known.name() == format).ok_or(
            "a destination is tar:PATH, oci:PATH[:TAG], oci-archive:PATH[:TAG] or docker-archive:PATH",
        )?;
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag))
                if matches!(format, Format::Oci | Format::OciArchive) && !tag.contains('/') =>
            {
                (path, Some(tag.to_owned()))
            }
            _ => (rest, None),
        };
        if path.is_empty() {
            return Err(format!("{}: needs a path behind it", format.name()));
        }
        Ok(Self { format, path: PathBuf::from(path), tag })
    }
}

impl To {
    /// Whether the archive goes to standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        self.format != Format::Oci && self.path.as_os_str() == "-"
    }

    /// How an export is compressed that does not say so.
    pub(crate) fn compression(&self) -> Compression {
        match self.format {
            Format::Oci | Format::OciArchive => Compression::Gzip,
            Format::DockerArchive => Compression::None,
            Format::Tar => match self.path.extension().and_then(|ending| ending.to_str()) {
                Some("gz" | "tgz") => Compression::Gzip,
                Some("zst" | "tzst") => Compression::Zstd,
                _ => Compression::None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_read() {
        for (text, format, path, tag, compression) in [
            ("tar:x", Format::Tar, "x", None, Compression::None),
            ("tar:-", Format::Tar, "-", None, Compression::None),
            ("tar:a:b.tar.gz", Format::Tar, "a:b.tar.gz", None, Compression::Gzip),
            ("tar:/x.tzst", Format::Tar, "/x.tzst", None, Compression::Zstd),
            ("oci:d", Format::Oci, "d", None, Compression::Gzip),
            ("oci:d/e:v1", Format::Oci, "d/e", Some("v1"), Compression::Gzip),
            ("oci:a:b/c", Format::Oci, "a:b/c", None, Compression::Gzip),
            ("oci-archive:x.tar:v1", Format::OciArchive, "x.tar", Some("v1"), Compression::Gzip),
            ("docker-archive:x:y", Format::DockerArchive, "x:y", None, Compression::None),
        ] {
            let to: To = text.parse().unwrap();
            let tag = tag.map(str::to_owned);
            assert_eq!(to, To { format, path: path.into(), tag }, "{text}");
            assert_eq!(to.compression(), compression, "{text}");
        }
        for bad in ["", "x", "tar", "tar:", "oci:", "oci::v1", "zip:x", "TAR:x"] {
            assert!(bad.parse::<To>().is_err(), "{bad}");
        }
    }
}
