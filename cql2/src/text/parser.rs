//! Tokens to a tree, by recursive descent: predicates. What stands between them is `arithmetic.rs`, `values.rs`
//! and `places.rs`.

use super::lexer::{Token, tokens};
use crate::error::{Place, ReadError};
use crate::kinds::{Kind, described};
use crate::limits::{Budget, DEPTH, Limit, TEXT_BYTES};
use crate::operators::Comparison;
use crate::tree::Expr;

/// A text on its way to a tree.
pub(super) struct Parser<'a> {
    tokens: Vec<(usize, Token<'a>)>,
    next: usize,
    budget: Budget,
}

/// Reads a whole filter.
pub(crate) fn parse(text: &str) -> Result<Expr, ReadError> {
    if text.len() > TEXT_BYTES {
        return Err(ReadError::TooLong(text.len()));
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, budget: Budget::default() };
    let at = parser.at();
    let filter = parser.expression()?;
    if *parser.peek() != Token::End {
        return Err(parser.unexpected("AND, OR or the end of the filter"));
    }
    let filter = expect(at, filter, Kind::Boolean)?;
    // Chains of arithmetic nest to the left without nesting the parser.
    if filter.height() > DEPTH {
        return Err(ReadError::TooMuch { place: Place::Byte(at), limit: Limit::Depth });
    }
    Ok(filter)
}

/// The expression, if it may stand where it begins.
pub(super) fn expect(at: usize, expression: Expr, kind: Kind) -> Result<Expr, ReadError> {
    if kind.takes(&expression) {
        return Ok(expression);
    }
    Err(ReadError::unexpected(Place::Byte(at), kind.name(), described(&expression)))
}

