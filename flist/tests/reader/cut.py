"""Where directories and lists are cut (section 3): entries or pieces to an id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from blake3 import blake3

from objects import DIRECTORY, LINKS, LIST, Entry, Piece, encode, head, object_id

ONE_OBJECT = 262_144  # entries, parts or links that encode to this stay together


@dataclass(frozen=True)
class Member:
    """An entry or piece, or the part that stands for some of them."""

    raw: bytes
    last: bytes  # a directory's: the last name; a list's: the id, empty for a hole
    sums: tuple[int, int]
    part: bytes | None = None  # a part's id


def split(
    members: list[Member],
    most: int,
    weigh: Callable[[Member], int],
    marked: Callable[[Member], bool],
) -> Iterator[list[Member]]:
    part: list[Member] = []
    filled = 0
    for member in members:
        if filled + weigh(member) > most:
            yield part
            part, filled = [], 0
        part.append(member)
        filled += weigh(member)
        if len(part) > 1 and marked(member):
            yield part
            part, filled = [], 0
    if part:
        yield part


def part_of(kind: int, members: list[Member]) -> Member:
    """The part that these members make; a lone part is handed up as it is."""
    node = bool(members and members[0].part)
    if node and len(members) == 1:
        return members[0]
    raw = head(4, 2) + head(0, node) + head(4, len(members)) + b"".join(m.raw for m in members)
    part = object_id(kind, raw)
    sums = sum(m.sums[0] for m in members), sum(m.sums[1] for m in members)
    if kind == LIST:
        return Member(encode([part, *sums]), part, sums, part)
    last = members[-1].last if members else b""
    return Member(encode([last, part, list(sums)]), last, sums, part)


def cut_directory(entries: list[Entry]) -> bytes:
    members = [Member(encode(e.value), e.name, e.totals()) for e in entries]
    level = 0

    def marked(member: Member) -> bool:
        number = int.from_bytes(blake3(member.last).digest()[:8], "little")
        return level < 7 and number >> 9 * level & 511 == 0

    while sum(len(m.raw) for m in members) > ONE_OBJECT:
        parts = split(members, 1_048_512, lambda m: len(m.raw), marked)
        members = [part_of(DIRECTORY, part) for part in parts]
        level += 1
    return part_of(DIRECTORY, members).part or b""


def cut_list(pieces: list[Piece]) -> bytes:
    members = [Member(encode(p.value()), p.chunk or b"", (1, p.length)) for p in pieces]

    def marked(member: Member) -> bool:
        return member.last != b"" and int.from_bytes(member.last[:2], "little") & 1023 == 0

    while len(members) > 1 or members[0].part is None:
        members = [part_of(LIST, p) for p in split(members, 16384, lambda m: 1, marked)]
    return members[0].part or b""


def cut_links(records: list[Any]) -> list[bytes]:
    """The ids of the leaves."""
    members = [Member(encode(record), b"", (0, 0)) for record in records]
    leaves = split(members, ONE_OBJECT, lambda m: len(m.raw), lambda m: False)
    return [part_of(LINKS, leaf).part or b"" for leaf in leaves]
