"""STAC searches in a hub beside stac-fastapi-pgstac and `rustac serve`, in one run, on the same items.

    FLISTHUB_POSTGRES_OPTIONS="-c fsync=on -c listen_addresses=127.0.0.1 -c port=5499 -c shared_buffers=2GB
      -c random_page_cost=1.1" \\
      scripts/with-postgres python3 scripts/bench_stac.py FOLDER_OF_THE_PROGRAMS [COUNT [PART...]]

It needs PostGIS, wrk, eatmydata, and, in the Python that runs it, `stac-fastapi.pgstac`, `pypgstac[psycopg]`, `rustac` and `uvicorn`.
A part is `searches`, `filters`, `aggregations` or `pages`; without any it is all of them.
All are real programs on loopback with their default settings, measured one after the other while the others idle. Answers
are compared before they are timed. Prints Markdown tables; progress goes to standard error.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

import bench_stac_aggregations
from bench_stac_items import Maker

HERE = pathlib.Path(__file__).parent
BIN = pathlib.Path(sys.executable).parent
SEARCHES, COMPARED = 1000, 200
SECONDS, CONNECTIONS, ROUNDS = 10, 8, 3
# As many searches that are compared, and pages that are followed, or as there are in that time.
LONGEST = 300
DEEP = 1000
PUBLISHES = 200
WAIT_FOR_DISK = 50_000


def note(text: str) -> None:
    print(text, file=sys.stderr)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    """A program that answers searches at `address` below `path`."""

    name = path = ""
    # Whether it looks for words, and takes filters of CQL2.
    words = filters = True

    def __init__(self) -> None:
        self.process: subprocess.Popen | None = None
        self.facts: dict[str, float] = {}

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.address, timeout=600)

    def start(self, *command: object, **more: object) -> None:
        self.process = subprocess.Popen([str(word) for word in command], **more)

    def wait(self) -> None:
        for _ in range(6000):
            with contextlib.suppress(OSError):
                if self.get(self.connect(), "/search?limit=1")["features"]:
                    return
            time.sleep(0.1)
            if self.process.poll() is not None:
                break
        raise SystemExit(f"{self.name} does not answer")

    def get(self, line: http.client.HTTPConnection, path: str, body: object = None) -> dict:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        text = json.dumps(body) if body is not None else None
        line.request("POST" if body is not None else "GET", self.path + path, text, headers)
        answer = line.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise OSError(f"{self.name} {path}: {answer.status} {content[:300]!r}")
        return json.loads(content)

    def asks(self, search: dict) -> tuple[str, dict | None]:
        """How a search is asked for: path, and what is posted."""
        box = ",".join(map(str, search["bbox"])) if "bbox" in search else None
        return "/search?" + urllib.parse.urlencode(search | ({"bbox": box} if box else {})), None

    def memory(self) -> float:
        """MB of the process and its children; of the database's own nothing."""
        listed = subprocess.run(["ps", "-o", "rss=", "--pid", str(self.process.pid), "--ppid", str(self.process.pid)],
                                capture_output=True, text=True, check=True).stdout
        return sum(map(int, listed.split())) / 1e3

    def settle(self) -> None:
        """Ends what it still does for callers that are gone: the next one to be measured would wait for it."""

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()


