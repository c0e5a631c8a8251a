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

/// Endings of compressions that an export does not have.
const OTHERS: &[&str] = &["xz", "txz", "bz2", "tbz", "tbz2", "lz4", "lz", "lzma"];

/// `FORMAT:PATH`, for images with a name behind it.
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
            "a destination is tar:PATH, oci:PATH[:TAG], oci-archive:PATH[:TAG] or docker-archive:PATH[:NAME[:TAG]]",
        )?;
        let named = match format {
            Format::Tar => None,
            Format::Oci | Format::OciArchive => {
                rest.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))
            }
            // As skopeo reads it: names of images have colons, so the path has none.
            Format::DockerArchive => rest.split_once(':'),
        };
        let (path, tag) = named.map_or((rest, None), |(path, tag)| (path, Some(tag.to_owned())));
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

    /// How an export is compressed that does not say so. Fails where the file's name promises a
    /// compression that there is not.
    pub(crate) fn compression(&self) -> Result<Compression, String> {
        let ending = self.path.extension().unwrap_or_default().to_string_lossy();
        Ok(match (self.format, ending.to_ascii_lowercase().as_str()) {
            (Format::Oci | Format::OciArchive, _) | (Format::Tar, "gz" | "tgz") => {
                Compression::Gzip
            }
            (Format::Tar, "zst" | "tzst") => Compression::Zstd,
            (Format::Tar, other) if OTHERS.contains(&other) => {
                return Err(format!(
                    "there is no {other} here: choose --compression ({}), or another ending",
                    Compression::ALL
                ));
            }
            (Format::Tar | Format::DockerArchive, _) => Compression::None,
        })
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
            ("tar:x.TAR.GZ", Format::Tar, "x.TAR.GZ", None, Compression::Gzip),
            ("docker-archive:x", Format::DockerArchive, "x", None, Compression::None),
            ("docker-archive:x:a", Format::DockerArchive, "x", Some("a"), Compression::None),
            (
                "docker-archive:/d/x.tar:host:5/a:1",
                Format::DockerArchive,
                "/d/x.tar",
                Some("host:5/a:1"),
                Compression::None,
            ),
        ] {
            let to: To = text.parse().unwrap();
            let tag = tag.map(str::to_owned);
            assert_eq!(to, To { format, path: path.into(), tag }, "{text}");
            assert_eq!(to.compression(), Ok(compression), "{text}");
        }
        for bad in
            ["", "x", "tar", "tar:", "oci:", "oci::v1", "docker-archive::a", "zip:x", "TAR:x"]
        {
            assert!(bad.parse::<To>().is_err(), "{bad}");
        }
        for other in ["tar:x.tar.xz", "tar:x.TBZ2", "tar:x.lz4"] {
            assert!(other.parse::<To>().unwrap().compression().is_err(), "{other}");
        }
    }
}
