//! Geometries in text, which are Well-Known Text, and boxes.

use super::lexer::Token;
use super::parser::Parser;
use crate::error::{Place, ReadError};
use crate::geometry::{BBox, Geometry, Line, Position, degrees_fault};
use crate::tree::Expr;

impl Parser<'_> {
    /// The geometry or box that such a word in lower case begins; nothing when it is another word.
    pub(super) fn place(&mut self, word: &str) -> Result<Option<Expr>, ReadError> {
        if word == "bbox" {
            return self.bbox().map(Some);
        }
        let geometry = self.geometry(word)?;
        Ok(geometry.map(|geometry| Expr::Geometry(Box::new(geometry))))
    }

    fn geometry(&mut self, word: &str) -> Result<Option<Geometry>, ReadError> {
        let at = self.at();
        let read: fn(&mut Self) -> Result<Geometry, ReadError> = match word {
            "point" => |parser| parser.bracketed(Self::position).map(Geometry::Point),
            "linestring" => |parser| parser.line().map(Geometry::LineString),
            "polygon" => |parser| parser.polygon().map(Geometry::Polygon),
            "multipoint" => |parser| parser.list(Self::point_of_many).map(Geometry::MultiPoint),
            "multilinestring" => |parser| parser.list(Self::line).map(Geometry::MultiLineString),
            "multipolygon" => |parser| parser.list(Self::polygon).map(Geometry::MultiPolygon),
            "geometrycollection" => |parser| parser.list(Self::part).map(Geometry::Collection),
            _ => return Ok(None),
        };
        // Whether there are heights is seen of the positions.
        self.eat_word("Z");
        let geometry = read(self)?;
        match geometry.fault() {
            Some(fault) => Err(ReadError::wrong(Place::Byte(at), fault)),
            None => Ok(Some(geometry)),
        }
    }

    fn bracketed<T>(
        &mut self,
        read: fn(&mut Self) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.need("(")?;
        let value = read(self)?;
        self.need(")")?;
        Ok(value)
    }

    fn list<T>(
        &mut self,
        read: fn(&mut Self) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        self.need("(")?;
        let mut parts = vec![read(self)?];
        while self.eat(",") {
            parts.push(read(self)?);
        }
        self.need(")")?;
        Ok(parts)
    }

    fn line(&mut self) -> Result<Line, ReadError> {
        self.list(Self::position)
    }

    fn polygon(&mut self) -> Result<Vec<Line>, ReadError> {
        self.list(Self::line)
    }

    /// `MULTIPOINT((0 0), (1 1))` is the standard's; that it is often written without the inner parentheses is taken.
    fn point_of_many(&mut self) -> Result<Position, ReadError> {
        if *self.peek() == Token::Sign("(") {
            self.bracketed(Self::position)
        } else {
            self.position()
        }
    }

    fn part(&mut self) -> Result<Geometry, ReadError> {
        const EXPECTED: &str = "a geometry";
        let Token::Word(word) = *self.peek() else { return Err(self.unexpected(EXPECTED)) };
        let unexpected = self.unexpected(EXPECTED);
        self.take();
        self.deeper(|parser| parser.geometry(&word.to_ascii_lowercase()))?.ok_or(unexpected)
    }

    fn position(&mut self) -> Result<Position, ReadError> {
        let at = self.at();
        let (x, y) = (self.coordinate()?, self.coordinate()?);
        let z = match self.peek() {
            Token::Number(_) | Token::Sign("-" | "+") => Some(self.coordinate()?),
            _ => None,
        };
        if let Some(fault) = degrees_fault(x, y) {
            return Err(ReadError::wrong(Place::Byte(at), fault));
        }
        self.position_used()?;
        Ok(Position { x, y, z })
    }

    fn coordinate(&mut self) -> Result<f64, ReadError> {
        let negative = self.eat("-");
        if !negative {
            self.eat("+");
        }
        let Token::Number(number) = *self.peek() else { return Err(self.unexpected("a number")) };
        self.take();
        Ok(if negative { -number.as_f64() } else { number.as_f64() })
    }

    fn bbox(&mut self) -> Result<Expr, ReadError> {
        let at = self.at();
        let numbers = self.list(Self::coordinate)?;
        let bbox = BBox::from_numbers(&numbers)
            .map_err(|fault| ReadError::wrong(Place::Byte(at), fault))?;
        Ok(Expr::BBox(Box::new(bbox)))
    }
}