class Hub(Server):
    name, path = "Flisthub", "/api/stac"

    def load(self, programs: pathlib.Path, place: pathlib.Path, items: pathlib.Path, count: int) -> None:
        config, data = place / "hub.toml", place / "data"
        config.write_text("[limits]\nrequests_per_second = 0\n")
        self.run = lambda *words: subprocess.run(
            [programs / "flisthub", *words, "--data", data], check=True, capture_output=True, text=True).stdout
        self.run("user", "add", "bench")
        self.token = self.run("token", "create", "--user", "bench").split()[-1]
        serve = (programs / "flisthub", "serve", "--data", data, "--config", config, "--listen", "127.0.0.1:0")
        pipes = {"stdout": subprocess.PIPE, "stderr": (place / "hub.log").open("w"), "text": True}
        # Once while there is nothing: what a hub looks for after an update it finds done then. And all names point at
        # one flist, which must be there.
        self.start(*serve, **pipes)
        self.address = self.process.stdout.readline().split("http://", 1)[1].strip()
        folder = place / "tree"
        folder.mkdir()
        (folder / "README.md").write_text("---\ntitle: One more\ncategory: dataset\n---\nA name.\n")
        environment = os.environ | {"FLISTHUB_URL": f"http://{self.address}", "FLISTHUB_TOKEN": self.token, "HOME": str(place)}
        told = subprocess.run([programs / "hub-client", "--json", "push", folder, "bench/first"], env=environment,
                              check=True, capture_output=True, text=True).stdout
        self.flist = json.loads(told)["flist"]
        self.stop()
        began = time.perf_counter()
        put = [programs / "bench-items", data, items, self.flist]
        # A million would take an hour and more where each item waits for the disk.
        put = ["eatmydata", *put] if count > WAIT_FOR_DISK else put
        subprocess.run(put, check=True, stdout=sys.stderr)
        self.facts["items into the catalog, a second"] = count / (time.perf_counter() - began)
        self.start(*serve, **pipes)
        self.address = self.process.stdout.readline().split("http://", 1)[1].strip()

    def insert(self, number: int) -> float:
        """Publishes a second, each over HTTP, composed, indexed and on disk."""
        line = self.connect()
        began = time.perf_counter()
        for one in range(number):
            opened = self.call(line, "POST", "/api/v1/sessions", {"repository": "bench"})
            body = {"session": opened["session"], "flist": self.flist}
            self.call(line, "PUT", f"/api/v1/flists/bench/one-{one}", body)
        return number / (time.perf_counter() - began)

    def call(self, line: http.client.HTTPConnection, method: str, path: str, body: object) -> dict:
        headers = {"Authorization": f"bearer {self.token}", "Content-Type": "application/json"}
        line.request(method, path, json.dumps(body), headers)
        answer = line.getresponse()
        content = answer.read()
        assert answer.status < 300, (path, answer.status, content)
        return json.loads(content)


class Pgstac(Server):
    name, path = "stac-fastapi-pgstac", ""

    def load(self, _: pathlib.Path, place: pathlib.Path, items: pathlib.Path, count: int) -> None:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(os.environ["FLISTHUB_TEST_POSTGRES"]).query)
        # Its driver takes no folder of a socket; the socket's name says the port.
        port = next(pathlib.Path(query["host"][0]).glob(".s.PGSQL.[0-9]*[0-9]")).suffix.lstrip(".")
        database = {"PGHOST": "127.0.0.1", "PGUSER": query["user"][0], "PGPORT": port, "PGPASSWORD": "none"}
        subprocess.run(["createdb", "bench_pgstac"], env=os.environ | database, check=True)
        self.environment = os.environ | database | {
            "PGDATABASE": "bench_pgstac", "ENABLE_TRANSACTIONS_EXTENSIONS": "TRUE", "WEB_CONCURRENCY": "2"}
        collections = place / "collections.ndjson"
        extent = {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}
        collections.write_text("\n".join(
            json.dumps({"type": "Collection", "stac_version": "1.1.0", "id": id, "description": id, "license": "other",
                        "extent": extent, "links": []}) for id in ("dataset", "ai-model")))
        tool = lambda *words: subprocess.run([BIN / "pypgstac", *words], env=self.environment, check=True,
                                             stdout=subprocess.DEVNULL)
        tool("migrate")
        tool("load", "collections", collections)
        began = time.perf_counter()
        tool("load", "items", items, "--method", "insert")
        self.facts["items into the catalog, a second"] = count / (time.perf_counter() - began)
        subprocess.run(["psql", "-qc", "analyze"], env=self.environment, check=True)
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.start(BIN / "uvicorn", "bench_stac_pgstac:app", "--app-dir", HERE, "--port", port, "--log-level",
                   "warning", env=self.environment, stdout=subprocess.DEVNULL, stderr=(place / "pgstac.log").open("w"))

    def settle(self) -> None:
        working = "from pg_stat_activity where datname = current_database() and state = 'active' and pid <> pg_backend_pid()"
        ask = lambda what: subprocess.run(["psql", "-Atc", f"select {what} {working}"], env=self.environment, check=True,
                                          capture_output=True, text=True).stdout
        while ask("count(*)").strip() != "0":
            ask("pg_cancel_backend(pid)")
            time.sleep(0.5)

    def insert(self, number: int) -> float:
        """Items a second by its transaction extension, one after the other."""
        line = self.connect()
        began = time.perf_counter()
        for one in range(number):
            item = Maker(10).item(1) | {"id": f"one-{one}", "collection": "dataset"}
            line.request("POST", "/collections/dataset/items", json.dumps(item), {"Content-Type": "application/json"})
            answer = line.getresponse()
            content = answer.read()
            assert answer.status == 201, (answer.status, content)
        return number / (time.perf_counter() - began)


