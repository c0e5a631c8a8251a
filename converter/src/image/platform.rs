//! Platforms: for which operating system and processor an image is.

use std::fmt;
use std::str::FromStr;

/// An operating system and a processor, in the words of Go's `GOOS` and `GOARCH`, as images use them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Platform {
    /// The operating system: `linux`.
    pub os: String,
    /// The processor: `amd64`, `arm64`.
    pub architecture: String,
    /// Which sort of that processor, where that matters: `v7`.
    pub variant: Option<String>,
}

/// Why text is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no platform: write it as os/architecture or os/architecture/variant, linux/arm64"
)]
pub struct ParsePlatformError(String);

impl Platform {
    /// Whether an image for `other` is one for this platform. A variant counts where both say one;
    /// `arm64` alone is `arm64/v8`.
    pub fn accepts(&self, other: &Self) -> bool {
        let variant = |platform: &Self| match (&platform.variant, platform.architecture.as_str()) {
            (None, "arm64") => Some("v8".to_owned()),
            (variant, _) => variant.clone(),
        };
        self.os == other.os
            && self.architecture == other.architecture
            && match (variant(self), variant(other)) {
                (Some(wanted), Some(found)) => wanted == found,
                _ => true,
            }
    }
}

impl Default for Platform {
    fn default() -> Self {
        Self { os: "linux".to_owned(), architecture: "amd64".to_owned(), variant: None }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

impl FromStr for Platform {
    type Err = ParsePlatformError;

    fn from_str(text: &str) -> Result<Self, ParsePlatformError> {
        let good = |part: &&str| {
            !part.is_empty() && part.len() <= 64 && part.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let parts: Vec<&str> = text.split('/').collect();
        let all_good = parts.iter().all(good);
        match *parts.as_slice() {
            [os, architecture] if all_good => {
                Ok(Self { os: os.into(), architecture: architecture.into(), variant: None })
            }
            [os, architecture, variant] if all_good => Ok(Self {
                os: os.into(),
                architecture: architecture.into(),
                variant: Some(variant.into()),
            }),
            _ => Err(ParsePlatformError(text.chars().take(100).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    #[test]
    fn text_is_read_and_shown() {
        for good in ["linux/amd64", "linux/arm/v7", "windows/amd64"] {
            assert_eq!(platform(good).to_string(), good);
        }
        for bad in ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/am d64", "linux/ä"] {
            assert!(bad.parse::<Platform>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_variant_counts_where_both_say_one() {
        for (wanted, found, fits) in [
            ("linux/amd64", "linux/amd64", true),
            ("linux/amd64", "linux/arm64", false),
            ("linux/amd64", "windows/amd64", false),
            ("linux/arm", "linux/arm/v7", true),
            ("linux/arm/v6", "linux/arm/v7", false),
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm64", "linux/arm64/v9", false),
        ] {
            assert_eq!(platform(wanted).accepts(&platform(found)), fits, "{wanted} {found}");
        }
    }
}