impl<'a> Parser<'a> {
    pub(super) fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(0, |(at, _)| *at)
    }

    pub(super) fn peek(&self) -> &Token<'a> {
        self.ahead(0)
    }

    pub(super) fn ahead(&self, count: usize) -> &Token<'a> {
        self.tokens.get(self.next + count).map_or(&Token::End, |(_, token)| token)
    }

    /// The next token, which is passed.
    pub(super) fn take(&mut self) -> Token<'a> {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    pub(super) fn unexpected(&self, expected: &'static str) -> ReadError {
        ReadError::unexpected(Place::Byte(self.at()), expected, self.peek().shown())
    }

    /// Passes a sign if it is next.
    pub(super) fn eat(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(next) if *next == sign);
        self.next += usize::from(found);
        found
    }

    pub(super) fn need(&mut self, sign: &'static str) -> Result<(), ReadError> {
        if self.eat(sign) {
            return Ok(());
        }
        Err(ReadError::unexpected(
            Place::Byte(self.at()),
            format!("\"{sign}\""),
            self.peek().shown(),
        ))
    }

    /// Passes a keyword if it is next, in any case.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(next) if next.eq_ignore_ascii_case(word));
        self.next += usize::from(found);
        found
    }

    pub(super) fn limited(&self, used: Result<(), Limit>) -> Result<(), ReadError> {
        used.map_err(|limit| ReadError::TooMuch { place: Place::Byte(self.at()), limit })
    }

    pub(super) fn node(&mut self) -> Result<(), ReadError> {
        let used = self.budget.node();
        self.limited(used)
    }

    pub(super) fn position_used(&mut self) -> Result<(), ReadError> {
        let used = self.budget.position();
        self.limited(used)
    }

    /// Reads something one level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let used = self.budget.enter();
        self.limited(used)?;
        let value = read(self)?;
        self.budget.leave();
        Ok(value)
    }

    /// An expression of any kind. From here down to the next parenthesis the functions that are always gone through
    /// hand on what is seldom needed to others: frames of the stack that are nested this deep are to be small.
    pub(super) fn expression(&mut self) -> Result<Expr, ReadError> {
        let used = self.budget.enter();
        self.limited(used)?;
        let expression = self.chain("OR", Expr::Or, Self::conjunction)?;
        self.budget.leave();
        Ok(expression)
    }

    fn conjunction(&mut self) -> Result<Expr, ReadError> {
        self.chain("AND", Expr::And, Self::negation)
    }

    /// An expression that may stand where it begins.
    pub(super) fn expression_of(&mut self, kind: Kind) -> Result<Expr, ReadError> {
        let at = self.at();
        let expression = self.expression()?;
        expect(at, expression, kind)
    }

    /// Predicates between which a word stands: one list, however long.
    fn chain(
        &mut self,
        word: &str,
        build: fn(Vec<Expr>) -> Expr,
        part: fn(&mut Self) -> Result<Expr, ReadError>,
    ) -> Result<Expr, ReadError> {
        let at = self.at();
        let first = part(self)?;
        if self.eat_word(word) { self.more(at, first, word, part).map(build) } else { Ok(first) }
    }

    fn more(
        &mut self,
        at: usize,
        first: Expr,
        word: &str,
        part: fn(&mut Self) -> Result<Expr, ReadError>,
    ) -> Result<Vec<Expr>, ReadError> {
        self.node()?;
        let mut parts = vec![expect(at, first, Kind::Boolean)?];
        loop {
            let at = self.at();
            let next = part(self)?;
            parts.push(expect(at, next, Kind::Boolean)?);
            if !self.eat_word(word) {
                return Ok(parts);
            }
        }
    }

    fn negation(&mut self) -> Result<Expr, ReadError> {
        if self.eat_word("NOT") { self.negated_predicate() } else { self.predicate() }
    }

    fn negated_predicate(&mut self) -> Result<Expr, ReadError> {
        self.node()?;
        let at = self.at();
        // Parentheses count for themselves.
        let negated = if self.eat_word("NOT") {
            self.deeper(Self::negated_predicate)?
        } else {
            self.predicate()?
        };
        Ok(Expr::Not(Box::new(expect(at, negated, Kind::Boolean)?)))
    }

    /// A comparison, or a value alone.
    fn predicate(&mut self) -> Result<Expr, ReadError> {
        let at = self.at();
        let left = self.sum()?;
        match self.peek() {
            Token::Sign(")" | ",") | Token::End => Ok(left),
            _ => self.comparison(at, left),
        }
    }

    fn comparison(&mut self, at: usize, left: Expr) -> Result<Expr, ReadError> {
        if let Token::Sign(sign) = *self.peek()
            && let Some(operator) = Comparison::from_text(sign)
        {
            self.take();
            self.node()?;
            let left = expect(at, left, Kind::Scalar)?;
            let right = self.operand(Kind::Scalar)?;
            return Ok(Expr::Compare(operator, Box::new((left, right))));
        }
        if self.eat_word("IS") {
            return self.null(at, left);
        }
        let negated = self.eat_word("NOT");
        let found = if self.eat_word("LIKE") {
            let left = expect(at, left, Kind::Character)?;
            Expr::Like(Box::new((left, self.operand(Kind::Pattern)?)))
        } else if self.eat_word("BETWEEN") {
            self.between(at, left)?
        } else if self.eat_word("IN") {
            self.membership(at, left)?
        } else if negated {
            return Err(self.unexpected("LIKE, BETWEEN or IN"));
        } else {
            return Ok(left);
        };
        self.node()?;
        self.negated(negated, found)
    }

    fn null(&mut self, at: usize, left: Expr) -> Result<Expr, ReadError> {
        let negated = self.eat_word("NOT");
        if !self.eat_word("NULL") {
            return Err(self.unexpected(if negated { "NULL" } else { "NULL or NOT NULL" }));
        }
        self.node()?;
        let found = Expr::IsNull(Box::new(expect(at, left, Kind::Nullable)?));
        self.negated(negated, found)
    }

    fn negated(&mut self, negated: bool, found: Expr) -> Result<Expr, ReadError> {
        if !negated {
            return Ok(found);
        }
        self.node()?;
        Ok(Expr::Not(Box::new(found)))
    }

    /// The standard has numbers only between others; instants and texts have an order as well, and are taken.
    fn between(&mut self, at: usize, left: Expr) -> Result<Expr, ReadError> {
        let left = expect(at, left, Kind::Scalar)?;
        let low = self.operand(Kind::Scalar)?;
        if !self.eat_word("AND") {
            return Err(self.unexpected("AND"));
        }
        Ok(Expr::Between(Box::new((left, low, self.operand(Kind::Scalar)?))))
    }

    fn membership(&mut self, at: usize, left: Expr) -> Result<Expr, ReadError> {
        let left = expect(at, left, Kind::Scalar)?;
        self.need("(")?;
        let mut list = vec![self.operand(Kind::Scalar)?];
        while self.eat(",") {
            list.push(self.operand(Kind::Scalar)?);
        }
        self.need(")")?;
        Ok(Expr::In(Box::new(left), list))
    }

    fn operand(&mut self, kind: Kind) -> Result<Expr, ReadError> {
        let at = self.at();
        let operand = self.sum()?;
        expect(at, operand, kind)
    }
}
