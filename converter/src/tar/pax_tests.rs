use super::*;

fn read(data: &[u8]) -> Result<Pax, Problem> {
    let mut pax = Pax::default();
    pax.read(data).map(|()| pax)
}

#[test]
fn records_hold_any_bytes() {
    let pax = read(b"12 path=a\nb\n28 SCHILY.xattr.user.x=\0\n=\xff\n").unwrap();
    assert_eq!(pax.path.as_deref(), Some(&b"a\nb"[..]));
    assert_eq!(pax.xattrs.get(&b"user.x"[..]).unwrap(), b"\0\n=\xff");
}

#[test]
fn an_empty_value_takes_the_word_back() {
    let pax = read(b"9 path=a\n8 path=\n").unwrap();
    assert_eq!(pax.path, None);
}

#[test]
fn malformed_records_are_refused() {
    for bad in [
        &b"path=a\n"[..],
        b"9 path=a",
        b"11 path=a\n",
        b"8 path=a\n",
        b"9 path a\n",
        b"0 path=a\n",
        b"99999999999999999999 path=a\n",
        b"-9 path=a\n",
        b"9",
    ] {
        assert!(read(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn numbers_beyond_64_bits_are_out_of_range() {
    let problem = read(b"28 uid=99999999999999999999\n").unwrap_err();
    assert!(matches!(problem, Problem::OutOfRange { field: "uid", .. }), "{problem}");
    assert!(matches!(read(b"10 uid=-1\n"), Err(Problem::OutOfRange { .. })));
    assert!(matches!(read(b"8 uid=x\n"), Err(Problem::NotANumber("uid"))));
}

#[test]
fn sparse_maps_of_both_old_versions_are_read() {
    let first = b"22 GNU.sparse.offset=1\n24 GNU.sparse.numbytes=2\n\
        22 GNU.sparse.offset=5\n24 GNU.sparse.numbytes=6\n";
    assert_eq!(read(first).unwrap_err(), Problem::Pax("a record's length is wrong"));
    let first = b"23 GNU.sparse.offset=1\n25 GNU.sparse.numbytes=2\n\
        23 GNU.sparse.offset=5\n25 GNU.sparse.numbytes=6\n";
    let second = b"26 GNU.sparse.map=1,2,5,6\n";
    for data in [&first[..], second] {
        let sparse = read(data).unwrap().sparse;
        assert_eq!(sparse.pieces, [(1, 2), (5, 6)]);
        assert!(sparse.any);
    }
    assert!(read(b"24 GNU.sparse.map=1,2,5\n").is_err());
}

#[test]
fn a_global_header_holds_no_attributes() {
    let global = |data: &[u8]| Pax::default().read_global(data);
    assert!(global(b"18 comment=123456\n").is_ok() && global(b"10 uid=500\n").is_err());
    assert!(global(b"11 uid=500\n").is_ok());
    for bad in [
        &b"24 SCHILY.xattr.user.x=y\n"[..],
        b"34 SCHILY.acl.access=user::rwx,x\n",
        b"28 GNU.sparse.size=12345678\n",
    ] {
        let length = format!("{} ", bad.len());
        let data = [length.as_bytes(), &bad[3..]].concat();
        assert!(read(&data).is_ok(), "{data:?}");
        assert!(global(&data).is_err(), "{data:?}");
    }
}
