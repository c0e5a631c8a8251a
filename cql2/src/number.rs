//! Numbers: integers with all their digits beside floating-point ones, compared by their exact values.

use std::cmp::Ordering;
use std::fmt;

/// The least and the greatest integer that is kept as one: those that JSON readers of 64 bits keep.
const LEAST: i128 = i64::MIN as i128;
const GREATEST: i128 = u64::MAX as i128;

/// A finite number. `==` tells spellings apart (`1` and `1.0` are written differently); [`Number::compare`] goes by the
/// values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(Form);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Integer(i128),
    Float(f64),
}

impl Number {
    /// A whole number. Outside of -2^63 to 2^64 - 1 it becomes the nearest floating-point one.
    #[expect(clippy::cast_precision_loss, reason = "no integer of 64 bits is that large")]
    pub fn whole(value: i128) -> Self {
        if (LEAST..=GREATEST).contains(&value) {
            Self(Form::Integer(value))
        } else {
            Self(Form::Float(value as f64))
        }
    }

    /// A floating-point number; nothing for infinities and what is not a number.
    pub fn float(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(Form::Float(value)))
    }

    /// Reads digits as the text encoding writes them, without a sign. Nothing when they are no number, or one that is
    /// too large.
    pub(crate) fn unsigned(digits: &str) -> Option<Self> {
        if digits.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(value) = digits.parse()
        {
            return Some(Self::whole(value));
        }
        digits.parse().ok().and_then(Self::float)
    }

    pub(crate) fn negated(self) -> Self {
        match self.0 {
            Form::Integer(value) => Self::whole(-value),
            Form::Float(value) => Self(Form::Float(-value)),
        }
    }

    /// The integer, when it was written as one.
    pub fn integer(self) -> Option<i128> {
        match self.0 {
            Form::Integer(value) => Some(value),
            Form::Float(_) => None,
        }
    }

    /// The nearest floating-point number.
    #[expect(clippy::cast_precision_loss, reason = "it is asked for the nearest")]
    pub fn as_f64(self) -> f64 {
        match self.0 {
            Form::Integer(value) => value as f64,
            Form::Float(value) => value,
        }
    }

    /// Which of two values is greater, exactly: no integer is rounded to compare it to a floating-point number.
    pub fn compare(self, other: Self) -> Ordering {
        match (self.0, other.0) {
            (Form::Integer(left), Form::Integer(right)) => left.cmp(&right),
            (Form::Integer(left), Form::Float(right)) => mixed(left, right),
            (Form::Float(left), Form::Integer(right)) => mixed(right, left).reverse(),
            // Neither is NaN, so the order is always there.
            (Form::Float(left), Form::Float(right)) => {
                left.partial_cmp(&right).unwrap_or(Ordering::Equal)
            }
        }
    }
}

/// An integer of 64 bits against a finite number: first the whole parts, then what the number has beyond its own.
fn mixed(left: i128, right: f64) -> Ordering {
    // Numbers beyond 128 bits saturate, and then are still on the right side of every integer here.
    #[expect(clippy::cast_possible_truncation, reason = "the whole part is what is asked for")]
    let whole = right.trunc() as i128;
    let fraction = right - right.trunc();
    left.cmp(&whole).then_with(|| 0.0_f64.partial_cmp(&fraction).unwrap_or(Ordering::Equal))
}

impl fmt::Display for Number {
    /// As both encodings read it again: a floating-point number keeps a point or an exponent.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::Integer(value) => write!(out, "{value}"),
            Form::Float(value) => write!(out, "{value:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_written() {
        for (digits, written) in [
            ("0", "0"),
            ("007", "7"),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", "1.8446744073709552e19"),
            ("1.", "1.0"),
            (".5", "0.5"),
            ("1.e3", "1000.0"),
            ("1E-7", "1e-7"),
            ("3.14159", "3.14159"),
        ] {
            assert_eq!(Number::unsigned(digits).unwrap().to_string(), written, "{digits}");
        }
        for wrong in ["", ".", "1e999", "-1", "inf", "NaN"] {
            assert!(Number::unsigned(wrong).is_none_or(|n| n.as_f64() < 0.0), "{wrong}");
        }
        assert_eq!(Number::float(f64::NAN), None);
        assert_eq!(Number::float(f64::INFINITY), None);
        assert_eq!(Number::whole(1 << 63).negated().integer(), Some(-(1 << 63)));
    }

    #[test]
    fn integers_and_floats_are_compared_exactly() {
        let float = |value| Number::float(value).unwrap();
        for (left, right, order) in [
            (Number::whole(1), float(1.0), Ordering::Equal),
            (
                Number::whole(9_007_199_254_740_993),
                float(9_007_199_254_740_992.0),
                Ordering::Greater,
            ),
            (Number::whole(9_007_199_254_740_991), float(9_007_199_254_740_992.0), Ordering::Less),
            (Number::whole(-2), float(-2.5), Ordering::Greater),
            (Number::whole(-3), float(-2.5), Ordering::Less),
            (Number::whole(2), float(2.5), Ordering::Less),
            (Number::whole(i128::from(u64::MAX)), float(1e300), Ordering::Less),
            (Number::whole(i128::from(i64::MIN)), float(-1e300), Ordering::Greater),
            (Number::whole(0), float(-0.0), Ordering::Equal),
            (float(0.1), float(0.2), Ordering::Less),
        ] {
            assert_eq!(left.compare(right), order, "{left} {right}");
            assert_eq!(right.compare(left), order.reverse(), "{right} {left}");
        }
    }
}
