//! For tests: headers of shapefiles.

/// A file of `size` bytes whose header says so, this type and these bounds.
pub(crate) fn header(kind: u32, bounds: [f64; 4], size: usize) -> Vec<u8> {
    let mut file = vec![0; size];
    file[..4].copy_from_slice(&9994_u32.to_be_bytes());
    file[24..28].copy_from_slice(&u32::try_from(size / 2).unwrap().to_be_bytes());
    file[28..32].copy_from_slice(&1000_u32.to_le_bytes());
    file[32..36].copy_from_slice(&kind.to_le_bytes());
    for (at, bound) in bounds.iter().enumerate() {
        file[36 + at * 8..44 + at * 8].copy_from_slice(&bound.to_le_bytes());
    }
    file
}
