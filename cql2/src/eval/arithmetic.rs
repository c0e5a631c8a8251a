//! Arithmetic on numbers.

use crate::number::Number;
use crate::operators::Arithmetic;

/// The result, or nothing where there is none: division by zero, and what is not finite.
///
/// Whole numbers stay exact as long as the result is whole and fits into 64 bits; a division that leaves something is
/// one of floating-point numbers. `div` drops the fraction, and what `%` leaves has the sign of the first number.
pub(super) fn calculate(operator: Arithmetic, left: Number, right: Number) -> Option<Number> {
    let exact = left.integer().zip(right.integer());
    if let Some(whole) = exact.and_then(|(left, right)| whole(operator, left, right)) {
        return Some(Number::whole(whole));
    }
    let (left, right) = (left.as_f64(), right.as_f64());
    // By zero nothing is finite that division makes.
    Number::float(match operator {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Modulo => left % right,
        Arithmetic::IntegerDivide => (left / right).trunc(),
        Arithmetic::Power => left.powf(right),
    })
}

/// The result as a whole number, if it is one that 128 bits can hold.
fn whole(operator: Arithmetic, left: i128, right: i128) -> Option<i128> {
    match operator {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => {
            let divides = left.checked_rem(right) == Some(0);
            divides.then(|| left.checked_div(right)).flatten()
        }
        Arithmetic::Modulo => left.checked_rem(right),
        Arithmetic::IntegerDivide => left.checked_div(right),
        Arithmetic::Power => left.checked_pow(u32::try_from(right).ok()?),
    }
}
