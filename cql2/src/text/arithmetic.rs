//! Arithmetic in text, down to the values that it has: sums, products, exponents, signs.

use super::lexer::Token;
use super::parser::{Parser, expect};
use crate::error::ReadError;
use crate::kinds::Kind;
use crate::number::Number;
use crate::operators::Arithmetic;
use crate::tree::Expr;

impl Parser<'_> {
    pub(super) fn sum(&mut self) -> Result<Expr, ReadError> {
        self.arithmetic(&["+", "-"], Self::product)
    }

    fn product(&mut self) -> Result<Expr, ReadError> {
        self.arithmetic(&["*", "/", "%", "DIV"], Self::power)
    }

    /// Numbers between which some operators stand, from left to right.
    fn arithmetic(
        &mut self,
        operators: &[&str],
        part: fn(&mut Self) -> Result<Expr, ReadError>,
    ) -> Result<Expr, ReadError> {
        let at = self.at();
        let mut left = part(self)?;
        while let Token::Sign(sign) | Token::Word(sign) = *self.peek() {
            if !operators.iter().any(|operator| operator.eq_ignore_ascii_case(sign)) {
                break;
            }
            let Some(operator) = Arithmetic::from_text(sign) else { break };
            self.take();
            let number = expect(at, left, Kind::Numeric)?;
            let right_at = self.at();
            let right = part(self)?;
            let right = expect(right_at, right, Kind::Numeric)?;
            self.node()?;
            left = Expr::Arithmetic(operator, Box::new((number, right)));
        }
        Ok(left)
    }

    /// The standard has at most one exponent; more are read from right to left.
    fn power(&mut self) -> Result<Expr, ReadError> {
        let at = self.at();
        let base = self.factor()?;
        if !self.eat("^") {
            return Ok(base);
        }
        self.node()?;
        let base = expect(at, base, Kind::Numeric)?;
        let at = self.at();
        let exponent = self.deeper(Self::power)?;
        let exponent = expect(at, exponent, Kind::Numeric)?;
        Ok(Expr::Arithmetic(Arithmetic::Power, Box::new((base, exponent))))
    }

    /// A value with a sign or without. A sign binds closer than an exponent, as in the standard: `-2 ^ 2` is 4.
    fn factor(&mut self) -> Result<Expr, ReadError> {
        if self.eat("+") {
            return match self.peek() {
                Token::Number(_) => self.value(),
                _ => Err(self.unexpected("a number")),
            };
        }
        if !self.eat("-") {
            return self.value();
        }
        let at = self.at();
        // A number with a sign is one value, and not nested in anything.
        let literal = matches!(self.peek(), Token::Number(_));
        let operand = if literal { self.value()? } else { self.deeper(Self::factor)? };
        if let Expr::Number(number) = operand {
            return Ok(Expr::Number(number.negated()));
        }
        self.node()?;
        self.node()?;
        let minus = Expr::Number(Number::whole(-1));
        let operand = expect(at, operand, Kind::Numeric)?;
        Ok(Expr::Arithmetic(Arithmetic::Multiply, Box::new((minus, operand))))
    }
}
