//! The number that stands for a name where SharingHub gives one that GitLab made.

/// The context of the numbers.
const CONTEXT: &str = "flisthub 2026-11-21 number of a name, as projects have one";

/// As many bits as a number may have that every JSON reader keeps.
const BITS: u32 = 53;

/// A number for a name: the same as long as the name is called so, and hardly ever that of another one.
pub fn number(repository: &str, name: &str) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(format!("{repository}/{name}").as_bytes());
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes) >> (u64::BITS - BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stays_and_is_kept_by_every_reader() {
        assert_eq!(number("alice", "flood"), number("alice", "flood"));
        assert_ne!(number("alice", "flood"), number("alice", "flood2"));
        assert_ne!(number("alice", "flood"), number("alicef", "lood"));
        for name in 0..1_000 {
            assert!(number("alice", &name.to_string()) < 1 << 53);
        }
    }
}
