"""Aggregations of a hub beside the same in SQL over pgstac's tables: `bench_stac.py` calls it.

stac-fastapi-pgstac has no route for aggregations. So its side is plain SQL over the tables, by a driver and without a server
in between, which asks for no right to read and writes no JSON: the comparison favours it.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

AGAIN = 20
LONGEST = 60

CLOUDS = "width_bucket((content->'properties'->>'eo:cloud_cover')::float8, array[5, 15, 40]::float8[])"
BOX, SPAN = (-20, 30, 40, 70), ("2020-01-01T00:00:00Z", "2022-01-01T00:00:00Z")
WITHIN = f"st_intersects(geometry, st_makeenvelope({', '.join(map(str, BOX))}, 4326))"
DURING = f"datetime <= '{SPAN[1]}' and end_datetime >= '{SPAN[0]}'"

# What is told, the hub's name of it, what of the items, and the same in SQL: a value in each row, or a key and a number.
ASKED = (
    ("number of items", "total_count", {}, "select count(*) from items"),
    ("first and last time", "datetime_min,datetime_max", {}, "select min(datetime), max(datetime) from items"),
    ("by collection", "collection_frequency", {}, "select collection, count(*) from items group by 1"),
    ("by month", "datetime_frequency", {},
     "select date_trunc('month', datetime at time zone 'UTC'), count(*) from items group by 1"),
    ("by clouds", "cloud_cover_frequency", {}, f"select {CLOUDS}, count(*) from items group by 1"),
    ("by platform", "platform_frequency", {}, "select content->'properties'->>'platform', count(*) from items group by 1"),
    ("by cell of the middle", "centroid_geohash_grid_frequency", {"centroid_geohash_grid_frequency_precision": 3},
     "select st_geohash(st_centroid(st_envelope(geometry)), 3), count(*) from items group by 1"),
    ("number in a box and a time", "total_count",
     {"bbox": ",".join(map(str, BOX)), "datetime": "/".join(SPAN)}, f"select count(*) from items where {WITHIN} and {DURING}"),
    ("by platform in a box and a time", "platform_frequency",
     {"bbox": ",".join(map(str, BOX)), "datetime": "/".join(SPAN)},
     f"select content->'properties'->>'platform', count(*) from items where {WITHIN} and {DURING} group by 1"),
)


def of_hub(answer: dict) -> list[int] | None:
    """Numbers of items, sorted; of times nothing, which are written differently."""
    told = answer["aggregations"]
    if "buckets" in told[0]:
        return sorted(bucket["frequency"] for bucket in told[0]["buckets"] if bucket["frequency"])
    return [told[0]["value"]] if told[0]["data_type"] == "integer" else None


def of_rows(rows: list[tuple]) -> list[int] | None:
    if len(rows) == 1 and len(rows[0]) == 1:
        return [rows[0][0]]
    counts = [row for row in rows if row[0] is not None and isinstance(row[1], int)]
    return sorted(row[1] for row in counts) or None


def timed(ask: Callable[[], Any]) -> tuple[Any, float, float]:
    """What is told, how long it took first, and in the middle when it was asked again, in ms."""
    began = time.perf_counter()
    told = ask()
    first, again, until = time.perf_counter() - began, [], began + LONGEST
    while len(again) < AGAIN and time.perf_counter() < until:
        began = time.perf_counter()
        ask()
        again.append(time.perf_counter() - began)
    return told, first * 1e3, statistics.median(again or [first]) * 1e3


def rows(hub: Any, environment: dict[str, str]) -> list[str]:
    """A row of the table for each aggregation."""
    import psycopg

    os.environ.update({name: value for name, value in environment.items() if name.startswith("PG")})
    written = []
    with psycopg.connect("", autocommit=True) as database:
        database.execute("set search_path to pgstac, public")
        # Once, so that neither side waits for the disk.
        database.execute("select count(content) from items").fetchall()
        for what, names, more, sql in ASKED:
            line = hub.connect()
            path = "/aggregate?" + urllib.parse.urlencode({"aggregations": names} | more)
            try:
                ours = timed(lambda: hub.get(line, path))
            except OSError as error:
                ours = None
                print(f"{what}: {error}", file=sys.stderr)
            theirs = timed(lambda: database.execute(sql).fetchall())
            told = "failed | | " if ours is None else f"{ours[1]:.1f} | {ours[2]:.1f} | "
            same = "" if ours is None else "yes" if of_hub(ours[0]) == of_rows(theirs[0]) else "no"
            written.append(f"| {what} | {same} | {told}{theirs[1]:.1f} | {theirs[2]:.1f} |")
    return written
