//! Objects that are nearly well formed: each breaks one rule of the schema and is refused for it.

use flisthub_flist::{DecodeError, Directory, List, Manifest};

/// CBOR by hand: a head of the given major type, short lengths only.
fn head(major: u8, value: u8) -> Vec<u8> {
    if value < 24 { vec![major << 5 | value] } else { vec![major << 5 | 0x18, value] }
}

fn bytes(value: &[u8]) -> Vec<u8> {
    [head(2, u8::try_from(value.len()).unwrap()), value.to_vec()].concat()
}

fn text(value: &str) -> Vec<u8> {
    [head(3, u8::try_from(value.len()).unwrap()), value.as_bytes().to_vec()].concat()
}

fn uint(value: u8) -> Vec<u8> {
    head(0, value)
}

fn array(members: &[Vec<u8>]) -> Vec<u8> {
    [head(4, u8::try_from(members.len()).unwrap()), members.concat()].concat()
}

fn metadata() -> Vec<u8> {
    array(&[uint(7), uint(0), uint(0), uint(0), uint(0), array(&[])])
}

fn fifo(name: &[u8]) -> Vec<u8> {
    array(&[bytes(name), metadata(), array(&[uint(6)])])
}

fn entry(name: &[u8], metadata: &[u8], content: &[u8]) -> Vec<u8> {
    array(&[bytes(name), metadata.to_vec(), content.to_vec()])
}

fn leaf(entries: &[Vec<u8>]) -> Vec<u8> {
    array(&[uint(0), array(entries)])
}

fn broken_rule<T: std::fmt::Debug>(decoded: Result<T, DecodeError>) -> &'static str {
    match decoded {
        Err(DecodeError::Rule { rule, .. }) => rule,
        other => panic!("no rule broken: {other:?}"),
    }
}

#[test]
fn the_helpers_here_make_good_objects() {
    assert!(Directory::decode(&leaf(&[fifo(b"a"), fifo(b"b")])).is_ok());
    assert!(Manifest::decode(&manifest(&[&["a", "1"], &["b", "2"]])).is_ok());
}

#[test]
fn bytes_after_an_object_are_refused() {
    let mut object = leaf(&[fifo(b"a")]);
    object.push(0);
    assert!(matches!(Directory::decode(&object), Err(DecodeError::Trailing { .. })));
    let mut object = manifest(&[]);
    object.push(0);
    assert!(matches!(Manifest::decode(&object), Err(DecodeError::Trailing { .. })));
    let mut object = array(&[uint(0), array(&[[vec![0x1A], vec![0, 1, 0, 0]].concat()])]);
    assert!(List::decode(&object).is_ok());
    object.push(0);
    assert!(matches!(List::decode(&object), Err(DecodeError::Trailing { .. })));
}

#[test]
fn entries_out_of_order_or_twice_are_refused() {
    for names in [[b"b", b"a"], [b"a", b"a"]] {
        let object = leaf(&[fifo(names[0]), fifo(names[1])]);
        assert!(broken_rule(Directory::decode(&object)).contains("sorted by name"));
    }
}

#[test]
fn parts_out_of_order_or_alone_are_refused() {
    let part = |last: &[u8]| array(&[bytes(last), bytes(&[0; 32]), array(&[uint(1), uint(0)])]);
    let node = |parts: &[Vec<u8>]| array(&[uint(1), array(parts)]);
    assert!(Directory::decode(&node(&[part(b"a"), part(b"b")])).is_ok());
    assert!(broken_rule(Directory::decode(&node(&[part(b"b"), part(b"a")]))).contains("sorted"));
    assert!(broken_rule(Directory::decode(&node(&[part(b"a")]))).contains("at least two"));
    assert!(
        broken_rule(Directory::decode(&array(&[uint(2), array(&[])]))).contains("no such form")
    );
}

#[test]
fn bad_names_are_refused() {
    for name in [&b""[..], b".", b"..", b"a/b", b"a\0"] {
        let rule = broken_rule(Directory::decode(&leaf(&[fifo(name)])));
        assert!(rule.contains("a name has"), "{name:?}: {rule}");
    }
}

