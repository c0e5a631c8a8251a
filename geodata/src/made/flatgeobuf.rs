//! For tests: headers of `FlatGeobuf`.

/// What a header says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    pub(crate) envelope: Option<[f64; 4]>,
    pub(crate) geometry_type: u8,
    pub(crate) features: u64,
    /// The code of its system, or its text.
    pub(crate) code: Option<i32>,
    pub(crate) wkt: Option<String>,
    /// The box of the root of the index.
    pub(crate) index: Option<[f64; 4]>,
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    bytes[at..at + what.len()].copy_from_slice(what);
}

/// A table with place for so many fields: its own bytes, and where fields are, all eight bytes wide.
fn table(bytes: &mut Vec<u8>, fields: &[(usize, bool)]) -> (usize, Vec<usize>) {
    let count = fields.iter().map(|one| one.0 + 1).max().unwrap_or(0);
    let vtable = bytes.len();
    let length = 4 + count * 2;
    bytes.resize(vtable + length, 0);
    let at = bytes.len();
    bytes.resize(at + 4 + fields.len() * 8, 0);
    put(bytes, vtable, &u16::try_from(length).unwrap().to_le_bytes());
    put(bytes, at, &i32::try_from(at - vtable).unwrap().to_le_bytes());
    let mut places = Vec::new();
    for (index, (field, present)) in fields.iter().enumerate() {
        let place = 4 + index * 8;
        if *present {
            put(bytes, vtable + 4 + field * 2, &u16::try_from(place).unwrap().to_le_bytes());
        }
        places.push(at + place);
    }
    (at, places)
}

fn point(bytes: &mut [u8], place: usize, to: usize) {
    put(bytes, place, &u32::try_from(to - place).unwrap().to_le_bytes());
}

impl Header {
    /// The bytes of the file.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        let has_system = self.code.is_some() || self.wkt.is_some();
        let fields = [
            (1, self.envelope.is_some()),
            (2, true),
            (8, true),
            (9, self.index.is_none()),
            (10, has_system),
        ];
        let (root, places) = table(&mut bytes, &fields);
        point(&mut bytes, 0, root);
        put(&mut bytes, places[1], &[self.geometry_type]);
        put(&mut bytes, places[2], &self.features.to_le_bytes());
        if let Some(envelope) = self.envelope {
            let at = bytes.len();
            point(&mut bytes, places[0], at);
            bytes.extend(4_u32.to_le_bytes());
            bytes.extend(envelope.iter().flat_map(|one| one.to_le_bytes()));
        }
        if has_system {
            let present = [(1, self.code.is_some()), (4, self.wkt.is_some())];
            let (at, inside) = table(&mut bytes, &present);
            point(&mut bytes, places[4], at);
            put(&mut bytes, inside[0], &self.code.unwrap_or(0).to_le_bytes());
            if let Some(wkt) = &self.wkt {
                let at = bytes.len();
                point(&mut bytes, inside[1], at);
                bytes.extend(u32::try_from(wkt.len()).unwrap().to_le_bytes());
                bytes.extend(wkt.bytes().chain([0]));
            }
        }
        let mut file = b"fgb\x03fgb\x01".to_vec();
        file.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        file.extend(bytes);
        for number in self.index.iter().flatten() {
            file.extend(number.to_le_bytes());
        }
        file.extend([0; 8]);
        file
    }
}
