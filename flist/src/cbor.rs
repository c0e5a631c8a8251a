//! The part of CBOR that the format uses, written and read in its one deterministic form.
//!
//! RFC 8949 §4.2: shortest heads, definite lengths. Only unsigned and negative integers, byte and text
//! strings and arrays appear. The reader refuses every other form, so each value has exactly one
//! encoding; general CBOR libraries accept many, which is why this is written out here.

/// Why bytes are not a well-formed object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end too early.
    #[error("the object ends early, at byte {at}")]
    Truncated {
        /// Where.
        at: usize,
    },
    /// Bytes are left after the object.
    #[error("bytes are left after the object, from byte {at}")]
    Trailing {
        /// Where.
        at: usize,
    },
    /// Something else stands where this was expected, or not in its shortest form.
    #[error("{expected} expected at byte {at}")]
    Unexpected {
        /// Where.
        at: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// The value is well formed but breaks a rule of the format.
    #[error("{rule}, at byte {at}")]
    Rule {
        /// Where.
        at: usize,
        /// The rule.
        rule: &'static str,
    },
}

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;

/// Writes values one after the other.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    out: Vec<u8>,
}

impl Writer {
    fn head(&mut self, major: u8, value: u64) {
        let major = major << 5;
        let bytes = value.to_be_bytes();
        // Shortest form: the value itself, or one, two, four or eight bytes.
        let (info, width) = match value {
            0..24 => {
                self.out.push(major | bytes[7]);
                return;
            }
            24..0x100 => (24, 1),
            0x100..0x1_0000 => (25, 2),
            0x1_0000..0x1_0000_0000 => (26, 4),
            _ => (27, 8),
        };
        self.out.push(major | info);
        self.out.extend(bytes.iter().skip(8 - width));
    }

    pub(crate) fn uint(&mut self, value: impl Into<u64>) -> &mut Self {
        self.head(UNSIGNED, value.into());
        self
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        match u64::try_from(value) {
            Ok(value) => self.head(UNSIGNED, value),
            // CBOR keeps a negative n as -1 - n, which is n's bitwise complement.
            Err(_) => self.head(NEGATIVE, !value.cast_unsigned()),
        }
        self
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.head(BYTES, value.len() as u64);
        self.out.extend_from_slice(value);
        self
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.head(TEXT, value.len() as u64);
        self.out.extend_from_slice(value.as_bytes());
        self
    }

    pub(crate) fn array(&mut self, length: usize) -> &mut Self {
        self.head(ARRAY, length as u64);
        self
    }

    /// Appends values that are encoded already.
    pub(crate) fn encoded(&mut self, values: &[u8]) -> &mut Self {
        self.out.extend_from_slice(values);
        self
    }

    /// Bytes written so far.
    pub(crate) fn length(&self) -> usize {
        self.out.len()
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.out
    }
}

