//! The named ways to cut files. How a cut is made is in `cut`; here are the names and the sizes, which
//! are frozen: a moved cut point ends deduplication with all that is stored.

use std::fmt;
use std::str::FromStr;

use crate::chunk::MAX_CHUNK;

/// A named way to cut files. Its name is in each manifest; readers need none of it.
///
/// Flists of both profiles live side by side in a store. Chunks are shared between them where files are
/// cut alike: in both, files up to 128 KiB are whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// For most data: few chunks, so that little is asked, listed and kept for each byte.
    #[default]
    Standard,
    /// For large files that change in small places: about a quarter as much is stored for each change,
    /// in about four times as many chunks.
    Fine,
}

/// A name that no profile has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no chunking profile; there are {}", Known)]
pub struct UnknownProfile {
    /// The name.
    pub name: String,
}

/// How long chunks are, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// A run of data up to this length is one chunk.
    pub(crate) whole: usize,
    /// FastCDC cuts no chunk shorter than this, but for the last one of a run.
    pub(crate) min: usize,
    /// What FastCDC aims at.
    pub(crate) average: usize,
    /// FastCDC cuts no chunk longer than this.
    pub(crate) max: usize,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Fine];

    /// What manifests call it: FastCDC v2020 with normalization level 1, and the smallest, average and
    /// largest chunk.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "fastcdc-2020/64k-256k-1024k",
            Self::Fine => "fastcdc-2020/16k-64k-256k",
        }
    }

    /// What people call it, in configurations.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Fine => "fine",
        }
    }

    pub(crate) const fn sizes(self) -> Sizes {
        match self {
            Self::Standard => {
                Sizes { whole: 512 << 10, min: 64 << 10, average: 256 << 10, max: MAX_CHUNK }
            }
            Self::Fine => {
                Sizes { whole: 128 << 10, min: 16 << 10, average: 64 << 10, max: 256 << 10 }
            }
        }
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    /// Takes the word and the name that stands in manifests.
    fn from_str(text: &str) -> Result<Self, UnknownProfile> {
        Self::ALL
            .into_iter()
            .find(|profile| [profile.word(), profile.name()].contains(&text))
            .ok_or_else(|| UnknownProfile { name: text.to_owned() })
    }
}

/// Lists the profiles that there are.
struct Known;

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, profile) in Profile::ALL.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{} ({})", profile.word(), profile.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frozen: the names stand in manifests, and so in the ids of flists.
    #[test]
    fn names_are_frozen() {
        let names = Profile::ALL.map(|profile| (profile.word(), profile.name()));
        let standard = ("standard", "fastcdc-2020/64k-256k-1024k");
        assert_eq!(names, [standard, ("fine", "fastcdc-2020/16k-64k-256k")]);
        assert_eq!(Profile::default(), Profile::Standard);
    }

    #[test]
    fn word_and_name_are_read_and_nothing_else() {
        for profile in Profile::ALL {
            assert_eq!(profile.word().parse(), Ok(profile));
            assert_eq!(profile.name().parse(), Ok(profile));
        }
        for name in ["", "Fine", " fine", "fastcdc-2020/64k-256k", "fine\n"] {
            let error = name.parse::<Profile>().unwrap_err().to_string();
            let known = "there are standard (fastcdc-2020/64k-256k-1024k), \
                         fine (fastcdc-2020/16k-64k-256k)";
            assert_eq!(error, format!("{name:?} is no chunking profile; {known}"));
        }
    }
}
