"""What every object is made of: ids, CBOR and the schema (sections 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NoReturn

from blake3 import blake3

MAX_OBJECT = 1_048_576
CHUNK, DIRECTORY, LIST, LINKS, MANIFEST = range(5)
CONTEXTS = {
    DIRECTORY: "flisthub 2026-11-21 directory object v1",
    LIST: "flisthub 2026-11-21 list object v1",
    LINKS: "flisthub 2026-11-21 links object v1",
    MANIFEST: "flisthub 2026-11-21 manifest v1",
}


class Refused(Exception):
    """The input breaks a rule of the format."""


def refuse(rule: str) -> NoReturn:
    raise Refused(rule)


def need(holds: bool, rule: str) -> None:
    if not holds:
        refuse(rule)


def object_id(kind: int, data: bytes) -> bytes:
    """Section 2."""
    if kind == CHUNK:
        return blake3(data).digest()
    return blake3(data, derive_key_context=CONTEXTS[kind]).digest()


# --- Section 3: the few forms of CBOR -----------------------------------------


def head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    power = next(p for p in range(4) if number >> (8 << p) == 0)
    return bytes([major << 5 | 24 + power]) + number.to_bytes(1 << power, "big")


def encode(value: Any) -> bytes:
    match value:
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value.encode())) + value.encode()
    return head(4, len(value)) + b"".join(map(encode, value))


def decode(data: bytes) -> Any:
    value, end = decode_item(data, 0, 0)
    need(end == len(data), "bytes after the object")
    return value


def decode_item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    need(at < len(data), "the object ends early")
    major, number, at = data[at] >> 5, data[at] & 31, at + 1
    need(major <= 4 and number <= 27, "CBOR of a form that objects do not have")
    if number >= 24:
        power = number - 24
        need(at + (1 << power) <= len(data), "the object ends early")
        number = int.from_bytes(data[at : at + (1 << power)], "big")
        need(number >= (24, 1 << 8, 1 << 16, 1 << 32)[power], "a CBOR head is too long")
        at += 1 << power
    if major < 2:
        return (number if major == 0 else -1 - number), at
    need(number <= len(data) - at, "the object ends early")
    if major < 4:
        content = data[at : at + number]
        try:
            return (content if major == 2 else content.decode()), at + number
        except UnicodeDecodeError:
            refuse("text that is not UTF-8")
    need(depth < 8, "arrays nest deeper than any object's")
    items = []
    for _ in range(number):
        item, at = decode_item(data, at, depth + 1)
        items.append(item)
    return items, at


# --- Section 3: the parts of the schema ---------------------------------------


def uint(value: Any, what: str, low: int = 0, high: int = (1 << 64) - 1) -> int:
    if not isinstance(value, int) or not low <= value <= high:
        refuse(f"{what} is not in {low}..{high}")
    return value


def bstr(value: Any, what: str, low: int, high: int, without: bytes = b"") -> bytes:
    if not isinstance(value, bytes):
        refuse(f"{what} is not a byte string")
    need(low <= len(value) <= high, f"{what} has not {low}..{high} bytes")
    need(not set(value) & set(without), f"{what} has a byte that is forbidden")
    return value


def array(value: Any, what: str, low: int = 0, high: int = MAX_OBJECT) -> list[Any]:
    if not isinstance(value, list) or not low <= len(value) <= high:
        refuse(f"{what}: not such an array")
    return value


def ident(value: Any) -> bytes:
    return bstr(value, "an id", 32, 32)


def totals(value: Any) -> tuple[int, int]:
    entries, size = array(value, "totals", 2, 2)
    return uint(entries, "totals"), uint(size, "totals")


def ascending(keys: Iterable[bytes], what: str) -> None:
    need(all(a < b for a, b in pairwise(keys)), f"{what} are not sorted, or not unique")


def check_name(value: Any) -> bytes:
    name = bstr(value, "a name", 1, 255, b"/\0")
    need(name not in (b".", b".."), "a name is . or ..")
    return name


def check_metadata(value: Any) -> None:
    mode, uid, gid, mtime, nanos, xattrs = array(value, "metadata", 6, 6)
    uint(mode, "mode", 0, 4095)
    uint(uid, "uid", 0, (1 << 32) - 1)
    uint(gid, "gid", 0, (1 << 32) - 1)
    need(type(mtime) is int, "mtime is not an integer")
    uint(nanos, "mtime-nanos", 0, 999_999_999)
    for pair in array(xattrs, "xattrs"):
        array(pair, "an xattr", 2, 2)
        bstr(pair[0], "an xattr's name", 1, 255, b"\0")
        bstr(pair[1], "an xattr's value", 0, MAX_OBJECT)
    ascending((name for name, _ in xattrs), "xattrs")
    need(sum(len(n) + len(v) for n, v in xattrs) <= 204_800, "xattrs of too many bytes")


@dataclass(frozen=True)
class Piece:
    chunk: bytes | None  # None: a hole
    length: int

    @staticmethod
    def of(value: Any) -> Piece:
        if type(value) is int:
            return Piece(None, uint(value, "a hole's length", 65536))
        chunk, length = array(value, "a piece", 2, 2)
        return Piece(ident(chunk), uint(length, "a chunk's length", 1, MAX_OBJECT))

    def value(self) -> Any:
        return self.length if self.chunk is None else [self.chunk, self.length]


@dataclass
class Entry:
    value: list[Any]  # as in the object: name, metadata, content
    pieces: list[Piece] = field(default_factory=list)
    below: Directory | None = None

    @property
    def name(self) -> bytes:
        name: bytes = self.value[0]
        return name

    def totals(self) -> tuple[int, int]:
        if self.below:
            return 1 + self.below.totals[0], self.below.totals[1]
        return 1, sum(piece.length for piece in self.pieces)


class Directory:
    """The entries of a directory, or of a part of one."""

    def __init__(self, entries: list[Entry]) -> None:
        ascending((entry.name for entry in entries), "names")
        self.entries = entries
        sums = [entry.totals() for entry in entries]
        self.totals = sum(n for n, _ in sums), sum(size for _, size in sums)
        self.by_name = {entry.name: entry for entry in entries}
        below = [(e, e.below.path if e.below else (0, 0)) for e in entries]
        # The longest path below, in names and in bytes.
        self.path: tuple[int, int] = (
            max((1 + names for _, (names, _) in below), default=0),
            max((len(e.name) + (size and 1 + size) for e, (_, size) in below), default=0),
        )
        need(self.path[0] <= 1024 and self.path[1] <= 4096, "a path is too long")
