"""Push a real directory into a real hub, and read what comes out with the independent reader.

    .venv/bin/python scripts/compare_real_flist.py FOLDER_OF_THE_PROGRAMS

The reader takes the `.flist` file and the chunks that the hub serves, and must find every entry as
the file system has it: kind, mode, owner, time, extended attributes, links, target, and the content.
"""

from __future__ import annotations

import json
import os
import pathlib
import random
import stat
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from typing import Any

from blake3 import blake3

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "flist/tests/reader"))

from flist_reader import Flist, base64, listing  # noqa: E402
from wire import Wire  # noqa: E402

IDS_A_REQUEST = 4096
KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
}


def make_tree(top: pathlib.Path) -> None:
    """Content of every size class, a hole, links, odd names, and a directory that needs parts."""
    chance = random.Random(2)
    (top / "sub" / "empty").mkdir(parents=True)
    for size in (0, 1, 4096, 524_288, 524_289, 5_000_000):
        (top / "sub" / f"random-{size}").write_bytes(chance.randbytes(size))
    (top / "text").write_bytes(b"all work and no play\n" * 100_000)
    with open(top / "sparse", "wb") as file:
        file.write(b"head")
        file.seek(3_000_000)
        file.write(b"tail")
    os.link(top / "text", top / "sub" / "linked")
    os.symlink(b"no\xffwhere", os.fsencode(top / "symlink"))
    pathlib.Path(os.fsdecode(os.fsencode(top) + b"/not \xff utf-8\n")).write_bytes(b"odd")
    os.mkfifo(top / "fifo", 0o640)
    os.chmod(top / "sub" / "random-1", 0o4711)
    os.utime(top / "sub" / "random-0", ns=(1, -1_500_000_000))
    try:
        os.setxattr(top / "text", "user.note", b"\0kept")
    except OSError as error:
        print(f"extended attributes are not tried: {error}")
    (top / "many").mkdir()
    for number in range(4000):
        (top / "many" / f"{number:05}-{'n' * 60}").touch()


def expected(top: pathlib.Path) -> dict[str, dict[str, Any]]:
    """What the reader's listing has to say, by path in base64."""
    lines, inodes = {}, {}
    for folder, folders, files in os.walk(os.fsencode(top)):
        for name in folders + files:
            path = os.path.join(folder, name)
            found = os.lstat(path)
            shown = base64(os.path.relpath(path, os.fsencode(top)))
            lines[shown] = describe(path, found)
            if not stat.S_ISDIR(found.st_mode) and found.st_nlink > 1:
                inodes.setdefault(found.st_ino, set()).add(shown)
    for group in inodes.values():
        for shown in group:
            lines[shown]["linked with"] = sorted(group)
    return lines


def describe(path: bytes, found: os.stat_result) -> dict[str, Any]:
    line: dict[str, Any] = {
        "kind": KINDS[stat.S_IFMT(found.st_mode)],
        "mode": f"{stat.S_IMODE(found.st_mode):04o}",
        "uid": found.st_uid,
        "gid": found.st_gid,
        "mtime": found.st_mtime_ns,
        "xattrs": {
            base64(os.fsencode(name)): base64(os.getxattr(path, name, follow_symlinks=False))
            for name in os.listxattr(path, follow_symlinks=False)
        },
    }
    if line["kind"] == "file":
        with open(path, "rb") as file:
            line |= {"size": found.st_size, "blake3": blake3(file.read()).hexdigest()}
    elif line["kind"] == "symlink":
        line["target_base64"] = base64(os.readlink(path))
    return line


def read_back(file: pathlib.Path, chunks: pathlib.Path) -> dict[str, dict[str, Any]]:
    """The reader's listing, in the form of `expected`."""
    flist = Flist(file.read_bytes())
    lines: dict[str, dict[str, Any]] = {}
    groups: dict[int, list[str]] = {}
    with open(chunks, "rb") as content:
        for text in list(listing(flist, Wire(content)))[1:]:
            line = json.loads(text)
            shown = line.pop("path_base64")
            if "link_group" in line:
                groups.setdefault(line.pop("link_group"), []).append(shown)
            for key in ("path", "pieces", "holes", "entries"):
                line.pop(key, None)
            if line["kind"] == "directory":
                line.pop("bytes")
            whole, part = line["mtime"].lstrip("-").split(".")
            nanoseconds = int(whole) * 10**9 + int(part)
            line["mtime"] = -nanoseconds if line["mtime"].startswith("-") else nanoseconds
            lines[shown] = line
    for group in groups.values():
        for shown in group:
            lines[shown]["linked with"] = sorted(group)
    return lines


def chunk_ids(flist: Flist) -> Iterator[bytes]:
    seen = set()
    for _, entry in flist.walk():
        for piece in entry.pieces:
            if piece.chunk and piece.chunk not in seen:
                seen.add(piece.chunk)
                yield piece.chunk


def fetch(url: str, flist: pathlib.Path, chunks: pathlib.Path) -> None:
    with urllib.request.urlopen(f"{url}/reader/tree.flist") as answer:
        flist.write_bytes(answer.read())
    ids = list(chunk_ids(Flist(flist.read_bytes())))
    with open(chunks, "wb") as file:
        for start in range(0, len(ids), IDS_A_REQUEST):
            request = urllib.request.Request(
                f"{url}/api/v1/repositories/reader/chunks",
                data=b"".join(ids[start : start + IDS_A_REQUEST]),
                headers={"Content-Type": "application/vnd.flisthub.ids"},
            )
            with urllib.request.urlopen(request) as answer:
                file.write(answer.read())


def push_and_fetch(programs: pathlib.Path, work: pathlib.Path) -> None:
    hub, data = str(programs / "flisthub"), ["--data", str(work / "data")]
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([hub, "user", "add", "reader", *data], **quiet)
    made = subprocess.check_output([hub, "token", "create", "--user", "reader", *data], text=True)
    serve = [hub, "serve", *data, "--listen", "127.0.0.1:0", "--log", "warn"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline()
            if not said.startswith("listening on "):
                sys.exit("error: the hub did not start")
            url = said.split()[-1]
            keys = {"FLISTHUB_URL": url, "FLISTHUB_TOKEN": made.splitlines()[-1]}
            push = [str(programs / "hub-client"), "push", str(work / "tree"), "tree"]
            subprocess.run(push, env=os.environ | keys, **quiet)
            fetch(url, work / "tree.flist", work / "chunks")
        finally:
            process.terminate()


def main(programs: str) -> int:
    with tempfile.TemporaryDirectory(prefix="flisthub-reader.") as folder:
        work = pathlib.Path(folder)
        (work / "tree").mkdir()
        make_tree(work / "tree")
        push_and_fetch(pathlib.Path(programs), work)
        wanted, found = expected(work / "tree"), read_back(work / "tree.flist", work / "chunks")
    differ = sorted(p for p in wanted.keys() | found.keys() if wanted.get(p) != found.get(p))
    for path in differ[:10]:
        print(f"error: {path}\n  on disk: {wanted.get(path)}\n  reader:  {found.get(path)}")
    if differ or len(wanted) < 4000:
        return 1
    print(f"the reader finds all {len(wanted)} entries of a real flist as the file system has them")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