#[test]
fn bad_metadata_is_refused() {
    let large = |width: u8, value: &[u8]| [vec![width], value.to_vec()].concat();
    let with = |position: usize, value: Vec<u8>| {
        let mut fields = vec![uint(7), uint(0), uint(0), uint(0), uint(0), array(&[])];
        fields[position] = value;
        Directory::decode(&leaf(&[entry(b"a", &array(&fields), &array(&[uint(6)]))]))
    };
    assert!(with(0, large(0x19, &[0x0F, 0xFF])).is_ok());
    assert!(broken_rule(with(0, large(0x19, &[0x10, 0]))).contains("0o7777"));
    assert!(broken_rule(with(1, large(0x1B, &[0, 0, 0, 1, 0, 0, 0, 0]))).contains("user id"));
    assert!(broken_rule(with(2, large(0x1B, &[0, 0, 0, 1, 0, 0, 0, 0]))).contains("group id"));
    assert!(with(3, large(0x3B, &[0x7F, 255, 255, 255, 255, 255, 255, 255])).is_ok());
    assert!(with(3, large(0x3B, &[0x80, 0, 0, 0, 0, 0, 0, 0])).is_err());
    assert!(broken_rule(with(4, large(0x1A, &1_000_000_000_u32.to_be_bytes()))).contains("nano"));
    let xattr = |name: &[u8]| array(&[bytes(name), bytes(b"v")]);
    assert!(with(5, array(&[xattr(b"a"), xattr(b"b")])).is_ok());
    for pair in [[b"b", b"a"], [b"a", b"a"]] {
        let rule = broken_rule(with(5, array(&[xattr(pair[0]), xattr(pair[1])])));
        assert!(rule.contains("sorted"), "{rule}");
    }
    assert!(broken_rule(with(5, array(&[xattr(b"")]))).contains("attribute's name"));
}

#[test]
fn bad_content_is_refused() {
    let with = |content: &[Vec<u8>]| {
        Directory::decode(&leaf(&[entry(b"a", &metadata(), &array(content))]))
    };
    let piece = |length: u8| array(&[bytes(&[0; 32]), uint(length)]);
    assert!(with(&[uint(0), uint(3), array(&[piece(3)])]).is_ok());
    assert!(broken_rule(with(&[uint(0), uint(4), array(&[piece(3)])])).contains("sum"));
    assert!(broken_rule(with(&[uint(0), uint(0), array(&[piece(0)])])).contains("1 byte to 1 MiB"));
    assert!(broken_rule(with(&[uint(0), uint(9), array(&[uint(9)])])).contains("a hole has"));
    assert!(broken_rule(with(&[uint(1), uint(9), uint(9), bytes(&[0; 32])])).contains("1,024"));
    assert!(broken_rule(with(&[uint(3), bytes(b"")])).contains("target"));
    assert!(broken_rule(with(&[uint(3), bytes(b"a\0")])).contains("target"));
    let major = vec![0x19, 0x10, 0];
    assert!(broken_rule(with(&[uint(4), major, uint(0)])).contains("device number"));
    assert!(broken_rule(with(&[uint(8)])).contains("no such kind"));
    assert!(broken_rule(with(&[uint(6), uint(0)])).contains("no such kind"));
    assert!(broken_rule(with(&[uint(2), bytes(&[0; 31]), array(&[])])).contains("32 bytes"));
}

fn manifest(values: &[&[&str]]) -> Vec<u8> {
    let values: Vec<Vec<u8>> = values
        .iter()
        .map(|pair| array(&pair.iter().map(|word| text(word)).collect::<Vec<_>>()))
        .collect();
    array(&[
        uint(1),
        bytes(&[0; 32]),
        metadata(),
        array(&[uint(0), uint(0)]),
        text("p"),
        array(&[]),
        array(&[]),
        array(&values),
    ])
}

#[test]
fn values_of_a_manifest_are_sorted_and_once() {
    for keys in [["b", "a"], ["a", "a"]] {
        let rule = broken_rule(Manifest::decode(&manifest(&[&[keys[0], "1"], &[keys[1], "2"]])));
        assert!(rule.contains("sorted by key"), "{rule}");
    }
}

#[test]
fn a_manifest_of_another_version_is_refused() {
    let mut other = manifest(&[]);
    assert_eq!(other[1], 1);
    other[1] = 2;
    assert!(broken_rule(Manifest::decode(&other)).contains("version 1"));
}
