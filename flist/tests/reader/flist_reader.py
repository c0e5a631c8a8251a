"""A strict reader of flists, written from docs/flist-format.md and nothing else.

    flist_reader.py check FILE.flist [--chunks FILE]
    flist_reader.py chunks FILE

`check` prints one JSON line about the manifest, then one for each entry. With
--chunks, a file in the chunk wire format, it also rebuilds each file's content
and adds its BLAKE3 hash. `chunks` verifies such a file alone. Whatever breaks a
rule of the format ends the program with status 1 and one line that says why.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from cut import cut_directory, cut_links, cut_list
from objects import (
    DIRECTORY,
    LINKS,
    LIST,
    MANIFEST,
    MAX_OBJECT,
    Directory,
    Entry,
    Piece,
    Refused,
    array,
    ascending,
    bstr,
    check_metadata,
    check_name,
    decode,
    ident,
    need,
    object_id,
    refuse,
    totals,
    uint,
)
from wire import Wire

MAGIC = bytes.fromhex("89464c4953540a01")

# This program's own limit; the format has none. Shared objects can make a small
# file stand for more entries, or more pieces, than anybody can list.
MAX_LISTED = 1 << 24

KINDS = ("file", "file", "directory", "symlink", "char", "block", "fifo", "socket")


class Flist:
    """A whole flist: read from a file's bytes, or Refused."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0
        self._directories: dict[bytes, Directory] = {}
        self._lists: dict[bytes, list[Piece]] = {}
        self._cut: set[bytes] = set()
        self.groups: list[list[bytes]] = []
        try:
            need(self._bytes(8) == MAGIC, "not a flist of version 1")
            self._read()
            need(self._at == len(data), "bytes after the last record")
        except RecursionError:
            refuse("objects nest too deeply")
        except Refused as error:
            raise Refused(f"{error} (before byte {self._at})") from None

    def _bytes(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        need(len(found) == count, "the file ends early")
        self._at += count
        return found

    def _next(self, kind: int, expected: bytes | None = None) -> Any:
        """The next record's object, which must be of this kind and id."""
        found = self._bytes(1)[0]
        length = int.from_bytes(self._bytes(4), "big")
        need(found == kind, f"a record of kind {found} where kind {kind} belongs")
        need(length <= MAX_OBJECT, "an object is too long")
        data = self._bytes(length)
        self._last_id = object_id(kind, data)
        need(expected in (None, self._last_id), "a record has not the id that must come next")
        return decode(data)

    def _read(self) -> None:
        self.manifest = array(self._next(MANIFEST), "the manifest", 8, 8)
        self.id = self._last_id
        version, root, metadata, sums, profile, links, image, values = self.manifest
        need(version == 1, "a version that is not 1")
        check_metadata(metadata)
        need(type(profile) is str, "the profile is not text")
        for config in array(image, "image-config", 0, 1):
            bstr(config, "image-config", 0, MAX_OBJECT)
        for pair in array(values, "values"):
            need(all(type(t) is str for t in array(pair, "a value", 2, 2)), "a value is not text")
        ascending((key.encode() for key, _ in values), "values")
        array(links, "links", 0, 1)
        self.root = self._whole_directory(ident(root), totals(sums))
        for links_id in links:
            self._links(ident(links_id))

    def _whole_directory(self, wanted: bytes, sums: tuple[int, int]) -> Directory:
        directory = self._directory(wanted)
        need(directory.totals == sums, "a directory's totals are not what stands below it")
        if wanted not in self._cut:
            need(cut_directory(directory.entries) == wanted, "a directory is cut elsewhere")
            self._cut.add(wanted)
        return directory

    def _directory(self, wanted: bytes) -> Directory:
        """A directory object with all below it, if it has not come already."""
        if wanted in self._directories:
            return self._directories[wanted]
        entries: list[Entry] = []
        match self._next(DIRECTORY, wanted):
            case [0, list() as members]:
                for member in members:
                    entries.append(self._entry(member))
            case [1, [_, _, *_] as parts]:
                for part in parts:
                    last, part_id, sums = array(part, "a part", 3, 3)
                    found = self._directory(ident(part_id))
                    need(
                        [e.name for e in found.entries[-1:]] == [last],
                        "a part's last name is another",
                    )
                    need(found.totals == totals(sums), "a part's totals are not its entries'")
                    entries += found.entries
            case _:
                refuse("neither a leaf nor a node of a directory")
        return self._directories.setdefault(wanted, Directory(entries))

    def _entry(self, value: Any) -> Entry:
        name, metadata, content = array(value, "an entry", 3, 3)
        check_name(name)
        check_metadata(metadata)
        entry = Entry(value)
        match content:
            case [0, size, list() as pieces]:
                need(len(pieces) <= 1024, "an entry has more than 1,024 pieces")
                entry.pieces = [Piece.of(piece) for piece in pieces]
                need(entry.totals()[1] == uint(size, "size"), "a size is not the sum of the pieces")
            case [1, size, count, list_id]:
                need(uint(count, "count") > 1024, "a list of at most 1,024 pieces")
                need(count <= MAX_LISTED, "more pieces than this program takes")
                entry.pieces = self._list(ident(list_id), count, uint(size, "size"))
                if list_id not in self._cut:
                    need(cut_list(entry.pieces) == list_id, "a list is cut elsewhere")
                    self._cut.add(list_id)
            case [2, directory, sums]:
                entry.below = self._whole_directory(ident(directory), totals(sums))
            case [3, target]:
                bstr(target, "a target", 1, 4095, b"\0")
            case [4 | 5, major, minor]:
                uint(major, "major", 0, 4095)
                uint(minor, "minor", 0, 1_048_575)
            case [6] | [7]:
                pass
            case _:
                refuse("content of no known form")
        return entry

    def _list(self, wanted: bytes, count: int, size: int) -> list[Piece]:
        """A list object with all below it; count and size as said above it."""
        need(count > 0, "a list object without pieces")
        pieces = self._lists.get(wanted)
        if pieces is None:
            pieces = []
            match self._next(LIST, wanted):
                case [0, list() as members]:
                    need(len(members) <= 16384, "a list object has too many members")
                    pieces = [Piece.of(member) for member in members]
                case [1, [_, _, *_] as members]:
                    need(len(members) <= 16384, "a list object has too many members")
                    for member in members:
                        array(member, "a list's part", 3, 3)
                        uint(member[1], "count", 1)
                        uint(member[2], "size")
                    need(sum(m[1] for m in members) == count, "a list's count is wrong")
                    for part_id, part_count, part_size in members:
                        pieces += self._list(ident(part_id), part_count, part_size)
                case _:
                    refuse("neither a leaf nor a node of a list")
            self._lists[wanted] = pieces
        need(len(pieces) == count, "a list's count is wrong")
        need(sum(piece.length for piece in pieces) == size, "a list's size is wrong")
        return pieces

    def _links(self, wanted: bytes) -> None:
        records: list[Any] = []
        match self._next(LINKS, wanted):
            case [0, list() as members]:
                records, leaves = members, [wanted]
            case [1, [_, _, *_] as leaves]:
                for leaf in leaves:
                    tag, members = array(self._next(LINKS, ident(leaf)), "links", 2, 2)
                    need(tag == 0, "links: a node below a node")
                    records += array(members, "links")
            case _:
                refuse("neither a leaf nor a node of links")
        for record in records:
            first, path = array(record, "a link", 2, 2)
            bstr(path, "a link's path", 1, 4096)
            need(first == 1 or (first == 0 and bool(self.groups)), "links: no group begins here")
            if first:
                self.groups.append([])
            self.groups[-1].append(path)
        self._check_groups()
        need(cut_links(records) == leaves, "links are cut elsewhere")

    def _check_groups(self) -> None:
        need(bool(self.groups), "links without any link")
        ascending((group[0] for group in self.groups), "groups of links")
        paths = [path for group in self.groups for path in group]
        need(len(set(paths)) == len(paths), "a path is in two groups of links")
        for group in self.groups:
            need(len(group) > 1, "a group of one link")
            ascending(group, "a group's paths")
            entries = [self.find(path) for path in group]
            same = all(e.value[1:] == entries[0].value[1:] for e in entries)
            need(same, "linked entries differ")

    def find(self, path: bytes) -> Entry:
        directory: Directory | None = self.root
        entry = None
        for name in path.split(b"/"):
            entry = directory.by_name.get(name) if directory else None
            directory = entry.below if entry else None
        return entry or refuse("a link's path is not in the tree")

    def walk(self) -> Iterator[tuple[bytes, Entry]]:
        """Every entry with its path, a directory before what is below it."""
        need(self.root.totals[0] <= MAX_LISTED, "more entries than this program lists")
        stack = [(b"", iter(self.root.entries))]
        while stack:
            prefix, entries = stack[-1]
            entry = next(entries, None)
            if entry is None:
                stack.pop()
                continue
            yield prefix + entry.name, entry
            if entry.below:
                stack.append((prefix + entry.name + b"/", iter(entry.below.entries)))


# --- The program --------------------------------------------------------------


def base64(data: bytes) -> str:
    return b64encode(data).decode()


def show_metadata(metadata: list[Any]) -> dict[str, Any]:
    mode, uid, gid, seconds, nanos, xattrs = metadata
    # The exact decimal number: one nanosecond before 1970 is -0.000000001.
    time = seconds * 10**9 + nanos
    whole, rest = divmod(abs(time), 10**9)
    return {
        "mode": f"{mode:04o}",
        "uid": uid,
        "gid": gid,
        "mtime": f"{'-' if time < 0 else ''}{whole}.{rest:09}",
        "xattrs": {base64(name): base64(value) for name, value in xattrs},
    }


def show_entry(path: bytes, entry: Entry, group: int | None, wire: Wire | None) -> dict[str, Any]:
    content = entry.value[2]
    line: dict[str, Any] = {"path_base64": base64(path), "path": path.decode(errors="replace")}
    line |= {"kind": KINDS[content[0]]} | show_metadata(entry.value[1])
    match content[0]:
        case 0 | 1:
            holes = sum(piece.chunk is None for piece in entry.pieces)
            line |= {"size": content[1], "pieces": len(entry.pieces), "holes": holes}
            if wire:
                line["blake3"] = wire.rebuild(entry.pieces)
        case 2:
            line |= {"entries": content[2][0], "bytes": content[2][1]}
        case 3:
            line["target_base64"] = base64(content[1])
        case 4 | 5:
            line |= {"major": content[1], "minor": content[2]}
    if group is not None:
        line["link_group"] = group
    return line


def listing(flist: Flist, wire: Wire | None = None) -> Iterator[str]:
    """The lines that `check` prints."""
    _, root, metadata, sums, profile, _, image, values = flist.manifest
    line: dict[str, Any] = {"manifest": flist.id.hex(), "root": root.hex(), "profile": profile}
    line |= {"entries": sums[0], "bytes": sums[1], "values": dict(values)}
    line |= {"image_config_base64": base64(image[0]) if image else None}
    yield json.dumps(line | show_metadata(metadata))
    groups = {path: number for number, group in enumerate(flist.groups) for path in group}
    for path, entry in flist.walk():
        try:
            line = show_entry(path, entry, groups.get(path), wire)
        except Refused as error:
            raise Refused(f"{path!r}: {error}") from None
        yield json.dumps(line)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Read flists strictly.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="verify and list a .flist file")
    check.add_argument("file")
    check.add_argument("--chunks", metavar="FILE")
    commands.add_parser("chunks", help="verify a file of the chunk wire format").add_argument(
        "file"
    )
    options = parser.parse_args(arguments)
    sys.setrecursionlimit(10_000)
    try:
        if options.command == "chunks":
            with open(options.file, "rb") as file:
                print(json.dumps({"records": Wire(file).records}))
            return 0
        with open(options.file, "rb") as file:
            flist = Flist(file.read())
        with open(options.chunks or os.devnull, "rb") as chunks:
            for line in listing(flist, Wire(chunks) if options.chunks else None):
                print(line)
        return 0
    except (Refused, OSError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
