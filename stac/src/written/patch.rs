//! JSON Merge Patch (RFC 7396) on JSON text: what a patch does not speak of stays as it was written, to the last digit.

use super::super::members::Members;

/// An object with a patch laid over it. Both were read as values before, so their depth is bounded.
pub(super) fn merged(mut under: Members, patch: &Members) -> Members {
    for (key, raw) in patch.iter() {
        if raw == "null" {
            under.take(key);
            continue;
        }
        let made = match Members::read(raw) {
            Some(inner) => {
                let before = under.raw(key).and_then(Members::read).unwrap_or_default();
                merged(before, &inner).object("")
            }
            None => raw.clone(),
        };
        under.made(key, made);
    }
    under
}
