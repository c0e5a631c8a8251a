//! Arithmetic in text, down to the values that it has: sums, products, exponents, signs.

use super::lexer::Token;
use super::parser::{Parser, expect};
use crate::error::ReadError;
use crate::kinds::Kind;
use crate::number::Number;
use crate::operators::Arithmetic;
use crate::tree::Expr;

/// How closely operators bind.
const SUM: u8 = 1;
const PRODUCT: u8 = 2;
const POWER: u8 = 3;

fn binding(operator: Arithmetic) -> u8 {
    match operator {
        Arithmetic::Add | Arithmetic::Subtract => SUM,
        Arithmetic::Multiply
        | Arithmetic::Divide
        | Arithmetic::Modulo
        | Arithmetic::IntegerDivide => PRODUCT,
        Arithmetic::Power => POWER,
    }
}

impl Parser<'_> {
    pub(super) fn sum(&mut self) -> Result<Expr, ReadError> {
        self.numbers(SUM)
    }

    /// Values between which operators stand that bind at least so closely.
    fn numbers(&mut self, least: u8) -> Result<Expr, ReadError> {
        let at = self.at();
        let mut left = self.factor()?;
        while let Some(operator) = self.operator().filter(|operator| binding(*operator) >= least) {
            left = self.operation(at, left, operator)?;
        }
        Ok(left)
    }

    fn operator(&self) -> Option<Arithmetic> {
        match self.peek() {
            Token::Sign(sign) => Arithmetic::from_text(sign),
            Token::Word(word) => Arithmetic::from_text(word),
            _ => None,
        }
    }

    /// Sums and products are read from left to right. The standard has at most one exponent; more are read from right
    /// to left.
    fn operation(
        &mut self,
        at: usize,
        left: Expr,
        operator: Arithmetic,
    ) -> Result<Expr, ReadError> {
        self.take();
        self.node()?;
        let left = expect(at, left, Kind::Numeric)?;
        let at = self.at();
        let right = match binding(operator) {
            POWER => self.exponent()?,
            own => self.numbers(own + 1)?,
        };
        let right = expect(at, right, Kind::Numeric)?;
        Ok(Expr::Arithmetic(operator, Box::new((left, right))))
    }

    /// One is as deep as what it is of. Only where another one follows it is deeper: parentheses count for themselves.
    fn exponent(&mut self) -> Result<Expr, ReadError> {
        let at = self.at();
        let exponent = self.factor()?;
        match self.operator() {
            Some(Arithmetic::Power) => {
                self.deeper(|parser| parser.operation(at, exponent, Arithmetic::Power))
            }
            _ => Ok(exponent),
        }
    }

    /// A value with a sign or without. A sign binds closer than an exponent, as in the standard: `-2 ^ 2` is 4.
    fn factor(&mut self) -> Result<Expr, ReadError> {
        match self.peek() {
            Token::Sign("-" | "+") => self.signed(),
            _ => self.value(),
        }
    }

    fn signed(&mut self) -> Result<Expr, ReadError> {
        if self.eat("+") {
            return match self.peek() {
                Token::Number(_) => self.value(),
                _ => Err(self.unexpected("a number")),
            };
        }
        self.need("-")?;
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
