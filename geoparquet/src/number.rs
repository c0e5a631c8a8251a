//! Which type keeps all the numbers of a column.

/// Whole numbers up to here are kept by a double.
const EXACT: u64 = 1 << 53;

/// What is known of the numbers of a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// One of them is not whole.
    fraction: bool,
    /// One of them is whole, and too large for a double.
    wide: bool,
}

impl Numbers {
    /// What is known of one number; `None` if no type has it.
    pub(crate) fn of(text: &str) -> Option<Self> {
        if let Some(whole) = whole(text) {
            return Some(Self { fraction: false, wide: whole.unsigned_abs() > EXACT });
        }
        let is_whole = text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
        (!is_whole && real(text).is_some()).then_some(Self { fraction: true, wide: false })
    }

    /// What is known of both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { fraction: self.fraction || other.fraction, wide: self.wide || other.wide }
    }

    /// Whether all of them are 64-bit integers.
    pub(crate) fn are_whole(self) -> bool {
        !self.fraction
    }

    /// Whether all of them are doubles.
    pub(crate) fn are_real(self) -> bool {
        !self.wide
    }
}

/// A number as an integer.
pub(crate) fn whole(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// A number as a double.
pub(crate) fn real(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_type_that_keeps_them() {
        let of = |texts: &[&str]| {
            let known: Option<Vec<_>> = texts.iter().map(|text| Numbers::of(text)).collect();
            let all = known?.into_iter().fold(Numbers::default(), Numbers::and);
            Some((all.are_whole(), all.are_real()))
        };
        assert_eq!(of(&["1", "-9223372036854775808"]), Some((true, false)));
        assert_eq!(of(&["1", "2.5", "1e3"]), Some((false, true)));
        assert_eq!(of(&["9007199254740993", "0.5"]), Some((false, false)));
        assert_eq!(of(&["9007199254740992", "0.5"]), Some((false, true)));
        assert_eq!(of(&["18446744073709551617"]), None);
        assert_eq!(of(&["1e400"]), None);
    }
}
