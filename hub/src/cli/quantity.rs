//! Times and sizes as they are typed.

/// Seconds, typed as a whole number with s, m, h or d.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    crate::auth::seconds(text)
        .ok_or_else(|| "write a whole number above 0 with s, m, h or d, as in 24h".to_owned())
}

/// Bytes, typed as a whole number, alone or with K, M, G or T (1024 of the one before).
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    parse(text).ok_or_else(|| {
        "write a whole number above 0, alone (bytes) or with K, M, G or T, as in 100M".to_owned()
    })
}

fn parse(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']);
    let unit: u64 = match text.get(digits.len()..)?.to_ascii_uppercase().as_str() {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1 << 40,
        _ => return None,
    };
    // `parse` alone would take a leading `+`.
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(unit).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_absurd_ones_refused() {
        for (text, size) in
            [("1", 1), ("1K", 1024), ("100M", 100 << 20), ("3g", 3 << 30), ("2T", 2 << 40)]
        {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for bad in [
            "",
            "0",
            "0M",
            "M",
            "-1M",
            "+1M",
            "1.5M",
            "1MB",
            "1KK",
            " 1M",
            "1 M",
            "99999999999T",
            "é",
        ] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
        assert_eq!(seconds("24h"), Ok(86_400));
        assert!(seconds("never").is_err() && seconds("0h").is_err());
    }
}
