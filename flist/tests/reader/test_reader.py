"""The reader against the fixture, the document's vectors and forged input."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

import zstandard
from blake3 import blake3

from cut import cut_directory, cut_links, cut_list
from flist_reader import MAGIC, Flist, listing
from objects import CHUNK, DIRECTORY, LINKS, LIST, MANIFEST, Entry, Piece, Refused
from objects import decode, encode, object_id
from wire import Wire

HERE = Path(__file__).resolve().parent
FIXTURE = HERE.parent / "fixtures" / "v1-every-kind.flist"
GOLDEN = HERE / "v1-every-kind.jsonl"
DOCUMENT = HERE.parents[2] / "docs" / "flist-format.md"

META = [0o644, 0, 0, 0, 0, []]
ID = bytes(31) + b"\1"
PROFILE = "fastcdc-2020/64k-256k-1024k"


def record(kind: int, data: bytes) -> bytes:
    return bytes([kind]) + len(data).to_bytes(4, "big") + data


def records(data: bytes) -> list[bytes]:
    found, at = [], len(MAGIC)
    while at < len(data):
        end = at + 5 + int.from_bytes(data[at + 1 : at + 5], "big")
        found.append(data[at:end])
        at = end
    return found


def entry(name: bytes = b"a", content: Any = None, meta: Any = None) -> list[Any]:
    return [name, META if meta is None else meta, [0, 0, []] if content is None else content]


def forge(
    *below: tuple[int, Any],
    tree: Any = None,
    sums: list[int] | None = None,
    **changes: Any,
) -> bytes:
    """A .flist with this root object and these objects below, in their order."""
    leaf = encode([0, []] if tree is None else tree)
    fields: dict[str, Any] = {
        "version": 1,
        "root": object_id(DIRECTORY, leaf),
        "metadata": META,
        "totals": sums or [0, 0],
        "profile": PROFILE,
        "links": [],
        "image": [],
        "values": [],
    } | changes
    objects = [(MANIFEST, encode(list(fields.values()))), (DIRECTORY, leaf)]
    objects += [(k, v if isinstance(v, bytes) else encode(v)) for k, v in below]
    return MAGIC + b"".join(record(kind, data) for kind, data in objects)


def with_entry(*arguments: Any, size: int = 0, **named: Any) -> bytes:
    return forge(tree=[0, [entry(*arguments, **named)]], sums=[1, size])


def with_meta(index: int, value: Any) -> bytes:
    return with_entry(meta=META[:index] + [value] + META[index + 1 :])


def with_links(links: Any, *names: bytes, entries: list[Any] | None = None) -> bytes:
    raw = encode(links)
    root: list[Any] = [0, entries or [entry(name) for name in names]]
    return forge((LINKS, raw), tree=root, sums=[len(root[1]), 0], links=[object_id(LINKS, raw)])


def in_list(value: Any, *below: tuple[int, Any], count: int, size: int) -> bytes:
    content = [1, size, count, object_id(LIST, encode(value))]
    return forge((LIST, value), *below, tree=[0, [entry(content=content)]], sums=[1, size])


class ReaderTest(unittest.TestCase):
    def refused(self, why: str, data: bytes) -> None:
        with self.assertRaisesRegex(Refused, why):
            Flist(data)


class Vectors(unittest.TestCase):
    """What the document prints holds, as the document prints it."""

    def test_ids(self) -> None:
        text = DOCUMENT.read_text()
        vectors = re.findall(r"^    kind (\d)  ([0-9a-f]{64})$", text, re.MULTILINE)
        self.assertEqual([kind for kind, _ in vectors], list("01234"))
        for kind, hexadecimal in vectors:
            self.assertEqual(object_id(int(kind), b"flisthub").hex(), hexadecimal)

    def test_wire_record(self) -> None:
        sample = DOCUMENT.read_text().split("of two bytes, `hi`:\n\n")[1].split("\n\n")[0]
        data = b""
        for line in sample.splitlines():
            data += bytes.fromhex(re.match(r"(\s*([0-9a-f]{2})+\b)*", line)[0])  # type: ignore[index]
        self.assertEqual(data, wire_record(b"hi", hi_frame()))
        wire = Wire(io.BytesIO(data))
        self.assertEqual(wire.chunk(Piece(blake3(b"hi").digest(), 2)), b"hi")


class Fixture(ReaderTest):
    def setUp(self) -> None:
        self.data = FIXTURE.read_bytes()

    def test_golden(self) -> None:
        lines = "".join(f"{line}\n" for line in listing(Flist(self.data)))
        self.assertEqual(lines, GOLDEN.read_text())

    def test_truncated(self) -> None:
        ends = {len(self.data) - 1, *range(400), *range(400, len(self.data), 499)}
        at = len(MAGIC)
        for one in records(self.data):
            ends |= {at, at + 1, at + 5}
            at += len(one)
        for end in ends:
            with self.subTest(end=end):
                self.refused("ends early", self.data[:end])

    def test_flipped(self) -> None:
        first = len(MAGIC) + len(records(self.data)[0])
        for at in {*range(800), *range(800, len(self.data), 199)}:
            for bit in (1, 128):
                forged = bytearray(self.data)
                forged[at] ^= bit
                with self.subTest(at=at, bit=bit):
                    # Another manifest can be a right one, under another id.
                    if len(MAGIC) + 5 <= at < first:
                        try:
                            self.assertNotEqual(Flist(bytes(forged)).id, Flist(self.data).id)
                        except Refused:
                            pass
                    else:
                        self.refused("", bytes(forged))

    def test_records_moved(self) -> None:
        parts = records(self.data)
        for one in range(len(parts)):
            for other in range(one + 1, len(parts)):
                moved = parts.copy()
                moved[one], moved[other] = moved[other], moved[one]
                self.refused("kind|must come next", MAGIC + b"".join(moved))
            twice = parts[: one + 1] + parts[one:]
            self.refused("kind|must come next|after the last", MAGIC + b"".join(twice))
            self.refused(
                "kind|must come next|early", MAGIC + b"".join(parts[:one] + parts[one + 1 :])
            )

    def test_trailing(self) -> None:
        for more in (b"\0", b"\n", MAGIC, self.data):
            self.refused("after the last", self.data + more)

    def test_other_version(self) -> None:
        self.refused("version 1", b"\x89FLIST\n\2" + self.data[8:])


class Forged(ReaderTest):
    """Each rule of section 3, broken with everything around it right."""

    def test_right_ones_are_read(self) -> None:
        group = [[1, b"a"], [0, b"b"]]
        for data in (
            forge(),
            forge(values=[["a", ""], ["b", ""]], image=[b"{}"]),
            with_entry(content=[0, 65539, [65536, [ID, 3]]], size=65539),
            with_entry(b"\xff" * 255, [3, b"x" * 4095]),
            with_links([0, group], b"a", b"b"),
        ):
            Flist(data)

    def test_cbor(self) -> None:
        for why, data in (
            ("of a form", b"\xf6"),
            ("of a form", b"\xa0"),
            ("of a form", b"\xc1\0"),
            ("of a form", b"\x9f\xff"),
            ("of a form", b"\x5f\xff"),
            ("of a form", b"\x1c" + b"\xff" * 16),
            ("head is too long", b"\x18\x17"),
            ("head is too long", b"\x19\0\xff"),
            ("head is too long", b"\x1a\0\0\xff\xff"),
            ("head is too long", b"\x1b\0\0\0\0\xff\xff\xff\xff"),
            ("head is too long", b"\x58\x01a"),
            ("head is too long", b"\x98\x01\0"),
            ("UTF-8", b"\x61\xff"),
            ("UTF-8", b"\x63\xed\xa0\x80"),
            ("bytes after", b"\0\0"),
            ("early", b""),
            ("early", b"\x19\1"),
            ("early", b"\x42a"),
            ("early", b"\x82\0"),
            ("early", b"\x9b" + b"\xff" * 8),
            ("nest", b"\x81" * 9999 + b"\0"),
        ):
            with self.subTest(data=data[:9]), self.assertRaisesRegex(Refused, why):
                decode(data)
        for value in (0, 23, 24, 255, 256, 65535, 65536, 2**32, 2**64 - 1, -1, -25, -(2**64)):
            self.assertEqual(decode(encode(value)), value)

    def test_manifest(self) -> None:
        for why, changes in (
            ("version", {"version": 2}),
            ("32..32", {"root": ID[1:]}),
            ("metadata", {"metadata": META[1:]}),
            ("totals", {"totals": [0]}),
            ("totals are not", {"totals": [1, 0]}),
            ("totals are not", {"totals": [0, 1]}),
            ("profile", {"profile": b"x"}),
            ("links: not", {"links": [ID, ID]}),
            ("early", {"links": [ID]}),
            ("image-config: not", {"image": [b"{}", b"{}"]}),
            ("image-config is", {"image": ["{}"]}),
            ("a value: not", {"values": [["a"]]}),
            ("not text", {"values": [["a", b"b"]]}),
            ("values are not", {"values": [["b", ""], ["a", ""]]}),
            ("values are not", {"values": [["a", "1"], ["a", "2"]]}),
            ("the manifest", {"more": 0}),
        ):
            with self.subTest(why=why, changes=changes):
                self.refused(why, forge(**changes))

    def test_record(self) -> None:
        spare = 1_048_576 - len(records(forge(image=[bytes(1_000_000)]))[0]) + 5
        Flist(forge(image=[bytes(1_000_000 + spare)]))
        self.refused("too long", MAGIC + record(MANIFEST, bytes(1_048_577)))
        self.refused("kind 0 where", MAGIC + record(CHUNK, b"x"))
        self.refused("bytes after the object", MAGIC + record(MANIFEST, b"\0\0"))

    def test_names(self) -> None:
        for why, name in (
            ("1..255", b""),
            ("1..255", b"x" * 256),
            ("byte that", b"a/b"),
            ("byte that", b"a\0"),
            (r"\. or", b"."),
            (r"\. or", b".."),
            ("byte string", "a"),
        ):
            with self.subTest(name=name):
                self.refused(why, with_entry(name))
        for names in ((b"b", b"a"), (b"a", b"a"), (b"a", b"b", b"aa")):
            root = [0, [entry(name) for name in names]]
            self.refused("names are not", forge(tree=root, sums=[len(names), 0]))

    def test_metadata(self) -> None:
        many = [[bytes([n]), bytes(50_000)] for n in range(1, 6)]
        for why, index, value in (
            ("mode", 0, 4096),
            ("mode", 0, -1),
            ("uid", 1, 1 << 32),
            ("gid", 2, 1 << 32),
            ("mtime", 3, b""),
            ("nanos", 4, 10**9),
            ("xattr: not", 5, [[b"a"]]),
            ("1..255", 5, [[b"", b""]]),
            ("1..255", 5, [[b"x" * 256, b""]]),
            ("byte that", 5, [[b"a\0", b""]]),
            ("byte string", 5, [[b"a", 1]]),
            ("xattrs are not", 5, [[b"b", b""], [b"a", b""]]),
            ("xattrs are not", 5, [[b"a", b"1"], [b"a", b"2"]]),
            ("too many bytes", 5, many),
            ("too many bytes", 5, [[b"a", bytes(204_800)]]),
            ("xattrs: not", 5, 0),
        ):
            with self.subTest(why=why, index=index):
                self.refused(why, with_meta(index, value))
        Flist(with_meta(5, [[b"a", bytes(204_799)]]))
        self.refused("metadata: not", with_entry(meta=META + [0]))
        self.refused("an entry: not", forge(tree=[0, [entry() + [0]]], sums=[1, 0]))

    def test_content(self) -> None:
        for why, content in (
            ("sum of", [0, 1, []]),
            ("sum of", [0, 2, [[ID, 3]]]),
            ("size is not", [0, -1, []]),
            ("chunk's length", [0, 0, [[ID, 0]]]),
            ("chunk's length", [0, 1_048_577, [[ID, 1_048_577]]]),
            ("hole's length", [0, 65535, [65535]]),
            ("hole's length", [0, 0, [-1]]),
            ("piece: not", [0, 3, [[ID, 3, 0]]]),
            ("32..32", [0, 3, [[ID + ID, 3]]]),
            ("1,024 pieces", [0, 1025, [[ID, 1]] * 1025]),
            ("1,024 pieces", [1, 1024, 1024, ID]),
            ("more pieces than", [1, 1 << 40, 1 << 40, ID]),
            ("early", [1, 1025, 1025, ID]),
            ("totals", [2, ID, [0]]),
            ("1..4095", [3, b""]),
            ("1..4095", [3, b"x" * 4096]),
            ("byte that", [3, b"a\0"]),
            ("major", [4, 4096, 0]),
            ("minor", [4, 0, 1 << 20]),
            ("major", [5, -1, 0]),
            ("no known form", [4, 0]),
            ("no known form", [6, 0]),
            ("no known form", [8]),
            ("no known form", [-1]),
            ("no known form", []),
            ("no known form", 6),
        ):
            with self.subTest(content=str(content)[:60]):
                self.refused(why, with_entry(content=content))
        Flist(with_entry(content=[0, 1024, [[ID, 1]] * 1024], size=1024))

    def test_directories(self) -> None:
        leaf: Any = [0, [entry(b"a")]]
        leaf_id = object_id(DIRECTORY, encode(leaf))
        inside = entry(b"d", [2, leaf_id, [1, 0]])
        Flist(forge((DIRECTORY, leaf), tree=[0, [inside]], sums=[2, 0]))
        again = entry(b"e", [2, leaf_id, [1, 0]])
        both: Any = {"tree": [0, [inside, again]], "sums": [4, 0]}
        Flist(forge((DIRECTORY, leaf), **both))
        self.refused("after the last", forge((DIRECTORY, leaf), (DIRECTORY, leaf), **both))
        wrong = entry(b"d", [2, leaf_id, [2, 0]])
        self.refused("totals are not", forge((DIRECTORY, leaf), tree=[0, [wrong]], sums=[3, 0]))
        self.refused("neither", forge(tree=[2, []]))
        self.refused("neither", forge(tree=[1, [[b"a", leaf_id, [1, 0]]]]))
        other: Any = [0, [entry(b"b")]]
        other_id = object_id(DIRECTORY, encode(other))
        below = (DIRECTORY, leaf), (DIRECTORY, other)
        for why, last, sums in (
            ("cut elsewhere", b"a", [1, 0]),
            ("last name", b"b", [1, 0]),
            ("part's totals", b"a", [2, 0]),
        ):
            node = [1, [[last, leaf_id, sums], [b"b", other_id, [1, 0]]]]
            self.refused(why, forge(*below, tree=node, sums=[2, 0]))
        node = [1, [[b"b", other_id, [1, 0]], [b"a", leaf_id, [1, 0]]]]
        self.refused("names are not", forge(*reversed(below), tree=node, sums=[2, 0]))

    def test_shared_without_end(self) -> None:
        below: list[tuple[int, Any]] = []
        value: Any = [0, []]
        count = 0
        for _ in range(25):
            content = [2, object_id(DIRECTORY, encode(value)), [count, 0]]
            below.insert(0, (DIRECTORY, value))
            value = [0, [entry(b"a", content), entry(b"b", content)]]
            count = 2 * count + 2
        flist = Flist(forge(*below, tree=value, sums=[count, 0]))
        with self.assertRaisesRegex(Refused, "more entries than"):
            list(flist.walk())

    def test_paths(self) -> None:
        def nested(depth: int, name: bytes) -> bytes:
            value: Any = [0, []]
            below: list[tuple[int, Any]] = []
            for level in range(depth):
                content = [2, object_id(DIRECTORY, encode(value)), [level, 0]]
                below.insert(0, (DIRECTORY, value))
                value = [0, [entry(name, content)]]
            return forge(*below, tree=value, sums=[depth, 0])

        limit = sys.getrecursionlimit()
        self.addCleanup(sys.setrecursionlimit, limit)
        sys.setrecursionlimit(10_000)
        Flist(nested(1024, b"n"))
        self.refused("path is too long", nested(1025, b"n"))
        self.refused("nest too deeply", nested(5000, b"n"))
        Flist(nested(16, b"n" * 255))
        Flist(nested(17, b"n" * 240))  # 4,096 bytes
        self.refused("path is too long", nested(683, b"n" * 5))  # 4,097 bytes

    def test_links(self) -> None:
        a, b, c, d = (b"a", b"b", b"c", b"d")
        for why, links, names in (
            ("without any link", [0, []], (a,)),
            ("no group begins", [0, [[0, a], [0, b]]], (a, b)),
            ("no group begins", [0, [[2, a], [0, b]]], (a, b)),
            ("no group begins", [0, [[1, a], [-1, b]]], (a, b)),
            ("group of one", [0, [[1, a]]], (a,)),
            ("paths are not", [0, [[1, b], [0, a]]], (a, b)),
            ("two groups", [0, [[1, a], [0, b], [0, b]]], (a, b)),
            ("two groups", [0, [[1, a], [0, c], [1, b], [0, c]]], (a, b, c)),
            ("groups of links are not", [0, [[1, b], [0, d], [1, a], [0, c]]], (a, b, c, d)),
            ("not in the tree", [0, [[1, a], [0, b]]], (a,)),
            ("not in the tree", [0, [[1, a], [0, b"a/b"]]], (a,)),
            ("not in the tree", [0, [[1, b"/a"], [0, a]]], (a,)),
            ("1..4096", [0, [[1, b""], [0, a]]], (a,)),
            ("a link: not", [0, [[1, a, 0]]], (a,)),
            ("neither", [1, [ID]], (a,)),
            ("neither", [2, []], (a,)),
        ):
            with self.subTest(why=why, links=links):
                self.refused(why, with_links(links, *names))
        pair = [0, [[1, a], [0, b]]]
        for other in (entry(b, [6]), entry(b, meta=[0, *META[1:]])):
            self.refused("linked entries differ", with_links(pair, entries=[entry(a), other]))

    def test_links_node(self) -> None:
        names = [b"%0250d" % number for number in range(2000)]
        links = [[int(number == 0), name] for number, name in enumerate(names)]

        def whole(cut: int, tag: int = 0) -> bytes:
            leaves = [encode([tag, links[:cut]]), encode([tag, links[cut:]])]
            node = encode([1, [object_id(LINKS, leaf) for leaf in leaves]])
            entries = [Entry(entry(name)) for name in names]
            directory = directory_objects(entries)
            manifest = [1, cut_directory(entries), META, [2000, 0], PROFILE]
            manifest += [[object_id(LINKS, node)], [], []]
            objects = [(MANIFEST, encode(manifest)), *((DIRECTORY, d) for d in directory)]
            objects += [(LINKS, node)] + [(LINKS, leaf) for leaf in leaves]
            return MAGIC + b"".join(record(kind, data) for kind, data in objects)

        # 255 bytes a record: array head, number, byte string head of two bytes.
        fits = 262_144 // 254
        Flist(whole(fits))
        self.refused("links are cut elsewhere", whole(fits - 1))
        self.refused("links are cut elsewhere", whole(fits + 1))
        self.refused("node below a node", whole(fits, tag=1))

    def test_lists(self) -> None:
        pieces = [[bytes([255]) * 28 + n.to_bytes(4, "big"), 1] for n in range(1025)]
        Flist(in_list([0, pieces], count=1025, size=1025))
        self.refused("count is wrong", in_list([0, pieces], count=1026, size=1025))
        self.refused("size is wrong", in_list([0, pieces], count=1025, size=1026))
        holes = [65536] * 16385
        Flist(in_list([0, holes[1:]], count=16384, size=sum(holes[1:])))
        self.refused("too many", in_list([0, holes], count=16385, size=sum(holes)))
        parts = [[object_id(LIST, encode([0, [65536]])), 1, 65536]] * 16385
        self.refused("too many", in_list([1, parts], count=16385, size=sum(holes)))
        self.refused("neither", in_list([2, pieces], count=1025, size=1025))
        self.refused(
            "kind 1", forge(tree=[0, [entry(content=[1, 1025, 1025, ID])]]) + b"\1\0\0\0\0"
        )

        def node(cut: int, *sums: int) -> bytes:
            leaves = [[0, pieces[:cut]], [0, pieces[cut:]]]
            ids = [object_id(LIST, encode(leaf)) for leaf in leaves]
            parts = [[ids[0], *sums[:2]], [ids[1], *sums[2:]]]
            return in_list([1, parts], *((LIST, x) for x in leaves), count=1025, size=1025)

        self.refused("list is cut elsewhere", node(500, 500, 500, 525, 525))
        self.refused("count is wrong", node(500, 500, 500, 526, 525))
        self.refused("count is wrong", node(500, 501, 500, 524, 525))
        self.refused("size is wrong", node(500, 500, 501, 525, 524))
        self.refused("count is not", node(500, 0, 500, 1025, 525))
        pieces[499][0] = bytes(32)
        Flist(node(500, 500, 500, 525, 525))
        self.refused("list is cut elsewhere", in_list([0, pieces], count=1025, size=1025))


def directory_objects(entries: list[Entry]) -> list[bytes]:
    """A large directory's objects in the order of a .flist, by a second way to cut it."""

    def ends(name: bytes, level: int) -> bool:
        bits = "".join(f"{byte:08b}"[::-1] for byte in blake3(name).digest()[:8])
        return level < 7 and bits[9 * level : 9 * level + 9] == "0" * 9

    # A row's member: encoding, last name, entries, objects below in order.
    row = [(encode(e.value), e.name, 1, [b""][:0]) for e in entries]
    level = 0
    while sum(len(member[0]) for member in row) > 262_144:
        parts: list[list[Any]] = [[]]
        for member in row:
            part = parts[-1]
            full = len(member[0]) + sum(len(m[0]) for m in part) > 1_048_512
            if part and (full or (len(part) > 1 and ends(part[-1][1], level))):
                parts.append([])
            parts[-1].append(member)
        row, level = [joined(part, level) for part in parts], level + 1
    return joined(row, level)[3]


