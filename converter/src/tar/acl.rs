//! POSIX access control lists: the text that `tar --acls` writes, to the extended attribute that the
//! kernel keeps.

use super::number;
use crate::error::Problem;

/// The attribute of a list that governs access.
pub(super) const ACCESS: &[u8] = b"system.posix_acl_access";
/// The attribute of a list that new entries of a directory inherit.
pub(super) const DEFAULT: &[u8] = b"system.posix_acl_default";

const VERSION: u32 = 2;
const NO_ID: u32 = u32::MAX;

/// Reads a list for the attribute `name`. `None` if there is nothing to keep: no list at all, or an
/// access list that says no more than the mode does, for which the kernel keeps no attribute either.
/// A user or group by name is refused, because names mean nothing on another machine (GNU tar 1.34
/// writes names even with `--numeric-owner`).
pub(super) fn from_text(name: &[u8], text: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
    let text = std::str::from_utf8(text).map_err(|_| Problem::Acl("it is not text"))?;
    let mut entries = Vec::new();
    for part in text.split(['\n', ',', '\0']) {
        // What follows `#` only tells the effective rights.
        let part = part.split('#').next().unwrap_or_default().trim();
        if !part.is_empty() {
            entries.push(entry(part)?);
        }
    }
    let minimal = entries.iter().all(|(_, _, id)| *id == NO_ID) && entries.len() == 3;
    if entries.is_empty() || (minimal && name == ACCESS) {
        return Ok(None);
    }
    entries.sort_unstable_by_key(|(tag, _, id)| (*tag, *id));
    let mut value = VERSION.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        value.extend_from_slice(&tag.to_le_bytes());
        value.extend_from_slice(&permissions.to_le_bytes());
        value.extend_from_slice(&id.to_le_bytes());
    }
    Ok(Some(value))
}

/// Reads `tag:qualifier:permissions`, or star's form with the id in a fourth field.
fn entry(text: &str) -> Result<(u16, u16, u32), Problem> {
    let text = text.strip_prefix("default:").unwrap_or(text);
    let mut fields = text.split(':');
    let mut next = || fields.next().ok_or(Problem::Acl("an entry of it is malformed"));
    let (tag, qualifier, permissions) = (next()?, next()?, next()?);
    let number = next().ok();
    let id = match (qualifier, number) {
        ("", _) => None,
        ("root", None) => Some(0),
        (id, None) | (_, Some(id)) => Some(read_id(id)?),
    };
    let tag = match (tag, id) {
        ("user" | "u", None) => 0x01,
        ("user" | "u", Some(_)) => 0x02,
        ("group" | "g", None) => 0x04,
        ("group" | "g", Some(_)) => 0x08,
        ("mask" | "m", None) => 0x10,
        ("other" | "o", None) => 0x20,
        _ => return Err(Problem::Acl("an entry of it is malformed")),
    };
    Ok((tag, read_permissions(permissions)?, id.unwrap_or(NO_ID)))
}

fn read_id(text: &str) -> Result<u32, Problem> {
    number::decimal(text.as_bytes())
        .and_then(|id| u32::try_from(id).ok())
        .filter(|id| *id != NO_ID)
        .ok_or(Problem::Acl(
            "it names users or groups by name; make the archive with --xattrs --xattrs-include='*'",
        ))
}

fn read_permissions(text: &str) -> Result<u16, Problem> {
    let bad = Problem::Acl("its permissions are malformed");
    text.bytes().try_fold(0, |bits, byte| match byte {
        b'r' => Ok(bits | 4),
        b'w' => Ok(bits | 2),
        b'x' => Ok(bits | 1),
        b'-' => Ok(bits),
        _ => Err(bad.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_what_the_kernel_keeps() {
        let text = b"user::rwx\nuser:1000:r-x\t#effective:r--\ngroup::r-x\nmask::r--\nother::---\n";
        let value = from_text(ACCESS, text).unwrap().unwrap();
        assert_eq!(value.len(), 4 + 5 * 8);
        assert_eq!(value[..12], [2, 0, 0, 0, 1, 0, 7, 0, 255, 255, 255, 255]);
        assert_eq!(value[12..20], [2, 0, 5, 0, 0xe8, 3, 0, 0]);
        let star = b"user::rwx,user:lisa:r-x:1000,group::r-x,mask::r--,other::---";
        assert_eq!(from_text(ACCESS, star).unwrap().unwrap(), value);
    }

    #[test]
    fn a_list_that_only_repeats_the_mode_is_dropped() {
        let text = b"user::rwx\ngroup::r-x\nother::r-x\n";
        assert_eq!(from_text(ACCESS, text), Ok(None));
        assert!(from_text(DEFAULT, text).unwrap().is_some());
        assert_eq!(from_text(DEFAULT, b""), Ok(None));
    }

    #[test]
    fn names_and_nonsense_are_refused() {
        for bad in ["user:lisa:rwx", "user:4294967295:r", "mask:5:rwx", "x::r", "user::q", "user"] {
            assert!(from_text(ACCESS, bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