class Rustac(Server):
    """From memory: its other backend wants to fetch an extension of DuckDB."""

    name, path = "rustac serve", ""
    insert, words, filters = None, False, False

    def asks(self, search: dict) -> tuple[str, dict | None]:
        """Posted: to a box in GET it answers 500."""
        return "/search", search

    def load(self, _: pathlib.Path, place: pathlib.Path, items: pathlib.Path, count: int) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        began = time.perf_counter()
        self.start(BIN / "rustac", "serve", items, "--use-duckdb", "false", "--create-collections", "--addr", self.address,
                   stdout=subprocess.DEVNULL, stderr=(place / "rustac.log").open("w"))
        self.wait()
        self.facts["items into the catalog, a second"] = count / (time.perf_counter() - began)


LUA = """
local asked, at = {}, 0
for line in io.lines(os.getenv("BENCH_ASKED")) do asked[#asked + 1] = line end
local posts = {["Content-Type"] = "application/json"}
math.randomseed(os.time())
at = math.random(#asked)
request = function()
  at = at % #asked + 1
  local path, body = asked[at]:match("^(%S+) (.*)$")
  if body == "" then return wrk.format("GET", path) end
  return wrk.format("POST", path, posts, body)
end
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("@{\\"a second\\": %f, \\"p50 ms\\": %f, \\"p99 ms\\": %f, \\"failed\\": %d}\\n",
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"""


def storm(server: Server, searches: list[dict], place: pathlib.Path) -> dict[str, float]:
    """Eight callers that ask one thing after the other."""
    with (place / "asked").open("w") as asked:
        for path, body in map(server.asks, searches):
            asked.write(f"{server.path}{path} {json.dumps(body) if body else ''}\n")
    (place / "wrk.lua").write_text(LUA)
    told = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--timeout", "60s", "-s", place / "wrk.lua",
         f"http://{server.address}"],
        env=os.environ | {"BENCH_ASKED": str(place / "asked")}, check=True, capture_output=True, text=True).stdout
    return json.loads(next(line[1:] for line in told.splitlines() if line.startswith("@")))


def ids(page: dict) -> list[str]:
    return [item["id"] for item in page["features"]]


def compare(servers: list[Server], searches: list[dict]) -> list[str]:
    """How many answers are those of the first server, ids in their order, and how long each took that was never asked for
    before: what a server remembers of searches is of no use to it here."""
    rows, first = [], None
    for server in servers:
        took, pages, line = [], [], server.connect()
        until = time.perf_counter() + LONGEST
        for search in searches:
            began = time.perf_counter()
            if began > until:
                break
            try:
                pages.append(ids(server.get(line, *server.asks(search))))
            except OSError:
                pages.append(None)
                line = server.connect()
            took.append((time.perf_counter() - began) * 1e3)
        first = first or pages
        both = [(page, expected) for page, expected in zip(pages, first) if page is not None and expected is not None]
        same = sum(page == expected for page, expected in both)
        as_sets = sum(sorted(page) == sorted(expected) for page, expected in both)
        if os.environ.get("BENCH_SHOW"):
            for search, page, expected in zip(searches, pages, first):
                if page is None or expected is None or sorted(page) != sorted(expected):
                    note(f"{search}\n  {servers[0].name}: {expected}\n  {server.name}: {page}")
        took.sort()
        rows.append(f"| {server.name} | {same} | {as_sets} | {pages.count(None)} | {len(pages)} "
                    f"| {statistics.median(took):.1f} | {took[len(took) * 99 // 100]:.1f} |")
    return rows


def follow(server: Server) -> list[float]:
    """Milliseconds for each page, one after the other, by the next links."""
    line, path, body, took, seen = server.connect(), "/search?collections=dataset&limit=10", None, [], set()
    if isinstance(server, Rustac):
        # It answers 500 to collections in GET.
        path, body = "/search", {"collections": ["dataset"], "limit": 10}
    until = time.perf_counter() + LONGEST
    while len(took) < DEEP and time.perf_counter() < until:
        began = time.perf_counter()
        page = server.get(line, path, body)
        took.append((time.perf_counter() - began) * 1e3)
        new = set(ids(page))
        assert not new & seen, "an item comes twice"
        seen |= new
        following = next((link for link in page["links"] if link["rel"] == "next"), None)
        if following is None:
            break
        address = urllib.parse.urlsplit(following["href"])
        path = address.path.removeprefix(server.path) + (f"?{address.query}" if address.query else "")
        body = following.get("body")
    return took


