//! A tree as text, with no more parentheses than are needed to read the same tree again. Geometries are
//! `write_places.rs`.

use std::fmt::{Display, Formatter, Result};

use super::lexer::CONTROLS;
use super::write_places::Wkt;
use crate::operators::Arithmetic;
use crate::tree::{End, Expr};
use crate::words;

/// An expression, written where at least so much binding is needed to stand without parentheses.
struct Written<'a>(&'a Expr, u8);

/// How close expressions bind, from the loosest on.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const PREDICATE: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const POWER: u8 = 7;
const VALUE: u8 = 8;

pub(crate) fn write(expression: &Expr) -> String {
    Written(expression, OR).to_string()
}

fn binding(expression: &Expr) -> u8 {
    match expression {
        Expr::Or(_) => OR,
        Expr::And(_) => AND,
        // With a NOT of their own: `a IS NOT NULL`.
        Expr::Not(of) => match **of {
            Expr::IsNull(_) | Expr::Like(_) | Expr::Between(_) | Expr::In(..) => PREDICATE,
            _ => NOT,
        },
        Expr::Compare(..) | Expr::Like(_) | Expr::Between(_) | Expr::In(..) | Expr::IsNull(_) => {
            PREDICATE
        }
        Expr::Arithmetic(operator, _) => arithmetic_binding(*operator),
        _ => VALUE,
    }
}

fn arithmetic_binding(operator: Arithmetic) -> u8 {
    match operator {
        Arithmetic::Add | Arithmetic::Subtract => SUM,
        Arithmetic::Multiply
        | Arithmetic::Divide
        | Arithmetic::Modulo
        | Arithmetic::IntegerDivide => PRODUCT,
        Arithmetic::Power => POWER,
    }
}

impl Display for Written<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        if binding(self.0) < self.1 {
            write!(out, "({})", Written(self.0, OR))
        } else {
            bare(self.0, out)
        }
    }
}

fn bare(expression: &Expr, out: &mut Formatter<'_>) -> Result {
    match expression {
        Expr::Boolean(value) => write!(out, "{}", if *value { "TRUE" } else { "FALSE" }),
        Expr::Text(text) => character_literal(text, out),
        Expr::Number(number) => write!(out, "{number}"),
        Expr::Date(date) => write!(out, "DATE('{date}')"),
        Expr::Timestamp(instant) => write!(out, "TIMESTAMP('{instant}')"),
        Expr::Interval(ends) => {
            write!(out, "INTERVAL(")?;
            end(&ends.0, out)?;
            write!(out, ", ")?;
            end(&ends.1, out)?;
            write!(out, ")")
        }
        Expr::Geometry(geometry) => write!(out, "{}", Wkt(geometry)),
        Expr::BBox(bbox) => super::write_places::bbox(bbox, out),
        Expr::Array(parts) => list("(", parts, ", ", OR, out),
        Expr::Property(name) => property(name, out),
        Expr::Function(name, parts) => {
            write!(out, "{name}")?;
            list("(", parts, ", ", OR, out)
        }
        Expr::CaseI(of) => write!(out, "CASEI({})", Written(of, OR)),
        Expr::AccentI(of) => write!(out, "ACCENTI({})", Written(of, OR)),
        Expr::Spatial(operator, pair) => call(operator.name(), pair, out),
        Expr::Temporal(operator, pair) => call(operator.name(), pair, out),
        Expr::Arrays(operator, pair) => call(operator.name(), pair, out),
        _ => compound(expression, out),
    }
}

