//! Cursors of lists whose rows are numbered for all callers together: the number of a row would tell how much others
//! do. It is given out under a key of the process, so cursors end with it. What a list's numbers are is its own.

/// Bytes of a number, and of what shows that it was given out here.
const PART: usize = 8;

/// Hides numbers in cursors.
pub struct Cursors {
    key: [u8; 32],
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors(hidden)")
    }
}

impl Default for Cursors {
    fn default() -> Self {
        let mut key = [0; 32];
        // Where the system has no random numbers there are no tokens and no sessions either: lists go on.
        if let Err(error) = getrandom::fill(&mut key) {
            tracing::warn!(%error, "cursors of lists are not hidden");
        }
        Self { key }
    }
}

impl Cursors {
    /// The cursor for a number in that list: always the same one while the process lives.
    pub fn seal(&self, list: &str, number: u64) -> String {
        let number = number.to_be_bytes();
        let mark = self.derive(list, *b"mark", number);
        let hidden = xor(number, self.derive(list, *b"hide", mark));
        let hex = |bytes: [u8; PART]| format!("{:016x}", u64::from_be_bytes(bytes));
        hex(mark) + &hex(hidden)
    }

    /// The number in a cursor of that list; `None` if it was not given out by this process.
    pub fn open(&self, list: &str, cursor: &str) -> Option<u64> {
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bytes = |part: &str| {
            let number = (part.len() == 2 * PART && plain(part)).then_some(part)?;
            Some(u64::from_str_radix(number, 16).ok()?.to_be_bytes())
        };
        let (mark, hidden) = cursor.split_at_checked(2 * PART)?;
        let (mark, hidden) = (bytes(mark)?, bytes(hidden)?);
        let number = xor(hidden, self.derive(list, *b"hide", mark));
        (self.derive(list, *b"mark", number) == mark).then_some(u64::from_be_bytes(number))
    }

    fn derive(&self, list: &str, what: [u8; 4], from: [u8; PART]) -> [u8; PART] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        // What has a fixed length first, so that no two questions look the same.
        hasher.update(&what).update(&from).update(list.as_bytes());
        let mut derived = [0; PART];
        hasher.finalize_xof().fill(&mut derived);
        derived
    }
}

fn xor(one: [u8; PART], other: [u8; PART]) -> [u8; PART] {
    (u64::from_be_bytes(one) ^ u64::from_be_bytes(other)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_gives_its_number_back_in_its_own_list() {
        let cursors = Cursors::default();
        for number in [0, 1, 17, u64::MAX] {
            let cursor = cursors.seal("jobs", number);
            assert_eq!(cursors.open("jobs", &cursor), Some(number));
            assert_eq!(cursors.open("audit", &cursor), None);
            assert_eq!(Cursors::default().open("jobs", &cursor), None, "another process");
        }
    }

    #[test]
    fn numbers_that_follow_each_other_do_not_look_so() {
        let cursors = Cursors::default();
        let (one, two) = (cursors.seal("jobs", 1), cursors.seal("jobs", 2));
        let (mark, hidden) = one.split_at(16);
        assert!(!two.contains(mark) && !two.contains(hidden), "{one} {two}");
    }

    #[test]
    fn what_was_not_given_out_is_none() {
        let cursors = Cursors::default();
        let cursor = cursors.seal("jobs", 7);
        let changed = |at: usize| {
            let mut bytes = cursor.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            String::from_utf8(bytes).unwrap()
        };
        let (mut none, long) = ((0..32).map(changed).collect::<Vec<_>>(), format!("{cursor}0"));
        let signed = format!("+{}", &cursor[1..]);
        none.extend(["", "0", "-1", "x", "é", &cursor[..31], &long, &signed].map(str::to_owned));
        // An umlaut over the middle.
        none.push(format!("{}ä{}", "0".repeat(15), "0".repeat(15)));
        for cursor in none {
            assert_eq!(cursors.open("jobs", &cursor), None, "{cursor}");
        }
    }
}
