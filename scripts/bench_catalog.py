"""The catalog on SQLite beside the catalog on PostgreSQL, in one run: publishes, listings, memory.

    scripts/with-postgres python3 scripts/bench_catalog.py FOLDER_OF_THE_PROGRAMS

Both hubs are the real program on loopback, each with its data in a temporary directory. They are measured in
turns, so that what else the machine does hits both. Prints a Markdown table.
"""

from __future__ import annotations

import concurrent.futures
import http.client
import io
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.parse

ROUNDS = 5
PUBLISHES = 100
THREADS = 8
LISTINGS = 50
REPOSITORIES = int(os.environ.get("FLISTHUB_BENCH_REPOSITORIES", "10000"))
NAMES = 3
CONFIG = """
[access]
repositories_per_user = 1_000_000
[limits]
requests_per_second = 0
"""


class Hub:
    """A hub with one user, `bench`, and one flist, `bench/base`."""

    def __init__(self, programs: pathlib.Path, place: pathlib.Path, database: str | None) -> None:
        self.program = programs / "flisthub"
        self.data = place / "data"
        place.mkdir()
        config = place / "hub.toml"
        config.write_text(CONFIG)
        self.environment = os.environ | {"FLISTHUB_CONFIG": str(config)}
        if database:
            self.environment["FLISTHUB_CATALOG_URL"] = database
        self.run("user", "add", "bench")
        self.token = self.run("token", "create", "--user", "bench").split()[-1]
        command = [self.program, "serve", "--listen", "127.0.0.1:0", "--data", self.data]
        with (place / "log").open("w") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        line = self.process.stdout.readline()
        self.address = line.split("http://", 1)[1].strip()
        self.number = 0
        self.base = self.upload()

    def run(self, *words: str) -> str:
        command = [self.program, *words, "--data", self.data]
        return subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def call(
        self, line: http.client.HTTPConnection, method: str, path: str, body: object = None
    ) -> dict:
        headers = {"Authorization": f"bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        line.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = line.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text!r}")
        return json.loads(text) if text else {}

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.address, timeout=600)

    def upload(self) -> str:
        """A small archive as `bench/base`; its flist's id."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            entry = tarfile.TarInfo("hello")
            entry.size = 5
            archive.addfile(entry, io.BytesIO(b"hello"))
        edge = "edge"
        body = (
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="base.tar"\r\n\r\n'
        ).encode() + packed.getvalue() + f"\r\n--{edge}--\r\n".encode()
        line = self.connect()
        headers = {
            "Authorization": f"bearer {self.token}",
            "Content-Type": f"multipart/form-data; boundary={edge}",
        }
        line.request("POST", "/api/flist/me/upload", body, headers)
        answer = line.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"upload: {answer.status} {text!r}")
        return self.call(line, "GET", "/api/v1/flists/bench/base")["flist"]

    def publish(self, names: list[str]) -> None:
        line = self.connect()
        for name in names:
            opened = self.call(line, "POST", "/api/v1/sessions", {"repository": "bench"})
            body = {"session": opened["session"], "flist": self.base}
            self.call(line, "PUT", f"/api/v1/flists/bench/{name}", body)

    def next_names(self, count: int) -> list[str]:
        self.number += count
        return [f"name-{number:06}" for number in range(self.number - count, self.number)]

    def one_by_one(self) -> float:
        began = time.perf_counter()
        self.publish(self.next_names(PUBLISHES))
        return PUBLISHES / (time.perf_counter() - began)

    def at_once(self) -> float:
        shares = [self.next_names(PUBLISHES // THREADS) for _ in range(THREADS)]
        began = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(self.publish, shares))
        return sum(map(len, shares)) / (time.perf_counter() - began)

    def listing(self, path: str) -> float:
        """Milliseconds for an answer."""
        line = self.connect()
        self.call(line, "GET", path)
        began = time.perf_counter()
        for _ in range(LISTINGS):
            self.call(line, "GET", path)
        return (time.perf_counter() - began) * 1e3 / LISTINGS

    def fill(self, first: int, last: int) -> None:
        """Repositories with some names each."""
        line = self.connect()
        for number in range(first, last):
            name = f"repository-{number:06}"
            self.call(line, "POST", "/api/v1/repositories", {"name": name})
            for link in range(NAMES):
                path = f"/api/v1/flists/{name}/link-{link}/link"
                self.call(line, "PUT", path, {"target": "bench/base"})

    def fill_all(self) -> float:
        """The same for all of them, from several threads; seconds."""
        edges = [REPOSITORIES * share // THREADS for share in range(THREADS + 1)]
        began = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(self.fill, edges[:-1], edges[1:]))
        return time.perf_counter() - began

    def memory(self) -> float:
        """MB of the hub's process."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        kilobytes = next(l for l in status.splitlines() if l.startswith("VmRSS:")).split()[1]
        return int(kilobytes) / 1e3

    def read_all(self) -> None:
        """Every page of every repository's names, and 0-hub's whole listing."""
        line = self.connect()
        after = ""
        while after is not None:
            page = self.call(line, "GET", f"/api/v1/repositories?limit=500{after}")
            for repository in page["repositories"]:
                self.call(line, "GET", f"/api/v1/flists/{repository['name']}")
            after = page.get("next") and "&cursor=" + urllib.parse.quote(page["next"])
        self.call(line, "GET", "/api/flist")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def measure(hubs: dict[str, Hub]) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {}

    def note(what: str, kind: str, value: float) -> None:
        found.setdefault(what, {}).setdefault(kind, []).append(value)
        print(f"{what}, {kind}: {value:.1f}", file=sys.stderr)

    page = "/api/v1/flists/bench?limit=100"
    for round_number in range(ROUNDS):
        order = list(hubs.items())
        for kind, hub in order if round_number % 2 == 0 else reversed(order):
            note("publishes one after the other, a second", kind, hub.one_by_one())
            note(f"publishes from {THREADS} connections, a second", kind, hub.at_once())
            note("a page of 100 names, ms", kind, hub.listing(page))
    for kind, hub in hubs.items():
        note("memory before, MB", kind, hub.memory())
        note(f"{REPOSITORIES} repositories with {NAMES} links each are made, s", kind, hub.fill_all())
        note("memory then, MB", kind, hub.memory())
        hub.read_all()
        note("memory once everything was listed, MB", kind, hub.memory())
        note("a page of 100 repositories, ms", kind, hub.listing("/api/v1/repositories?limit=100"))
    return found


def main() -> None:
    programs = pathlib.Path(sys.argv[1])
    server = os.environ["FLISTHUB_TEST_POSTGRES"]
    database = server.replace("/postgres?", "/bench_catalog?")
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(server).query)
    who = ["-h", query["host"][0], "-U", query["user"][0]]
    subprocess.run(["createdb", *who, "bench_catalog"], check=True)
    with tempfile.TemporaryDirectory(prefix="flisthub-bench.") as place:
        hubs = {
            "SQLite": Hub(programs, pathlib.Path(place) / "sqlite", None),
            "PostgreSQL": Hub(programs, pathlib.Path(place) / "postgres", database),
        }
        try:
            found = measure(hubs)
        finally:
            for hub in hubs.values():
                hub.stop()
    print("| | SQLite | PostgreSQL | PostgreSQL : SQLite |\n|---|---:|---:|---:|")
    for what, kinds in found.items():
        one, other = (statistics.median(kinds[kind]) for kind in ("SQLite", "PostgreSQL"))
        print(f"| {what} | {one:.1f} | {other:.1f} | {other / one:.2f} |")


if __name__ == "__main__":
    main()