/// What has operators between its parts.
fn compound(expression: &Expr, out: &mut Formatter<'_>) -> Result {
    match expression {
        Expr::Or(parts) => joined(parts, " OR ", AND, out),
        Expr::And(parts) => joined(parts, " AND ", NOT, out),
        Expr::Not(of) if binding(expression) == PREDICATE => predicate(of, "NOT ", out),
        // The grammar has one NOT before what it is of.
        Expr::Not(of) => write!(out, "NOT {}", Written(of, PREDICATE)),
        Expr::Compare(operator, pair) => {
            write!(out, "{} {} {}", Written(&pair.0, SUM), operator.name(), Written(&pair.1, SUM))
        }
        Expr::Arithmetic(operator, pair) => {
            let own = arithmetic_binding(*operator);
            // Operators of one kind are read from left to right. The grammar has one exponent, and others who take more
            // do not agree on the order.
            let (left, right) = if own == POWER { (VALUE, VALUE) } else { (own, own + 1) };
            let sign = operator.name();
            write!(out, "{} {sign} {}", Written(&pair.0, left), Written(&pair.1, right))
        }
        _ => predicate(expression, "", out),
    }
}

/// The predicates that can have a NOT within them.
fn predicate(expression: &Expr, not: &str, out: &mut Formatter<'_>) -> Result {
    match expression {
        Expr::IsNull(of) => write!(out, "{} IS {not}NULL", Written(of, SUM)),
        Expr::Like(pair) => {
            write!(out, "{} {not}LIKE {}", Written(&pair.0, SUM), Written(&pair.1, SUM))
        }
        Expr::Between(three) => {
            let (of, low, high) = &**three;
            write!(out, "{} {not}BETWEEN {} ", Written(of, SUM), Written(low, SUM))?;
            write!(out, "AND {}", Written(high, SUM))
        }
        Expr::In(of, parts) => {
            write!(out, "{} {not}IN ", Written(of, SUM))?;
            list("(", parts, ", ", SUM, out)
        }
        _ => Ok(()),
    }
}

fn call(name: &str, pair: &(Expr, Expr), out: &mut Formatter<'_>) -> Result {
    let name = name.to_ascii_uppercase();
    write!(out, "{name}({}, {})", Written(&pair.0, OR), Written(&pair.1, OR))
}

fn list(open: &str, parts: &[Expr], between: &str, binding: u8, out: &mut Formatter<'_>) -> Result {
    write!(out, "{open}")?;
    joined(parts, between, binding, out)?;
    write!(out, ")")
}

fn joined(parts: &[Expr], between: &str, binding: u8, out: &mut Formatter<'_>) -> Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            write!(out, "{between}")?;
        }
        write!(out, "{}", Written(part, binding))?;
    }
    Ok(())
}

fn end(end: &End, out: &mut Formatter<'_>) -> Result {
    match end {
        End::Open => write!(out, "'..'"),
        End::At(Expr::Date(date)) => write!(out, "'{date}'"),
        End::At(Expr::Timestamp(instant)) => write!(out, "'{instant}'"),
        End::At(other) => write!(out, "{}", Written(other, OR)),
    }
}

fn property(name: &str, out: &mut Formatter<'_>) -> Result {
    if words::is_identifier(name) && !words::is_keyword(name) {
        write!(out, "{name}")
    } else {
        write!(out, "\"{}\"", name.replace('"', "\"\""))
    }
}

/// A backslash is doubled where it would mean something with what follows: alone it is one to all readers, and two are not.
fn character_literal(text: &str, out: &mut Formatter<'_>) -> Result {
    write!(out, "'")?;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, CONTROLS.iter().find(|(_, control)| *control == character)) {
            (_, Some((letter, _))) => write!(out, "\\{letter}")?,
            ('\'', _) => write!(out, "''")?,
            ('\\', _) if characters.peek().is_none_or(|next| begins_escape(*next)) => {
                write!(out, r"\\")?;
            }
            _ => write!(out, "{character}")?,
        }
    }
    write!(out, "'")
}

/// Whether a backslash before this character is read with it, or before what is written for it.
fn begins_escape(next: char) -> bool {
    let of_control = |(letter, control): &(char, char)| *letter == next || *control == next;
    matches!(next, '\'' | '\\') || CONTROLS.iter().any(of_control)
}