def table(title: str, head: str, rows: list[str]) -> None:
    columns = head.count("|") - 1
    print(f"\n{title}\n\n{head}\n|---|{'---:|' * (columns - 1)}\n" + "\n".join(rows), flush=True)


def measure_searches(everybody: list[Server], maker: Maker, place: pathlib.Path) -> None:
    searches, words = maker.searches(SEARCHES), maker.words(SEARCHES)
    reading = [server for server in everybody if server.words]
    for what, asked, servers in (("by box and time", searches, everybody), ("by words", words, reading)):
        head = f"| as {servers[0].name} answers | same ids in the same order | same ids | failed | of | p50, ms | p99, ms |"
        title = f"Answers to searches {what}, pages of 10, each asked for the first time, one after the other:"
        table(title, head, compare(servers, asked[:COMPARED]))
        found: dict[str, list[dict]] = {server.name: [] for server in servers}
        for turn in range(ROUNDS):
            for server in servers if turn % 2 == 0 else servers[::-1]:
                found[server.name].append(storm(server, asked, place))
                server.settle()
                note(f"{what}, {server.name}: {found[server.name][-1]}")
        rows = []
        for name, runs in found.items():
            middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            rows.append(f"| {name} | {middle['a second']:.0f} | {middle['p50 ms']:.1f} | {middle['p99 ms']:.1f} | {middle['failed']:.0f} |")
        table(f"Searches {what}, {CONNECTIONS} callers:", "| | a second | p50, ms | p99, ms | failed |", rows)


def measure_filters(everybody: list[Server], maker: Maker, _: pathlib.Path) -> None:
    filtering = [server for server in everybody if server.filters]
    for what, asked in maker.filters(COMPARED).items():
        head = f"| as {filtering[0].name} answers | same ids in the same order | same ids | failed | of | p50, ms | p99, ms |"
        title = f"Answers to filters {what}, pages of 10, each asked for the first time, one after the other:"
        table(title, head, compare(filtering, asked))
        for server in filtering:
            server.settle()


def measure_aggregations(everybody: list[Server], _maker: Maker, _place: pathlib.Path) -> None:
    hub, pgstac = everybody[:2]
    table("Aggregations, ms; pgstac by SQL over its tables, without its server, which has no such route:",
          f"| | same numbers | {hub.name}, first | again | SQL, first | again |",
          bench_stac_aggregations.rows(hub, pgstac.environment))


def measure_pages(everybody: list[Server], _maker: Maker, _place: pathlib.Path) -> None:
    rows = []
    for server in everybody:
        try:
            took = follow(server)
        except (OSError, AssertionError) as error:
            rows.append(f"| {server.name} | {str(error)[:80]} | | |")
            continue
        first, last = statistics.median(took[1:21]), statistics.median(took[-20:])
        rows.append(f"| {server.name} | {len(took)} | {first:.1f} | {last:.1f} |")
    table("Pages of 10 of one collection, by next links, ms:", "| | pages | the first 20 | the last 20 |", rows)


PARTS = {"searches": measure_searches, "filters": measure_filters, "aggregations": measure_aggregations, "pages": measure_pages}


def main() -> None:
    programs = pathlib.Path(sys.argv[1]).resolve()
    maker = Maker(int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
    servers = [Hub(), Pgstac(), Rustac()]
    place = pathlib.Path(tempfile.mkdtemp(prefix="flisthub-bench-stac."))
    try:
        items = place / "items.ndjson"
        subprocess.run([sys.executable, HERE / "bench_stac_items.py", str(maker.count), items], check=True)
        note(f"{maker.count} items, {items.stat().st_size / 1e6:.0f} MB")
        for server in servers:
            server.load(programs, place, items, maker.count)
            server.wait()
            note(f"{server.name}: {server.facts}")
        for part in sys.argv[3:] or PARTS:
            PARTS[part](servers, maker, place)
        rows = []
        for server in servers:
            one = f"{server.insert(PUBLISHES):.0f}" if server.insert else "-"
            bulk = server.facts["items into the catalog, a second"]
            rows.append(f"| {server.name} | {bulk:.0f} | {one} | {server.memory():.0f} |")
        table("Taking items in, and memory:", "| | all, a second | one after the other by HTTP, a second | memory, MB |", rows)
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
