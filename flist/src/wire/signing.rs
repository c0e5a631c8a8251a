//! Addresses of files that need no token for a while.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most paths for which addresses are signed at a time.
pub const MAX_SIGNED_PATHS: usize = 200;

/// The longest time for which an address is signed: 12 hours.
pub const MAX_SIGNED_SECONDS: u64 = 43_200;

/// For how long one is signed where nobody says.
pub const SIGNED_SECONDS: u64 = 900;

/// Asks for addresses of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignRequest {
    /// Where the files stand in the tree.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 200))]
    pub paths: Vec<String>,
    /// For how many seconds; 900 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 43_200))]
    pub seconds: Option<u64>,
}

/// Addresses of files of one flist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedUrls {
    /// The repository of the name that the addresses are of: where a link was asked for, the one at its end.
    pub repository: String,
    /// That name.
    pub name: String,
    /// The name's revision.
    pub revision: u64,
    /// The flist that the files are of, 64 hex digits, whatever the name points at later.
    pub flist: String,
    /// When the addresses end, in seconds since the Unix epoch: with the token at the latest.
    pub expires: u64,
    /// The addresses, in the order of the paths.
    pub urls: Vec<SignedUrl>,
}

/// The address of one file. Whoever has it may read the file until it ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedUrl {
    /// The path, as it was asked for.
    pub path: String,
    /// Where the file is read.
    pub url: String,
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedUrl").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_not_in_its_debug_form() {
        let url =
            SignedUrl { path: "a".to_owned(), url: "http://hub/a?signature=5ec2e7".to_owned() };
        assert_eq!(format!("{url:?}"), "SignedUrl { path: \"a\", .. }");
    }
}
