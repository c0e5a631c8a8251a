//! One column of the file: its values, and the levels at which they stand.

use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::writer::SerializedColumnWriter;

/// What a value of a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeafKind {
    Truth,
    Whole,
    Real,
    Moment,
    Text,
    Json,
    Shape,
}

/// One value.
#[derive(Debug)]
pub(crate) enum Cell {
    Truth(bool),
    Whole(i64),
    Real(f64),
    Bytes(ByteArray),
}

/// Values of one type.
#[derive(Debug)]
enum Values {
    Truths(Vec<bool>),
    Wholes(Vec<i64>),
    Reals(Vec<f64>),
    Bytes(Vec<ByteArray>),
}

/// At which levels a value stands, by Parquet's reckoning.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Levels {
    /// How much of the path to the value is there.
    pub(crate) defined: i16,
    /// In which of the lists around it it is another element.
    pub(crate) repeated: i16,
}

impl Levels {
    /// One step further in.
    pub(crate) fn deeper(self) -> Self {
        Self { defined: self.defined.saturating_add(1), ..self }
    }
}

/// A column as it grows.
#[derive(Debug)]
pub(crate) struct Leaf {
    values: Values,
    defined: Vec<i16>,
    /// Where the column is in a list.
    repeated: Option<Vec<i16>>,
}

impl Leaf {
    /// An empty column.
    pub(crate) fn new(kind: LeafKind, in_list: bool) -> Self {
        let values = match kind {
            LeafKind::Truth => Values::Truths(Vec::new()),
            LeafKind::Whole | LeafKind::Moment => Values::Wholes(Vec::new()),
            LeafKind::Real => Values::Reals(Vec::new()),
            LeafKind::Text | LeafKind::Json | LeafKind::Shape => Values::Bytes(Vec::new()),
        };
        Self { values, defined: Vec::new(), repeated: in_list.then(Vec::new) }
    }

    /// Adds a value, or that there is none. A value of another type counts as none.
    pub(crate) fn push(&mut self, cell: Option<Cell>, at: Levels) {
        let taken = match (&mut self.values, cell) {
            (Values::Truths(values), Some(Cell::Truth(value))) => {
                values.push(value);
                true
            }
            (Values::Wholes(values), Some(Cell::Whole(value))) => {
                values.push(value);
                true
            }
            (Values::Reals(values), Some(Cell::Real(value))) => {
                values.push(value);
                true
            }
            (Values::Bytes(values), Some(Cell::Bytes(value))) => {
                values.push(value);
                true
            }
            _ => false,
        };
        self.defined.push(if taken { at.deeper().defined } else { at.defined });
        if let Some(repeated) = &mut self.repeated {
            repeated.push(at.repeated);
        }
    }

    /// Writes the column, and empties it for the next group of rows.
    pub(crate) fn write(&mut self, mut to: SerializedColumnWriter<'_>) -> Result<()> {
        let (defined, repeated) = (Some(self.defined.as_slice()), self.repeated.as_deref());
        match &mut self.values {
            Values::Truths(values) => {
                to.typed::<BoolType>().write_batch(values, defined, repeated)?;
                values.clear();
            }
            Values::Wholes(values) => {
                to.typed::<Int64Type>().write_batch(values, defined, repeated)?;
                values.clear();
            }
            Values::Reals(values) => {
                to.typed::<DoubleType>().write_batch(values, defined, repeated)?;
                values.clear();
            }
            Values::Bytes(values) => {
                to.typed::<ByteArrayType>().write_batch(values, defined, repeated)?;
                values.clear();
            }
        }
        self.defined.clear();
        if let Some(repeated) = &mut self.repeated {
            repeated.clear();
        }
        to.close()
    }
}
