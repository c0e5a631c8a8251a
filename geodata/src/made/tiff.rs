//! For tests: files of TIFF, both versions, both orders of bytes.

use crate::tiff::tags;

/// The values of a tag.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Short(Vec<u16>),
    Long(Vec<u32>),
    Long8(Vec<u64>),
    Double(Vec<f64>),
    Text(String),
    /// Type, count and the bytes that stand where the value or its place is.
    Raw(u16, u64, u64),
}

/// A file that is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tiff {
    pub(crate) big_endian: bool,
    pub(crate) big_file: bool,
    pub(crate) directories: Vec<Vec<(u16, Value)>>,
    /// Where the last directory says that the next one is.
    pub(crate) last: u64,
    /// What stands behind the header.
    pub(crate) data: Vec<u8>,
}

/// The keys of a system by its code: projected, or geographic.
pub(crate) fn keys(model: u16, code: u16, raster_type: u16) -> Value {
    let key = if model == 1 { 3072 } else { 2048 };
    Value::Short(vec![1, 1, 0, 3, 1024, 0, 1, model, 1025, 0, 1, raster_type, key, 0, 1, code])
}

/// A raster of so many pixels without any bytes in its one strip.
pub(crate) fn raster(columns: u32, rows: u32) -> Tiff {
    let tags = vec![
        (tags::WIDTH, Value::Long(vec![columns])),
        (tags::LENGTH, Value::Long(vec![rows])),
        (tags::BITS, Value::Short(vec![16])),
        (tags::STRIP_OFFSETS, Value::Long(vec![0])),
        (tags::STRIP_SIZES, Value::Long(vec![0])),
    ];
    Tiff { directories: vec![tags], ..Tiff::default() }
}

/// The same, placed by its first corner and the size of its pixels.
pub(crate) fn placed(columns: u32, rows: u32, keys: Value, corner: [f64; 2], pixel: f64) -> Tiff {
    raster(columns, rows)
        .with(tags::KEYS, keys)
        .with(tags::PIXEL_SCALE, Value::Double(vec![pixel, pixel, 0.0]))
        .with(tags::TIEPOINT, Value::Double(vec![0.0, 0.0, 0.0, corner[0], corner[1], 0.0]))
}

impl Value {
    fn kind(&self) -> u16 {
        match self {
            Self::Short(_) => 3,
            Self::Long(_) => 4,
            Self::Long8(_) => 16,
            Self::Double(_) => 12,
            Self::Text(_) => 2,
            Self::Raw(kind, ..) => *kind,
        }
    }

    fn count(&self) -> u64 {
        let count = match self {
            Self::Short(all) => all.len(),
            Self::Long(all) => all.len(),
            Self::Long8(all) => all.len(),
            Self::Double(all) => all.len(),
            Self::Text(text) => text.len() + 1,
            Self::Raw(_, count, _) => return *count,
        };
        count as u64
    }

    fn bytes(&self, of: &Tiff) -> Vec<u8> {
        match self {
            Self::Short(all) => all.iter().flat_map(|one| of.number(u64::from(*one), 2)).collect(),
            Self::Long(all) => all.iter().flat_map(|one| of.number(u64::from(*one), 4)).collect(),
            Self::Long8(all) => all.iter().flat_map(|one| of.number(*one, 8)).collect(),
            Self::Double(all) => all.iter().flat_map(|one| of.number(one.to_bits(), 8)).collect(),
            Self::Text(text) => text.bytes().chain([0]).collect(),
            Self::Raw(.., place) => of.number(*place, of.pointer()),
        }
    }
}

impl Tiff {
    /// With this tag in its first directory, in place of the one that is there.
    pub(crate) fn with(mut self, tag: u16, value: Value) -> Self {
        self.directories[0].retain(|one| one.0 != tag);
        self.directories[0].push((tag, value));
        self
    }

    fn pointer(&self) -> usize {
        if self.big_file { 8 } else { 4 }
    }

    fn number(&self, number: u64, size: usize) -> Vec<u8> {
        if self.big_endian {
            number.to_be_bytes()[8 - size..].to_vec()
        } else {
            number.to_le_bytes()[..size].to_vec()
        }
    }

    /// The bytes of the file.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut file: Vec<u8> = if self.big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        file.extend(self.number(if self.big_file { 43 } else { 42 }, 2));
        if self.big_file {
            file.extend(self.number(8, 2));
            file.extend(self.number(0, 2));
        }
        let mut next = file.len();
        file.extend(self.number(0, self.pointer()));
        file.extend(&self.data);
        for directory in &self.directories {
            let at = self.number(file.len() as u64, self.pointer());
            file[next..next + self.pointer()].copy_from_slice(&at);
            next = self.write_directory(directory, &mut file);
        }
        let last = self.number(self.last, self.pointer());
        file[next..next + self.pointer()].copy_from_slice(&last);
        file
    }

    /// Answers where the place of the next one is to be written.
    fn write_directory(&self, directory: &[(u16, Value)], file: &mut Vec<u8>) -> usize {
        let (count, entry) = if self.big_file { (8, 20) } else { (2, 12) };
        let mut directory = directory.to_vec();
        directory.sort_by_key(|one| one.0);
        let next = file.len() + count + directory.len() * entry;
        let (mut values, start) = (Vec::new(), next + self.pointer());
        file.extend(self.number(directory.len() as u64, count));
        for (tag, value) in &directory {
            file.extend(self.number(u64::from(*tag), 2));
            file.extend(self.number(u64::from(value.kind()), 2));
            file.extend(self.number(value.count(), self.pointer()));
            let mut bytes = value.bytes(self);
            if bytes.len() > self.pointer() {
                let place = (start + values.len()) as u64;
                values.extend(bytes);
                bytes = self.number(place, self.pointer());
            }
            bytes.resize(self.pointer(), 0);
            file.extend(bytes);
        }
        file.extend(self.number(0, self.pointer()));
        file.extend(values);
        next
    }
}
