//! What a signed address has in its query: written when it is signed, read when a file is asked for by it. What cannot
//! be read is as if it were not there, so that an address that somebody changed is answered as one without it.

use blake3::Hash;
use flisthub_storage::ChunkId;
use serde::Deserialize;

use super::files::FilesQuery;
use crate::signatures::{Grant, SignedGrant};

/// Hex digits of a number.
const NUMBER: usize = 16;

/// What may be asked for of one path of a tree.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FileQuery {
    /// The most entries of a directory's page; 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where a directory's page begins: `next` of the page before.
    cursor: Option<String>,
    /// Have a browser save the file whatever it is.
    download: bool,
    /// Of what the name pointed at at that revision.
    #[param(minimum = 1)]
    revision: Option<u64>,
    /// Of a signed address: the flist that the file is of.
    flist: Option<String>,
    /// Of a signed address: when it ends, in seconds since the Unix epoch.
    expires: Option<String>,
    /// Of a signed address: of which revision it is, and by whom.
    grant: Option<String>,
    /// Of a signed address: what shows that the hub signed it.
    signature: Option<String>,
}

impl FileQuery {
    /// What is asked for, and what was signed. A signature is for a file as it was when it was signed: who says a
    /// revision asks for something else.
    pub(super) fn split(self) -> (FilesQuery, Option<SignedGrant>) {
        let signed = if self.revision.is_none() { self.signed() } else { None };
        let Self { limit, cursor, download, revision, .. } = self;
        (FilesQuery { limit, cursor, download, revision }, signed)
    }

    fn signed(&self) -> Option<SignedGrant> {
        let grant = self.grant.as_deref()?;
        let number = |at: usize| hex(grant.get(at * NUMBER..(at + 1) * NUMBER)?);
        let signed = |at| i64::try_from(number(at)?).ok();
        let expires = self.expires.as_deref()?;
        let grant = (grant.len() == 4 * NUMBER).then_some(Grant {
            repository_id: signed(0)?,
            user_id: signed(1)?,
            token_id: signed(2)?,
            revision: number(3)?,
            flist: self.flist.as_deref()?.parse::<ChunkId>().ok()?,
            expires: expires.parse().ok().filter(|read: &u64| read.to_string() == expires)?,
        })?;
        let signature = Hash::from_hex(self.signature.as_deref()?).ok()?;
        Some(SignedGrant { grant, signature })
    }
}

fn hex(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if plain { u64::from_str_radix(digits, 16).ok() } else { None }
}

/// The query of a signed address.
pub(super) fn written(signed: &SignedGrant) -> String {
    let SignedGrant { grant, signature } = signed;
    let Grant { repository_id, user_id, token_id, revision, flist, expires } = grant;
    let numbers = format!("{repository_id:016x}{user_id:016x}{token_id:016x}{revision:016x}");
    format!("flist={flist}&expires={expires}&grant={numbers}&signature={}", signature.to_hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: Grant = Grant {
        repository_id: 1,
        user_id: i64::MAX,
        token_id: 3,
        revision: 4,
        flist: ChunkId::from_bytes([5; 32]),
        expires: 1_800_000_900,
    };

    fn read(query: &str) -> Option<SignedGrant> {
        let uri = format!("/?{query}").parse().unwrap();
        axum::extract::Query::<FileQuery>::try_from_uri(&uri).unwrap().0.split().1
    }

    #[test]
    fn what_is_written_is_read() {
        let signed = SignedGrant { grant: GRANT, signature: Hash::from_bytes([7; 32]) };
        let query = written(&signed);
        assert_eq!(read(&query), Some(signed));
        assert_eq!(read(&format!("{query}&download=true")), Some(signed));
        assert_eq!(read(&format!("{query}&revision=4")), None);
    }

    #[test]
    fn what_is_not_whole_is_nothing() {
        let query = written(&SignedGrant { grant: GRANT, signature: Hash::from_bytes([7; 32]) });
        let parts: Vec<&str> = query.split('&').collect();
        for left_out in 0..parts.len() {
            let mut rest = parts.clone();
            rest.remove(left_out);
            assert_eq!(read(&rest.join("&")), None, "{rest:?}");
        }
        for (from, to) in [
            ("expires=", "expires=0"),
            ("expires=", "expires=%2B"),
            ("expires=", "expires=-"),
            ("grant=0", "grant="),
            ("grant=0", "grant=00"),
            ("grant=0", "grant=+"),
            ("grant=0", "grant=%C3%A4"),
            ("grant=0", "grant=8"),
            ("7fff", "7FFF"),
            ("7fff", "ffff"),
            ("flist=0", "flist="),
            ("signature=0", "signature="),
            ("signature=0", "signature=x"),
        ] {
            let changed = query.replacen(from, to, 1);
            assert_ne!(changed, query, "{from}");
            assert_eq!(read(&changed), None, "{changed}");
        }
    }
}