/// Reads values one after the other.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    all: usize,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { all: bytes.len(), rest: bytes }
    }

    /// Where the next value starts.
    pub(crate) fn at(&self) -> usize {
        self.all - self.rest.len()
    }

    /// Fails with `rule` unless `kept`.
    pub(crate) fn rule(&self, kept: bool, rule: &'static str) -> Result<(), DecodeError> {
        if kept { Ok(()) } else { Err(DecodeError::Rule { at: self.at(), rule }) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) =
            self.rest.split_at_checked(length).ok_or(DecodeError::Truncated { at: self.all })?;
        self.rest = rest;
        Ok(head)
    }

    /// The major type and argument of the next value.
    fn head(&mut self, expected: &'static str) -> Result<(u8, u64), DecodeError> {
        let at = self.at();
        let (&first, rest) = self.rest.split_first().ok_or(DecodeError::Truncated { at })?;
        self.rest = rest;
        let (width, least) = match first & 0x1F {
            info @ 0..24 => return Ok((first >> 5, u64::from(info))),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return Err(DecodeError::Unexpected { at, expected }),
        };
        let value = self.take(width)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        if value < least {
            return Err(DecodeError::Unexpected { at, expected: "the shortest form of a number" });
        }
        Ok((first >> 5, value))
    }

    fn argument_of(&mut self, major: u8, expected: &'static str) -> Result<u64, DecodeError> {
        let at = self.at();
        match self.head(expected)? {
            (found, value) if found == major => Ok(value),
            _ => Err(DecodeError::Unexpected { at, expected }),
        }
    }

    pub(crate) fn uint(&mut self) -> Result<u64, DecodeError> {
        self.argument_of(UNSIGNED, "an unsigned number")
    }

    /// An unsigned number that fits `T`.
    pub(crate) fn small<T: TryFrom<u64>>(&mut self, rule: &'static str) -> Result<T, DecodeError> {
        let at = self.at();
        T::try_from(self.uint()?).map_err(|_| DecodeError::Rule { at, rule })
    }

    pub(crate) fn int(&mut self) -> Result<i64, DecodeError> {
        let expected = "a 64-bit number";
        let at = self.at();
        let value = match self.head(expected)? {
            (UNSIGNED, value) => i64::try_from(value).ok(),
            (NEGATIVE, value) => i64::try_from(value).ok().map(|value| !value),
            _ => None,
        };
        value.ok_or(DecodeError::Unexpected { at, expected })
    }

    fn string(&mut self, major: u8, expected: &'static str) -> Result<&'a [u8], DecodeError> {
        let length = self.argument_of(major, expected)?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        self.string(BYTES, "a byte string")
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, DecodeError> {
        let at = self.at();
        let bytes = self.string(TEXT, "a text string")?;
        std::str::from_utf8(bytes).map_err(|_| DecodeError::Unexpected { at, expected: "UTF-8" })
    }

    /// The length of an array. It is never more than the bytes that are left, so it is safe to
    /// reserve memory for.
    pub(crate) fn array(&mut self) -> Result<usize, DecodeError> {
        let length = self.argument_of(ARRAY, "an array")?;
        usize::try_from(length)
            .ok()
            .filter(|length| *length <= self.rest.len())
            .ok_or(DecodeError::Truncated { at: self.all })
    }

    /// An array of exactly `length` values.
    pub(crate) fn array_of(&mut self, length: usize) -> Result<(), DecodeError> {
        let at = self.at();
        if self.array()? == length {
            Ok(())
        } else {
            Err(DecodeError::Rule { at, rule: "an array has another length than it must" })
        }
    }

    /// Whether the next value is an array.
    pub(crate) fn at_array(&self) -> bool {
        self.rest.first().is_some_and(|first| first >> 5 == ARRAY)
    }

    /// A 32-byte id.
    pub(crate) fn id(&mut self) -> Result<flisthub_storage::ChunkId, DecodeError> {
        let at = self.at();
        flisthub_storage::ChunkId::from_slice(self.bytes()?)
            .ok_or(DecodeError::Rule { at, rule: "an id has 32 bytes" })
    }

    /// Fails unless everything has been read.
    pub(crate) fn finish(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::Trailing { at: self.at() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of RFC 8949, appendix A.
    #[test]
    fn numbers_are_written_as_the_standard_shows() {
        for (value, bytes) in [
            (0_i64, &[0x00][..]),
            (23, &[0x17]),
            (24, &[0x18, 0x18]),
            (1000, &[0x19, 0x03, 0xE8]),
            (1_000_000, &[0x1A, 0x00, 0x0F, 0x42, 0x40]),
            (1_000_000_000_000, &[0x1B, 0, 0, 0, 0xE8, 0xD4, 0xA5, 0x10, 0]),
            (-1, &[0x20]),
            (-100, &[0x38, 0x63]),
            (-1000, &[0x39, 0x03, 0xE7]),
        ] {
            let mut writer = Writer::default();
            writer.int(value);
            assert_eq!(writer.finish(), bytes);
            let mut reader = Reader::new(bytes);
            assert_eq!((reader.int(), reader.finish()), (Ok(value), Ok(())));
        }
        for value in [i64::MIN, i64::MAX] {
            let mut writer = Writer::default();
            writer.int(value);
            assert_eq!(Reader::new(&writer.finish()).int(), Ok(value));
        }
    }

    #[test]
    fn other_forms_of_the_same_value_are_refused() {
        for bytes in [&[0x18, 0x17][..], &[0x19, 0, 0xFF], &[0x1A, 0, 0, 0xFF, 0xFF], &[0x1F]] {
            assert!(Reader::new(bytes).uint().is_err(), "{bytes:?}");
        }
        assert!(Reader::new(&[0x5F, 0x41, 0x61, 0xFF]).bytes().is_err(), "indefinite length");
        assert!(Reader::new(&[0x3B, 0xFF, 0, 0, 0, 0, 0, 0, 0]).int().is_err(), "beyond 64 bits");
        assert!(Reader::new(&[0x9A, 0xFF, 0xFF, 0xFF, 0xFF]).array().is_err(), "a huge array");
    }
}
