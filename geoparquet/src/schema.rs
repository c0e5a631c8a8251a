//! Columns as Parquet declares them.

use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::Result;
use parquet::schema::types::{Type, TypePtr};

use super::column::Column;
use super::leaf::LeafKind;

/// The members of a box, in the order that GeoParquet wants.
pub(crate) const SIDES: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];

/// The members of a box with heights.
pub(crate) const HIGH_SIDES: [&str; 6] = ["xmin", "ymin", "zmin", "xmax", "ymax", "zmax"];

/// The whole of a file.
pub(crate) fn of_all(columns: &[(String, Column)]) -> Result<TypePtr> {
    let fields = columns.iter().map(|(name, column)| of_column(name, column));
    let fields = fields.collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(Type::group_type_builder("item").with_fields(fields).build()?))
}

fn of_column(name: &str, column: &Column) -> Result<TypePtr> {
    match column {
        Column::Leaf { kind, .. } => leaf(name, *kind),
        Column::List(element) => list(name, of_column("element", element)?),
        Column::Group(members) => {
            let members = members.iter().map(|(name, member)| of_column(name, member));
            group(name, members.collect::<Result<Vec<_>>>()?)
        }
        Column::Box { heights, .. } => {
            let sides = if *heights { HIGH_SIDES.as_slice() } else { SIDES.as_slice() };
            group(name, sides.iter().map(|side| number(side)).collect::<Result<Vec<_>>>()?)
        }
    }
}

fn leaf(name: &str, kind: LeafKind) -> Result<TypePtr> {
    let micros = LogicalType::timestamp(true, TimeUnit::MICROS);
    let (physical, logical) = match kind {
        LeafKind::Truth => (Physical::BOOLEAN, None),
        LeafKind::Whole => (Physical::INT64, None),
        LeafKind::Real => (Physical::DOUBLE, None),
        LeafKind::Moment => (Physical::INT64, Some(micros)),
        LeafKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        LeafKind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        LeafKind::Shape => (Physical::BYTE_ARRAY, None),
    };
    let built = Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()?;
    Ok(Arc::new(built))
}

fn number(name: &str) -> Result<TypePtr> {
    let built = Type::primitive_type_builder(name, Physical::DOUBLE)
        .with_repetition(Repetition::REQUIRED)
        .build()?;
    Ok(Arc::new(built))
}

fn group(name: &str, members: Vec<TypePtr>) -> Result<TypePtr> {
    let built = Type::group_type_builder(name)
        .with_repetition(Repetition::OPTIONAL)
        .with_fields(members)
        .build()?;
    Ok(Arc::new(built))
}

fn list(name: &str, element: TypePtr) -> Result<TypePtr> {
    let elements = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![element])
        .build()?;
    let built = Type::group_type_builder(name)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(elements)])
        .build()?;
    Ok(Arc::new(built))
}
