//! JSON to a tree. Geometries are `places.rs`.

use serde_json::{Map, Value};

use super::reader::{Reader, Step};
use crate::error::ReadError;
use crate::kinds::{Kind, described, end_of_interval, reversed};
use crate::moments::{Date, Timestamp};
use crate::number::Number;
use crate::operators::{Arithmetic, ArrayRelation, Comparison, Spatial, Temporal};
use crate::tree::{End, Expr};
use crate::words;

/// The objects that the schema has.
const OBJECT: &str = "an object with \"op\", \"property\", \"date\", \"timestamp\", \"interval\", \"bbox\" or \"type\"";

/// Reads a whole filter.
pub(crate) fn read(filter: &Value) -> Result<Expr, ReadError> {
    Reader::default().expression(filter, Kind::Boolean)
}

impl Reader {
    fn expression(&mut self, value: &Value, kind: Kind) -> Result<Expr, ReadError> {
        self.node_used()?;
        let expression = self.deeper(|reader| match value {
            Value::Null => Err(reader.unexpected(kind.name(), value)),
            Value::Bool(value) => Ok(Expr::Boolean(*value)),
            Value::Number(number) => self::number(number)
                .map(Expr::Number)
                .ok_or_else(|| reader.wrong("the number is too large")),
            Value::String(text) => Ok(Expr::Text(text.clone())),
            Value::Array(parts) => reader.all(parts, Kind::Any).map(Expr::Array),
            Value::Object(members) => reader.object(members, value),
        })?;
        if kind.takes(&expression) {
            return Ok(expression);
        }
        Err(ReadError::unexpected(self.place(), kind.name(), described(&expression)))
    }

    fn all(&mut self, values: &[Value], kind: Kind) -> Result<Vec<Expr>, ReadError> {
        let each = values.iter().enumerate();
        each.map(|(index, value)| {
            self.within(Step::Index(index), |reader| reader.expression(value, kind))
        })
        .collect()
    }

    fn object(&mut self, members: &Map<String, Value>, value: &Value) -> Result<Expr, ReadError> {
        if let Some(operator) = members.get("op") {
            return self.operation(operator, members.get("args"));
        }
        if let Some(name) = members.get("property") {
            return self.within(Step::Name("property"), |reader| match name {
                Value::String(name) if !name.is_empty() => Ok(Expr::Property(name.clone())),
                _ => Err(reader.unexpected("the name of a property", name)),
            });
        }
        if let Some(date) = members.get("date") {
            let read = |text: &str| Date::parse(text).map(Expr::Date);
            return self.moment("date", date, read, "a date (YYYY-MM-DD)");
        }
        if let Some(instant) = members.get("timestamp") {
            let read = |text: &str| Timestamp::parse(text).map(Expr::Timestamp);
            return self.moment("timestamp", instant, read, "a timestamp (YYYY-MM-DDThh:mm:ssZ)");
        }
        if let Some(ends) = members.get("interval") {
            return self.within(Step::Name("interval"), |reader| reader.interval(ends));
        }
        if let Some(numbers) = members.get("bbox").filter(|_| !members.contains_key("type")) {
            return self.within(Step::Name("bbox"), |reader| reader.bbox(numbers));
        }
        if members.contains_key("type") {
            return self.geometry(members).map(|geometry| Expr::Geometry(Box::new(geometry)));
        }
        Err(self.unexpected(OBJECT, value))
    }

    fn moment(
        &mut self,
        name: &'static str,
        value: &Value,
        read: fn(&str) -> Option<Expr>,
        expected: &'static str,
    ) -> Result<Expr, ReadError> {
        self.within(Step::Name(name), |reader| {
            value.as_str().and_then(read).ok_or_else(|| reader.unexpected(expected, value))
        })
    }

    fn interval(&mut self, ends: &Value) -> Result<Expr, ReadError> {
        let Some([start, end]) = ends.as_array().map(Vec::as_slice) else {
            return Err(self.unexpected("the two ends of an interval", ends));
        };
        let start = self.within(Step::Index(0), |reader| reader.end(start))?;
        let end = self.within(Step::Index(1), |reader| reader.end(end))?;
        if reversed(&start, &end) {
            return Err(self.wrong("the interval begins after it ends"));
        }
        Ok(Expr::Interval(Box::new((start, end))))
    }

    fn end(&mut self, value: &Value) -> Result<End, ReadError> {
        let Value::String(text) = value else {
            return self.expression(value, Kind::Instant).map(End::At);
        };
        self.node_used()?;
        end_of_interval(text).ok_or_else(|| self.unexpected("a date, a timestamp or \"..\"", value))
    }

    fn operation(&mut self, operator: &Value, args: Option<&Value>) -> Result<Expr, ReadError> {
        let name = operator.as_str().unwrap_or_default();
        // The same names that a text could write before a parenthesis.
        let function = words::is_identifier(name) && !words::is_keyword(name);
        if !function && !is_operator(name) {
            return self.within(Step::Name("op"), |reader| {
                Err(reader.unexpected("the name of an operator or of a function", operator))
            });
        }
        self.within(Step::Name("args"), |reader| {
            let Some(Value::Array(args)) = args else {
                return Err(reader.unexpected("an array", args.unwrap_or(&Value::Null)));
            };
            match reader.logical(name, args)? {
                Some(found) => Ok(found),
                None => reader.relation(name, args),
            }
        })
    }