def joined(part: list[Any], level: int) -> tuple[bytes, bytes, int, list[bytes]]:
    if level and len(part) == 1:
        one: tuple[bytes, bytes, int, list[bytes]] = part[0]
        return one
    value = encode([int(level > 0), [decode(raw) for raw, *_ in part]])
    count, last = sum(n for _, _, n, _ in part), part[-1][1]
    above = encode([last, object_id(DIRECTORY, value), [count, 0]])
    return above, last, count, [value, *(o for *_, below in part for o in below)]


class Cuts(ReaderTest):
    def directory(self, names: list[bytes]) -> list[bytes]:
        """The objects of a directory of empty files, after the reader took them."""
        objects = directory_objects([Entry(entry(name)) for name in names])
        root = object_id(DIRECTORY, objects[0])
        manifest = encode([1, root, META, [len(names), 0], PROFILE, [], [], []])
        parts = [record(MANIFEST, manifest), *(record(DIRECTORY, one) for one in objects)]
        self.assertEqual(Flist(MAGIC + b"".join(parts)).root.totals, (len(names), 0))
        return objects

    def test_large_directories(self) -> None:
        self.assertEqual(len(self.directory([b"%0250d" % n for n in range(900)])), 1)
        self.assertGreater(len(self.directory([b"%0250d" % n for n in range(4000)])), 2)

    def test_directory_of_three_levels(self) -> None:
        # Names that end a leaf, so that leaves of two make many parts.
        names = [b"%0250d" % n for n in range(1_300_000)]
        names = [n for n in names if int.from_bytes(blake3(n).digest()[:2], "little") & 511 == 0]
        objects = self.directory(names)
        nodes = [decode(one)[1] for one in objects if decode(one)[0] == 1]
        known = {object_id(DIRECTORY, encode([1, node])) for node in nodes}
        self.assertTrue(any(part[1] in known for part in nodes[0]))

    def test_where_an_object_is_full(self) -> None:
        # Attributes longer than a reader takes, to meet the limits exactly.
        def made(name: bytes, size: int) -> Entry:
            def of(length: int) -> Entry:
                return Entry(entry(name, meta=[*META[:5], [[b"x", bytes(length)]]]))

            return of(size - (len(encode(of(65536).value)) - 65536))

        def whole(*entries: Entry) -> bool:
            leaf = encode([0, [e.value for e in entries]])
            return cut_directory(list(entries)) == object_id(DIRECTORY, leaf)

        # A name that ends a leaf, in a directory that need not be cut.
        names = (b"b%d" % number for number in range(99_999))
        ends = next(n for n in names if int.from_bytes(blake3(n).digest()[:2], "little") & 511 == 0)
        for second, one in ((70_000, True), (70_001, False)):
            row = made(b"a", 72_144), made(ends, second), made(b"c", 120_000)
            self.assertEqual(whole(*row), one)
        self.assertTrue(whole(made(b"a", 548_512), made(b"c", 500_000)))
        self.assertFalse(whole(made(b"a", 548_513), made(b"c", 500_000)))
        link = [[1, bytes(131_072 - 7)], [0, bytes(131_072 - 7)]]
        self.assertEqual(len(cut_links(link)), 1)
        link[1][1] = bytes(131_072 - 6)
        self.assertEqual(len(cut_links(link)), 2)

    def test_lists_of_two_levels(self) -> None:
        # Holes end nothing: two full leaves, a third, and the node above them.
        pieces = [Piece(None, 65536)] * 40000
        leaves = [[0, [65536] * n] for n in (16384, 16384, 7232)]
        parts = [
            [object_id(LIST, encode(x)), len(x[1]), 65536 * len(x[1])]  # type: ignore[arg-type]
            for x in leaves
        ]
        self.assertEqual(cut_list(pieces), object_id(LIST, encode([1, parts])))

    def test_links_leaf(self) -> None:
        leaf = [[1, b"a"], [0, b"b"]]
        self.assertEqual(cut_links(leaf), [object_id(LINKS, encode([0, leaf]))])


