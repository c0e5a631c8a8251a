//! For tests: Parquet without any page, only a footer.

/// A number as Thrift writes it.
pub(crate) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = varint(text.len() as u64);
    bytes.extend(text.bytes());
    bytes
}

/// A file with this footer.
pub(crate) fn around(footer: &[u8]) -> Vec<u8> {
    let mut file = b"PAR1".to_vec();
    file.extend(footer);
    file.extend(u32::try_from(footer.len()).unwrap().to_le_bytes());
    file.extend(b"PAR1");
    file
}

/// A file of so many rows whose footer has these keys and values, and before them a column and a row group.
pub(crate) fn file(rows: i64, pairs: &[(&str, &str)]) -> Vec<u8> {
    // Version 2, and a schema of one structure: a name and how many children.
    let mut footer = vec![0x15, 4, 0x19, 0x1c, 0x48];
    footer.extend(text("schema"));
    footer.extend([0x15, 0, 0]);
    footer.push(0x16);
    footer.extend(varint((rows << 1).cast_unsigned()));
    // A row group: a list of no columns, a map of two texts, a truth, a double and a byte.
    footer.extend([0x19, 0x1c, 0x19, 0x0c, 0x1b, 1, 0x88]);
    footer.extend([text("a"), text("b")].concat());
    footer.extend([0x11, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0x13, 9, 0]);
    footer.push(0x19);
    footer.push(u8::try_from(pairs.len()).unwrap() << 4 | 0x0c);
    for (key, value) in pairs {
        footer.push(0x18);
        footer.extend(text(key));
        footer.push(0x18);
        footer.extend(text(value));
        footer.push(0);
    }
    footer.push(0);
    around(&footer)
}