    /// What takes other than two operands of one kind.
    fn logical(&mut self, name: &str, args: &[Value]) -> Result<Option<Expr>, ReadError> {
        Ok(Some(match name {
            "and" => Expr::And(self.at_least_two(args)?),
            "or" => Expr::Or(self.at_least_two(args)?),
            "not" => Expr::Not(Box::new(self.one(args, Kind::Boolean)?)),
            "isNull" => Expr::IsNull(Box::new(self.one(args, Kind::Nullable)?)),
            "casei" => Expr::CaseI(Box::new(self.one(args, Kind::Character)?)),
            "accenti" => Expr::AccentI(Box::new(self.one(args, Kind::Character)?)),
            "like" => Expr::Like(self.two(args, Kind::Character, Kind::Pattern)?),
            "between" => Expr::Between(self.between(args)?),
            "in" => {
                let [of, list] = args else { return Err(self.count("two", args)) };
                let of = self.argument(0, of, Kind::Scalar)?;
                Expr::In(
                    Box::new(of),
                    self.within(Step::Index(1), |reader| reader.candidates(list))?,
                )
            }
            _ => return Ok(None),
        }))
    }

    /// A value and its two bounds. Drafts of the standard had the bounds in an array, and so do tools that are in use.
    fn between(&mut self, args: &[Value]) -> Result<Box<(Expr, Expr, Expr)>, ReadError> {
        let three = match args {
            [of, low, high] => (
                self.argument(0, of, Kind::Scalar)?,
                self.argument(1, low, Kind::Scalar)?,
                self.argument(2, high, Kind::Scalar)?,
            ),
            [of, Value::Array(bounds)] => {
                let of = self.argument(0, of, Kind::Scalar)?;
                let bounds = self.within(Step::Index(1), |reader| {
                    reader.two(bounds, Kind::Scalar, Kind::Scalar)
                });
                let (low, high) = *bounds?;
                (of, low, high)
            }
            _ => return Err(self.count("three", args)),
        };
        Ok(Box::new(three))
    }

    fn candidates(&mut self, list: &Value) -> Result<Vec<Expr>, ReadError> {
        match list {
            Value::Array(list) if !list.is_empty() => self.all(list, Kind::Scalar),
            _ => Err(self.unexpected("an array that is not empty", list)),
        }
    }

    /// What takes two operands of one kind, and functions.
    fn relation(&mut self, name: &str, args: &[Value]) -> Result<Expr, ReadError> {
        if let Some(operator) = Comparison::from_json(name) {
            return Ok(Expr::Compare(operator, self.two(args, Kind::Scalar, Kind::Scalar)?));
        }
        if let Some(operator) = Arithmetic::from_json(name) {
            return Ok(Expr::Arithmetic(operator, self.two(args, Kind::Numeric, Kind::Numeric)?));
        }
        if let Some(operator) = Spatial::from_json(name) {
            return Ok(Expr::Spatial(operator, self.two(args, Kind::Spatial, Kind::Spatial)?));
        }
        if let Some(operator) = Temporal::from_json(name) {
            let kind = Kind::of_temporal(operator);
            return Ok(Expr::Temporal(operator, self.two(args, kind, kind)?));
        }
        if let Some(operator) = ArrayRelation::from_json(name) {
            return Ok(Expr::Arrays(operator, self.two(args, Kind::Array, Kind::Array)?));
        }
        Ok(Expr::Function(name.to_owned(), self.all(args, Kind::Any)?))
    }

    fn argument(&mut self, index: usize, value: &Value, kind: Kind) -> Result<Expr, ReadError> {
        self.within(Step::Index(index), |reader| reader.expression(value, kind))
    }

    fn one(&mut self, args: &[Value], kind: Kind) -> Result<Expr, ReadError> {
        let [only] = args else { return Err(self.count("one", args)) };
        self.argument(0, only, kind)
    }

    fn two(
        &mut self,
        args: &[Value],
        first: Kind,
        second: Kind,
    ) -> Result<Box<(Expr, Expr)>, ReadError> {
        let [left, right] = args else { return Err(self.count("two", args)) };
        Ok(Box::new((self.argument(0, left, first)?, self.argument(1, right, second)?)))
    }

    fn at_least_two(&mut self, args: &[Value]) -> Result<Vec<Expr>, ReadError> {
        if args.len() < 2 {
            return Err(self.count("two or more", args));
        }
        self.all(args, Kind::Boolean)
    }

    fn count(&self, expected: &str, args: &[Value]) -> ReadError {
        let expected = format!("{expected} of \"args\"");
        ReadError::unexpected(self.place(), expected, args.len().to_string())
    }
}

/// The number that JSON has. It has none that is not finite.
pub(crate) fn number(number: &serde_json::Number) -> Option<Number> {
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match whole {
        Some(whole) => Some(Number::whole(whole)),
        None => number.as_f64().and_then(Number::float),
    }
}

/// Whether the schema has an operator of this name, in this case.
fn is_operator(name: &str) -> bool {
    matches!(
        name,
        "and" | "or" | "not" | "isNull" | "casei" | "accenti" | "like" | "between" | "in"
    ) || Comparison::from_json(name).is_some()
        || Arithmetic::from_json(name).is_some()
        || Spatial::from_json(name).is_some()
        || Temporal::from_json(name).is_some()
        || ArrayRelation::from_json(name).is_some()
}
