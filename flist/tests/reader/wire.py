"""The chunk wire format (section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import zstandard
from blake3 import blake3

from objects import CHUNK, MANIFEST, MAX_OBJECT, Piece, need, object_id, refuse

# This program's own limit: a longer file (with holes) is not rebuilt.
MAX_REBUILT = 1 << 32


def unpack(frame: bytes, length: int) -> bytes:
    """The content of exactly one zstd frame (RFC 8878), of exactly this length."""
    bound = length + (length >> 8) + (max(0, 131_072 - length) >> 11)
    need(len(frame) <= bound, "a frame is longer than compressBound")
    need(frame[:4] == b"\x28\xb5\x2f\xfd" and len(frame) > 5, "not a zstd frame")
    descriptor, at = frame[4], 5
    single = bool(descriptor & 32)
    window = 0
    if not single:
        base = 1 << 10 + (frame[at] >> 3)
        window = base + base // 8 * (frame[at] & 7)
        at += 1
    dictionary = (0, 1, 2, 4)[descriptor & 3]
    need(not any(frame[at : at + dictionary]), "a frame names a dictionary")
    at += dictionary
    width = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    need(width > 0, "a frame states no content size")
    size = int.from_bytes(frame[at : at + width], "little") + (256 if width == 2 else 0)
    at += width
    need(size == length, "a frame states another content size")
    need((size if single else window) <= 8_388_608, "a frame's window is too large")
    last = False
    while not last:
        block = int.from_bytes(frame[at : at + 3], "little")
        last = bool(block & 1) or at >= len(frame)
        at += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)
    at += 4 if descriptor & 4 else 0
    need(at == len(frame), "not exactly one zstd frame")
    try:
        content = zstandard.ZstdDecompressor().stream_reader(frame).read(length + 1)
    except zstandard.ZstdError as error:
        refuse(f"a frame does not unpack: {error}")
    need(len(content) == length, "a frame has not the size it states")
    return content


class Wire:
    """A file of the chunk wire format: verified, its chunks found by id."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._places: dict[bytes, tuple[int, int, int]] = {}
        self.records = 0
        while record := file.read(41):
            need(len(record) == 41, "the last record is cut off")
            kind, wanted = record[0], record[1:33]
            length, packed = (
                int.from_bytes(record[33:37], "big"),
                int.from_bytes(record[37:], "big"),
            )
            need(kind <= MANIFEST, "a record of no known kind")
            need(length <= MAX_OBJECT and packed <= 2 * MAX_OBJECT, "an object is too long")
            place = file.tell()
            frame = file.read(packed)
            need(len(frame) == packed, "the last record is cut off")
            need(
                object_id(kind, unpack(frame, length)) == wanted, "content has not the record's id"
            )
            self.records += 1
            if kind == CHUNK:
                self._places[wanted] = place, packed, length

    def chunk(self, piece: Piece) -> bytes:
        place, packed, length = self._places.get(piece.chunk or b"") or refuse("a chunk is missing")
        need(length == piece.length, "a chunk's length is not its piece's")
        self._file.seek(place)
        return unpack(self._file.read(packed), length)

    def content(self, pieces: list[Piece]) -> Iterator[bytes]:
        for piece in pieces:
            if piece.chunk:
                yield self.chunk(piece)
                continue
            for at in range(0, piece.length, MAX_OBJECT):
                yield bytes(min(MAX_OBJECT, piece.length - at))

    def rebuild(self, pieces: list[Piece]) -> str | None:
        """The BLAKE3 hash of a file's content; None if that is too long to make."""
        if sum(piece.length for piece in pieces) > MAX_REBUILT:
            for piece in pieces:
                if piece.chunk:
                    self.chunk(piece)
            return None
        hasher = blake3()
        for data in self.content(pieces):
            hasher.update(data)
        return hasher.hexdigest()
