//! For tests: any filter that the grammar allows, within the limits.

use proptest::prelude::*;

use crate::geometry::{BBox, Geometry, Position};
use crate::moments::{Date, Timestamp};
use crate::number::Number;
use crate::operators::{Arithmetic, ArrayRelation, Comparison, Spatial, Temporal};
use crate::tree::{End, Expr};

fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zé_:][a-z0-9_.:]{0,6}",
        "\\PC{1,6}",
        Just("date".to_owned()),
        Just("NOT".to_owned())
    ]
}

fn property() -> BoxedStrategy<Expr> {
    name().prop_map(Expr::Property).boxed()
}

fn text() -> impl Strategy<Value = Expr> {
    prop_oneof!["\\PC{0,8}", any::<String>(), "[%_\\\\'a]{0,6}"].prop_map(Expr::Text)
}

fn number() -> impl Strategy<Value = Expr> {
    let whole = prop_oneof![any::<i64>().prop_map(i128::from), any::<u64>().prop_map(i128::from)];
    let float = any::<f64>().prop_filter_map("finite", Number::float);
    prop_oneof![whole.prop_map(Number::whole), float].prop_map(Expr::Number)
}

fn date() -> impl Strategy<Value = Expr> {
    (0..=9999_u16, 1..=12_u8, 1..=28_u8).prop_map(|(year, month, day)| {
        Expr::Date(Date::parse(&format!("{year:04}-{month:02}-{day:02}")).unwrap())
    })
}

fn timestamp() -> impl Strategy<Value = Expr> {
    (1..=9998_u16, 0..=23_u8, 0..=999_999_999_u32).prop_map(|(year, hour, fraction)| {
        let text = format!("{year:04}-12-31T{hour:02}:59:60.{fraction:09}+02:30");
        Expr::Timestamp(Timestamp::parse(&text).unwrap())
    })
}

fn interval() -> impl Strategy<Value = Expr> {
    let end = || {
        let at = prop_oneof![property(), Just(Expr::Function("f".to_owned(), vec![]))];
        prop_oneof![Just(End::Open), at.prop_map(End::At)]
    };
    // A literal on one side alone is never after the other.
    let literal = prop_oneof![date(), timestamp()].prop_map(End::At);
    prop_oneof![(end(), end()), (literal, end())].prop_map(|ends| Expr::Interval(Box::new(ends)))
}

fn position() -> impl Strategy<Value = Position> {
    let height = prop::option::of(any::<f64>().prop_filter("finite", |z| z.is_finite()));
    (-180.0..=180.0, -90.0..=90.0, height).prop_map(|(x, y, z)| Position { x, y, z })
}

fn line() -> impl Strategy<Value = Vec<Position>> {
    prop::collection::vec(position(), 2..4)
}

fn polygon() -> impl Strategy<Value = Vec<Vec<Position>>> {
    let ring = prop::collection::vec(position(), 3..5).prop_map(|mut ring| {
        ring.push(ring[0]);
        ring
    });
    prop::collection::vec(ring, 1..3)
}

fn geometry() -> impl Strategy<Value = Geometry> {
    let simple = prop_oneof![
        position().prop_map(Geometry::Point),
        line().prop_map(Geometry::LineString),
        polygon().prop_map(Geometry::Polygon),
        prop::collection::vec(position(), 1..3).prop_map(Geometry::MultiPoint),
        prop::collection::vec(line(), 1..3).prop_map(Geometry::MultiLineString),
        prop::collection::vec(polygon(), 1..3).prop_map(Geometry::MultiPolygon),
    ];
    simple.prop_recursive(2, 6, 3, |inner| {
        prop::collection::vec(inner, 1..3).prop_map(Geometry::Collection)
    })
}

fn spatial() -> impl Strategy<Value = Expr> {
    let bbox = (position(), position(), any::<bool>()).prop_map(|(a, b, heights)| BBox {
        west: a.x,
        south: a.y.min(b.y),
        east: b.x,
        north: a.y.max(b.y),
        heights: heights.then_some((-1.5, 1e30)),
    });
    prop_oneof![
        property(),
        geometry().prop_map(|geometry| Expr::Geometry(Box::new(geometry))),
        bbox.prop_map(|bbox| Expr::BBox(Box::new(bbox))),
    ]
}

fn numeric() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![number(), property()];
    leaf.prop_recursive(4, 10, 2, |inner| {
        (any_of(Arithmetic::ALL), inner.clone(), inner)
            .prop_map(|(operator, left, right)| Expr::Arithmetic(operator, Box::new((left, right))))
    })
}

fn character() -> impl Strategy<Value = Expr> {
    prop_oneof![text(), property()].prop_recursive(2, 3, 1, |inner| {
        prop_oneof![
            inner.clone().prop_map(|of| Expr::CaseI(Box::new(of))),
            inner.prop_map(|of| Expr::AccentI(Box::new(of))),
        ]
    })
}

fn scalar() -> BoxedStrategy<Expr> {
    prop_oneof![character(), numeric(), date(), timestamp(), any::<bool>().prop_map(Expr::Boolean)]
        .boxed()
}

fn array() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![scalar(), interval(), spatial()];
    let nested = leaf
        .prop_recursive(3, 8, 3, |inner| prop::collection::vec(inner, 0..3).prop_map(Expr::Array));
    prop_oneof![property(), prop::collection::vec(nested, 0..3).prop_map(Expr::Array)]
}

fn function() -> impl Strategy<Value = Expr> {
    let argument = prop_oneof![scalar(), array(), spatial(), interval()];
    prop::collection::vec(argument, 0..3).prop_map(|args| Expr::Function("Buffer".to_owned(), args))
}

fn pair<A: Strategy<Value = Expr>>(of: impl Fn() -> A) -> impl Strategy<Value = Box<(Expr, Expr)>> {
    (of(), of()).prop_map(Box::new)
}

fn predicate() -> impl Strategy<Value = Expr> {
    let pattern = text().prop_recursive(2, 3, 1, |of| of.prop_map(|of| Expr::CaseI(Box::new(of))));
    let temporal = || prop_oneof![property(), interval()];
    prop_oneof![
        any::<bool>().prop_map(Expr::Boolean),
        function(),
        (any_of(Comparison::ALL), pair(scalar)).prop_map(|(op, pair)| Expr::Compare(op, pair)),
        (character(), pattern).prop_map(|pair| Expr::Like(Box::new(pair))),
        (scalar(), scalar(), scalar()).prop_map(|three| Expr::Between(Box::new(three))),
        (scalar(), prop::collection::vec(scalar(), 1..4))
            .prop_map(|(of, list)| Expr::In(Box::new(of), list)),
        scalar().prop_map(|of| Expr::IsNull(Box::new(of))),
        (any_of(Spatial::ALL), pair(spatial)).prop_map(|(op, pair)| Expr::Spatial(op, pair)),
        (any_of(Temporal::ALL), pair(temporal)).prop_map(|(op, pair)| Expr::Temporal(op, pair)),
        (any_of(ArrayRelation::ALL), pair(array)).prop_map(|(op, pair)| Expr::Arrays(op, pair)),
    ]
}

/// The tree of a filter.
pub(crate) fn filter() -> impl Strategy<Value = Expr> {
    predicate().prop_recursive(4, 12, 3, |inner| {
        let many = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            many.clone().prop_map(Expr::And),
            many.prop_map(Expr::Or),
            inner.clone().prop_map(|of| Expr::Not(Box::new(of))),
            inner.prop_map(|of| Expr::IsNull(Box::new(of))),
        ]
    })
}
