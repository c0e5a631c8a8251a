//! What a value can be in text: literals, names, functions, arrays, times. Geometries are `places.rs`.

use super::lexer::Token;
use super::parser::Parser;
use crate::error::{Place, ReadError, shown};
use crate::kinds::{Kind, end_of_interval, reversed};
use crate::moments::{Date, Timestamp};
use crate::operators::{ArrayRelation, Spatial, Temporal};
use crate::tree::{End, Expr};
use crate::words;

const VALUE: &str = "a value, a property or a function";

impl Parser<'_> {
    /// One value, or any expression in parentheses.
    pub(super) fn value(&mut self) -> Result<Expr, ReadError> {
        if !self.eat("(") {
            return self.single();
        }
        let inner = self.expression()?;
        self.need(")")?;
        Ok(inner)
    }

    fn single(&mut self) -> Result<Expr, ReadError> {
        let at = self.at();
        let value = match self.peek().clone() {
            Token::Number(number) => Expr::Number(number),
            Token::Text(text) => Expr::Text(text),
            Token::Quoted(name) => Expr::Property(name),
            Token::Word(word) if word.eq_ignore_ascii_case("TRUE") => Expr::Boolean(true),
            Token::Word(word) if word.eq_ignore_ascii_case("FALSE") => Expr::Boolean(false),
            Token::Word(word) if words::is_reserved(word) => return Err(self.unexpected(VALUE)),
            Token::Word(word) => {
                self.take();
                self.node()?;
                return self.word(at, word);
            }
            Token::Sign(_) | Token::End => return Err(self.unexpected(VALUE)),
        };
        self.node()?;
        self.take();
        Ok(value)
    }

    /// What a word means: before a parenthesis it is a function of the standard or another one, else a property.
    fn word(&mut self, at: usize, word: &str) -> Result<Expr, ReadError> {
        let lower = word.to_ascii_lowercase();
        let place_follows = *self.peek() == Token::Sign("(")
            || (matches!(self.peek(), Token::Word(z) if z.eq_ignore_ascii_case("Z"))
                && *self.ahead(1) == Token::Sign("("));
        if place_follows && let Some(place) = self.place(&lower)? {
            return Ok(place);
        }
        if !self.eat("(") {
            return Ok(Expr::Property(word.to_owned()));
        }
        let found = match lower.as_str() {
            "casei" => Expr::CaseI(Box::new(self.expression_of(Kind::Character)?)),
            "accenti" => Expr::AccentI(Box::new(self.expression_of(Kind::Character)?)),
            "date" => {
                self.moment(|text| Date::parse(text).map(Expr::Date), "a date (YYYY-MM-DD)")?
            }
            "timestamp" => self.moment(
                |text| Timestamp::parse(text).map(Expr::Timestamp),
                "a timestamp (YYYY-MM-DDThh:mm:ssZ)",
            )?,
            "interval" => self.interval(at)?,
            _ => return self.call(word),
        };
        self.need(")")?;
        Ok(found)
    }

    /// Predicates of the standard, and functions that it does not have, after the parenthesis.
    fn call(&mut self, word: &str) -> Result<Expr, ReadError> {
        if let Some(operator) = Spatial::from_text(word) {
            return Ok(Expr::Spatial(operator, self.pair(Kind::Spatial)?));
        }
        if let Some(operator) = Temporal::from_text(word) {
            return Ok(Expr::Temporal(operator, self.pair(Kind::of_temporal(operator))?));
        }
        if let Some(operator) = ArrayRelation::from_text(word) {
            return Ok(Expr::Arrays(operator, self.pair(Kind::Array)?));
        }
        let arguments = self.elements(Kind::Any)?;
        Ok(Expr::Function(word.to_owned(), arguments))
    }

    fn pair(&mut self, kind: Kind) -> Result<Box<(Expr, Expr)>, ReadError> {
        let first = self.element(kind)?;
        self.need(",")?;
        let second = self.element(kind)?;
        self.need(")")?;
        Ok(Box::new((first, second)))
    }

    /// Values after a parenthesis, to the one that closes it.
    fn elements(&mut self, kind: Kind) -> Result<Vec<Expr>, ReadError> {
        let mut elements = Vec::new();
        if self.eat(")") {
            return Ok(elements);
        }
        loop {
            elements.push(self.element(kind)?);
            if !self.eat(",") {
                self.need(")")?;
                return Ok(elements);
            }
        }
    }

    /// A value where an array may stand. In parentheses it is an array, unless something follows that makes them part
    /// of a longer expression: `(a)` and `(a, b)` are arrays, `(a) + 1` is none.
    fn element(&mut self, kind: Kind) -> Result<Expr, ReadError> {
        let array = matches!(kind, Kind::Array | Kind::Any) && self.parentheses_alone();
        if !array {
            return self.expression_of(kind);
        }
        self.take();
        self.node()?;
        self.deeper(|parser| parser.elements(Kind::Any)).map(Expr::Array)
    }

    /// Whether parentheses begin here, after which the element ends.
    fn parentheses_alone(&self) -> bool {
        let mut depth = 0_usize;
        for ahead in 0.. {
            match self.ahead(ahead) {
                Token::Sign("(") => depth += 1,
                Token::Sign(")") if depth > 0 => depth -= 1,
                Token::End => return false,
                _ => {}
            }
            if depth == 0 {
                return ahead > 0 && matches!(self.ahead(ahead + 1), Token::Sign("," | ")"));
            }
        }
        false
    }

    fn moment(
        &mut self,
        parse: fn(&str) -> Option<Expr>,
        expected: &'static str,
    ) -> Result<Expr, ReadError> {
        let Token::Text(text) = self.peek() else {
            return Err(self.unexpected("a text with a date or a timestamp"));
        };
        let moment = parse(text).ok_or_else(|| self.unexpected(expected))?;
        self.take();
        Ok(moment)
    }

    fn interval(&mut self, at: usize) -> Result<Expr, ReadError> {
        let start = self.end()?;
        self.need(",")?;
        let end = self.end()?;
        if reversed(&start, &end) {
            return Err(ReadError::wrong(Place::Byte(at), "the interval begins after it ends"));
        }
        Ok(Expr::Interval(Box::new((start, end))))
    }

    fn end(&mut self) -> Result<End, ReadError> {
        let Token::Text(text) = self.peek() else {
            return self.expression_of(Kind::Instant).map(End::At);
        };
        let end = end_of_interval(text).ok_or_else(|| {
            let found = format!("'{}'", shown(text));
            ReadError::unexpected(Place::Byte(self.at()), "a date, a timestamp or '..'", found)
        })?;
        self.take();
        if end != End::Open {
            self.node()?;
        }
        Ok(end)
    }
}