def hi_frame() -> bytes:
    return bytes.fromhex("28b52ffd 20 02 110000 6869")


def wire_record(
    content: bytes, frame: bytes, length: int | None = None, kind: int = CHUNK
) -> bytes:
    length = len(content) if length is None else length
    sizes = length.to_bytes(4, "big") + len(frame).to_bytes(4, "big")
    return bytes([kind]) + object_id(kind, content) + sizes + frame


class WireFormat(unittest.TestCase):
    def refused(self, why: str, data: bytes) -> None:
        with self.assertRaisesRegex(Refused, why):
            Wire(io.BytesIO(data))

    def test_real_frames(self) -> None:
        contents = [b"", b"x", b"flist" * 100, bytes(1_048_576), FIXTURE.read_bytes()]
        data = b""
        for content in contents:
            for checksum in (False, True):
                packer = zstandard.ZstdCompressor(write_checksum=checksum)
                data += wire_record(content, packer.compress(content))
        wire = Wire(io.BytesIO(data))
        self.assertEqual(wire.records, 10)
        for content in contents:
            piece = Piece(object_id(CHUNK, content), len(content))
            self.assertEqual(wire.chunk(piece), content)
        for kind in (DIRECTORY, LIST, LINKS, MANIFEST):
            Wire(io.BytesIO(wire_record(b"hi", hi_frame(), kind=kind)))

    def test_frames(self) -> None:
        def frame(text: str) -> bytes:
            return bytes.fromhex("28b52ffd" + text)

        raw = "110000 6869"
        for why, bad in (
            ("not a zstd frame", b""),
            ("not a zstd frame", b"hi"),
            ("not a zstd frame", hi_frame()[:5]),
            ("not a zstd frame", bytes.fromhex("502a4d18 00000000") + hi_frame()),  # skippable
            ("exactly one", hi_frame() + b"\0"),
            ("exactly one", hi_frame() + hi_frame()),
            ("exactly one", hi_frame() + bytes.fromhex("502a4d18 00000000")),
            ("exactly one", hi_frame()[:-1]),
            ("exactly one", hi_frame()[:7]),
            ("exactly one", frame("24 02" + raw)),  # a checksum that is not there
            ("exactly one", frame("20 02 100000 6869")),  # no last block
            ("no content size", frame("00 00" + raw)),
            ("another content size", frame("20 03" + raw)),
            ("another content size", frame("60 0200" + raw)),  # two bytes mean 256 more
            ("dictionary", frame("21 07 02" + raw)),
            ("dictionary", frame("23 00000001 02" + raw)),
            ("window", frame("80 69 02000000" + raw)),  # 9 MiB
            ("window", frame("80 ff 02000000" + raw)),
            ("unpack", frame("24 02" + raw + "00000000")),
            ("unpack", frame("28 02" + raw)),  # the reserved bit
            ("unpack", frame("20 02 170000 6869")),  # block of reserved type
            ("unpack|states", frame("20 02 090000 68")),  # too little
            ("unpack|states", frame("20 02 190000 686969")),  # too much
            ("unpack|states", frame("20 02 1b0010 68")),  # far too much
            ("compressBound", frame("20 02" + "000000" * 30 + raw)),
            ("record's id", frame("20 02 110000 6868")),
        ):
            with self.subTest(why=why, frame=bad.hex()):
                self.refused(why, wire_record(b"hi", bad))
        for good in (
            "80 68 02000000" + raw,  # a window of 8 MiB
            "a0 02000000" + raw,
            "e0 0200000000000000" + raw,
            "20 02 080000 68 090000 69",
            "20 02" + "000000" * 10 + raw,
        ):
            Wire(io.BytesIO(wire_record(b"hi", frame(good))))

    def test_bound(self) -> None:
        # compressBound(2) is 2 + 0 + 63; of 1 MiB, 4,096 more than that.
        fill = 65 - len(hi_frame())
        empty = bytes(3)
        self.assertEqual(fill % 3, 0)
        frame = hi_frame()[:6] + empty * (fill // 3)
        Wire(io.BytesIO(wire_record(b"hi", frame + hi_frame()[6:])))
        self.refused("compressBound", wire_record(b"hi", frame + empty + hi_frame()[6:]))
        # compressBound(1) is 64.
        for why, header, blocks in (("", "20 01", 18), ("compressBound", "e0 01" + "00" * 7, 16)):
            frame = bytes.fromhex("28b52ffd" + header) + empty * blocks + b"\x09\0\0h"
            self.assertEqual(len(frame), 65 if why else 64)
            if why:
                self.refused(why, wire_record(b"h", frame))
            else:
                Wire(io.BytesIO(wire_record(b"h", frame)))

    def test_records(self) -> None:
        good = wire_record(b"hi", hi_frame())
        for end in range(1, len(good)):
            self.refused("cut off", good[:end])
        self.refused("cut off", good + b"\0")
        self.refused("known kind", b"\5" + good[1:])
        self.refused("record's id", b"\1" + good[1:])
        for length in (1_048_577, 0x0100_0002, 0xFFFF_FFFF):
            self.refused("too long", wire_record(b"hi", hi_frame(), length=length))
        self.refused("too long", good[:37] + b"\1" + good[38:])
        for at in range(1, 33):
            self.refused("record's id", good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        self.refused("content size", good.replace(b"\0\0\0\2", b"\0\0\0\3", 1))

    def test_chunks(self) -> None:
        wire = Wire(io.BytesIO(wire_record(b"hi", hi_frame())))
        one = object_id(CHUNK, b"hi")
        with self.assertRaisesRegex(Refused, "missing"):
            wire.chunk(Piece(ID, 2))
        with self.assertRaisesRegex(Refused, "chunk's length"):
            wire.chunk(Piece(one, 3))
        pieces = [Piece(one, 2), Piece(None, 1_500_000), Piece(one, 2)]
        content = b"hi" + bytes(1_500_000) + b"hi"
        self.assertEqual(wire.rebuild(pieces), blake3(content).hexdigest())
        self.assertIsNone(wire.rebuild([Piece(None, 1 << 60), Piece(one, 2)]))


class Program(unittest.TestCase):
    """The command line: status, and which stream says what."""

    def run_reader(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-B", str(HERE / "flist_reader.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_check(self) -> None:
        done = self.run_reader("check", str(FIXTURE))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, GOLDEN.read_text())

    def test_refusals(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            bad, chunks = Path(folder, "bad.flist"), Path(folder, "chunks")
            bad.write_bytes(FIXTURE.read_bytes() + b"\0")
            chunks.write_bytes(wire_record(b"hi", hi_frame()))
            for why, arguments in (
                ("after the last record", ("check", str(bad))),
                ("No such file", ("check", str(bad) + "x")),
                ("No such file", ("check", str(FIXTURE), "--chunks", folder + "/x")),
                (
                    "b'a-third': a chunk is missing",
                    ("check", str(FIXTURE), "--chunks", str(chunks)),
                ),
                ("the last record is cut off|no known kind", ("chunks", str(FIXTURE))),
            ):
                with self.subTest(why=why):
                    done = self.run_reader(*arguments)
                    self.assertEqual(done.returncode, 1)
                    self.assertRegex(done.stderr, rf"\Arefused: .*({why}).*\n\Z")
            small, hello = Path(folder, "small.flist"), object_id(CHUNK, b"hi")
            small.write_bytes(with_entry(content=[0, 2, [[hello, 2]]], size=2))
            done = self.run_reader("check", str(small), "--chunks", str(chunks))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f'"blake3": "{hello.hex()}"', done.stdout)
            self.assertEqual(self.run_reader("chunks", str(chunks)).stdout, '{"records": 1}\n')


if __name__ == "__main__":
    unittest.main()
