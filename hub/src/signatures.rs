//! What shows of an address that this process gave it out: a keyed hash over all that the address opens. The key
//! is one of the process and is written nowhere, so that neither the catalog nor a backup of it can make addresses,
//! and all of them end with the process. Whether the signer may still read is looked up by `actions::signing`.

use blake3::Hash;
use flisthub_storage::ChunkId;

/// What is hashed first, so that no other keyed hash of the hub is ever one of these.
const CONTEXT: &[u8] = b"flisthub signed address v1";

/// What an address opens, beside the name and the path that it has anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Number of the repository: one that is made anew under the same name is another.
    pub repository_id: i64,
    /// The user who may read.
    pub user_id: i64,
    /// The token that the user came with.
    pub token_id: i64,
    /// Which change made the name point at the flist.
    pub revision: u64,
    /// The flist, so that what is read does not change.
    pub flist: ChunkId,
    /// When it ends, in seconds since the Unix epoch.
    pub expires: u64,
}

/// What an address says that it opens, and what shows that it does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignedGrant {
    /// What it says.
    pub grant: Grant,
    /// What shows it.
    pub signature: Hash,
}

/// Makes signatures, and tells them from others.
pub struct Signatures {
    key: Option<[u8; 32]>,
}

impl std::fmt::Debug for Signatures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signatures(hidden)")
    }
}

impl std::fmt::Debug for SignedGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignedGrant(hidden)")
    }
}

impl Default for Signatures {
    fn default() -> Self {
        let mut key = [0; 32];
        Self { key: getrandom::fill(&mut key).is_ok().then_some(key) }
    }
}

impl Signatures {
    /// Signs what an address of that path of that name opens. `None` if the system had no random numbers for a key.
    pub fn sign(&self, (name, path): (&str, &[u8]), grant: Grant) -> Option<SignedGrant> {
        let signature = self.hash((name, path), &grant)?;
        Some(SignedGrant { grant, signature })
    }

    /// Whether this process signed that. It takes as long whatever of the signature is right.
    pub fn holds(&self, place: (&str, &[u8]), signed: &SignedGrant) -> bool {
        // The comparison of hashes is one in constant time.
        self.hash(place, &signed.grant).is_some_and(|hash| hash == signed.signature)
    }

    fn hash(&self, (name, path): (&str, &[u8]), grant: &Grant) -> Option<Hash> {
        let mut hasher = blake3::Hasher::new_keyed(self.key.as_ref()?);
        hasher.update(CONTEXT);
        for number in [grant.repository_id, grant.user_id, grant.token_id] {
            hasher.update(&number.to_be_bytes());
        }
        for number in [grant.revision, grant.expires, name.len() as u64] {
            hasher.update(&number.to_be_bytes());
        }
        // What has no length of its own comes last, so that no two grants look the same.
        hasher.update(grant.flist.as_bytes()).update(name.as_bytes()).update(path);
        Some(hasher.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: Grant = Grant {
        repository_id: 1,
        user_id: 2,
        token_id: 3,
        revision: 4,
        flist: ChunkId::from_bytes([5; 32]),
        expires: 6,
    };

    #[test]
    fn a_signature_is_for_one_thing_alone() {
        let signatures = Signatures::default();
        let place = ("base", &b"a/b"[..]);
        let signed = signatures.sign(place, GRANT).unwrap();
        assert!(signatures.holds(place, &signed));
        assert!(!Signatures::default().holds(place, &signed), "another process");
        let flist = ChunkId::from_bytes([6; 32]);
        for grant in [
            Grant { repository_id: 9, ..GRANT },
            Grant { user_id: 9, ..GRANT },
            Grant { token_id: 9, ..GRANT },
            Grant { revision: 9, ..GRANT },
            Grant { flist, ..GRANT },
            Grant { expires: 9, ..GRANT },
            Grant { user_id: 3, token_id: 2, ..GRANT },
        ] {
            assert!(!signatures.holds(place, &SignedGrant { grant, ..signed }), "{grant:?}");
        }
        for place in [("base", &b"a/c"[..]), ("bas", b"ea/b"), ("basea", b"/b"), ("base", b"")] {
            assert!(!signatures.holds(place, &signed), "{place:?}");
        }
    }

    #[test]
    fn nothing_is_shown_and_nothing_is_signed_without_a_key() {
        let signatures = Signatures::default();
        let signed = signatures.sign(("base", b"a"), GRANT).unwrap();
        let shown = format!("{signatures:?} {signed:?}");
        assert_eq!(shown, "Signatures(hidden) SignedGrant(hidden)");
        let keyless = Signatures { key: None };
        assert!(keyless.sign(("base", b"a"), GRANT).is_none());
        assert!(!keyless.holds(("base", b"a"), &signed));
    }
}
