//! What an archive is called without the ending that says how it is packed.

/// Endings of archives. Longer ones stand before what they end with.
const ENDINGS: &[&str] = &[
    ".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2", ".tar", ".tgz", ".tzst", ".txz", ".tbz2", ".tbz",
];

/// A file's name without its archive ending, in whatever case that is.
pub fn without_archive_ending(file: &str) -> &str {
    let stem = |ending: &&str| {
        let (stem, tail) = file.split_at_checked(file.len().checked_sub(ending.len())?)?;
        tail.eq_ignore_ascii_case(ending).then_some(stem)
    };
    ENDINGS.iter().find_map(stem).unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_loses_its_ending_and_nothing_else() {
        for (file, stem) in [
            ("base.tar.gz", "base"),
            ("base.TGZ", "base"),
            ("base-1.2.Tar.Zst", "base-1.2"),
            ("base.tar.tar", "base.tar"),
            ("base.zip", "base.zip"),
            ("base", "base"),
            (".tar.gz", ""),
            ("", ""),
            ("\u{fc}\u{fc}\u{fc}\u{fc}", "\u{fc}\u{fc}\u{fc}\u{fc}"),
        ] {
            assert_eq!(without_archive_ending(file), stem, "{file}");
        }
    }
}
