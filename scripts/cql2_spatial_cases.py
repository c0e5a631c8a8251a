#!/usr/bin/env python3
"""Writes cql2/tests/data/spatial.json: geometries of all types, and how each two lie to one another, which is
said with shapely (GEOS). Run it from the top of the repository:

    python3 -m venv /tmp/shapely && /tmp/shapely/bin/pip install shapely
    /tmp/shapely/bin/python scripts/cql2_spatial_cases.py
"""

import json
import random
from pathlib import Path

import shapely
from shapely import wkt
from shapely.geometry import LineString, MultiPoint, MultiPolygon, Point, Polygon, box, mapping

OUT = Path("cql2/tests/data/spatial.json")

# In the order of the bits of an answer, the lowest first.
PREDICATES = ["contains", "crosses", "disjoint", "equals", "intersects", "overlaps", "touches", "within"]

# Points on borders and in holes, lines along and across borders, areas that touch in a point, a line, or lie in holes,
# the same with other vertices, parts that meet, and collections.
WRITTEN = [
    "POINT (0 0)",
    "POINT (5 5)",
    "POINT (10 5)",
    "POINT (20 20)",
    "MULTIPOINT ((5 5), (20 20))",
    "MULTIPOINT ((0 0), (10 5))",
    "MULTIPOINT ((20 20), (5 5), (5 5))",
    "LINESTRING (0 0, 10 0)",
    "LINESTRING (10 0, 5 0, 0 0)",
    "LINESTRING (-5 5, 15 5)",
    "LINESTRING (2 2, 8 8)",
    "LINESTRING (5 5, 5 15)",
    "LINESTRING (0 0, 10 0, 10 10, 0 10, 0 0)",
    "LINESTRING (0 0, 10 10, 10 0, 0 10)",
    "MULTILINESTRING ((0 0, 5 0), (5 0, 10 0))",
    "MULTILINESTRING ((0 0, 5 5), (5 5, 10 10), (5 5, 10 0))",
    "MULTILINESTRING ((-5 5, 0 5), (10 5, 15 5))",
    "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))",
    "POLYGON ((10 10, 0 10, 0 5, 0 0, 10 0, 10 10))",
    "POLYGON ((10 0, 20 0, 20 10, 10 10, 10 0))",
    "POLYGON ((10 10, 20 10, 20 20, 10 20, 10 10))",
    "POLYGON ((5 5, 15 5, 15 15, 5 15, 5 5))",
    "POLYGON ((2 2, 8 2, 8 8, 2 8, 2 2))",
    "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 8 2, 8 8, 2 8, 2 2))",
    "POLYGON ((3 3, 7 3, 7 7, 3 7, 3 3))",
    "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 5, 0 0), (0 5, 5 3, 5 7, 0 5))",
    "MULTIPOLYGON (((0 0, 5 0, 5 10, 0 10, 0 0)), ((10 0, 15 0, 15 10, 10 10, 10 0)))",
    "MULTIPOLYGON (((0 0, 5 0, 5 5, 0 5, 0 0)), ((5 5, 10 5, 10 10, 5 10, 5 5)))",
    "MULTIPOLYGON (((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 8 2, 8 8, 2 8, 2 2)), ((3 3, 7 3, 7 7, 3 7, 3 3)))",
    "GEOMETRYCOLLECTION (POINT (20 20), LINESTRING (0 0, 10 0))",
    "GEOMETRYCOLLECTION (POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0)), POINT (20 20))",
    "GEOMETRYCOLLECTION (POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0)))",
    "GEOMETRYCOLLECTION (LINESTRING (5 5, 5 15), POLYGON ((10 10, 20 10, 20 20, 10 20, 10 10)))",
]

# West, south, east, north; the last ones go over the antimeridian.
BOXES = [
    (0, 0, 10, 10),
    (5, 5, 15, 15),
    (10, 10, 20, 20),
    (-180, -90, 180, 90),
    (5, 5, 5, 5),
    (0, 5, 10, 5),
    (8, 0, 2, 10),
    (10, 0, 0, 10),
    (170, 0, -170, 10),
]


def invented(rng):
    """Geometries on a small grid, so that they often touch."""
    at = lambda: (rng.randint(0, 6) * 2, rng.randint(0, 6) * 2)
    kind = rng.randrange(5)
    if kind == 0:
        return Point(at())
    if kind == 1:
        return MultiPoint([at() for _ in range(3)])
    if kind == 2:
        return LineString([at() for _ in range(rng.randint(2, 4))])
    if kind == 3:
        return Polygon([at() for _ in range(rng.randint(3, 5))])
    return MultiPolygon([Polygon([at() for _ in range(3)]) for _ in range(2)])


def usable(geometry):
    flat = geometry.geom_type == "LineString" and geometry.length == 0
    return geometry.is_valid and not geometry.is_empty and not flat


def area(west, south, east, north):
    """A box as the standard has it: one over the antimeridian is two. One without an extent is a point or a line."""
    if west > east:
        return MultiPolygon([box(west, south, 180, north), box(-180, south, east, north)])
    if (west, south) == (east, north):
        return Point(west, south)
    if west == east or south == north:
        return LineString([(west, south), (east, north)])
    return box(west, south, east, north)


def parts(geometry):
    return list(geometry.geoms) if geometry.geom_type == "GeometryCollection" else [geometry]


def dimension(geometry):
    return max(shapely.get_dimensions(part) for part in parts(geometry))


def common_interior(first, second):
    """The dimension of what both have within them; -1 where they have nothing."""
    found = [one.relate(other)[0] for one in parts(first) for other in parts(second)]
    return max(-1 if each == "F" else int(each) for each in found)


def covered(first, second):
    """Whether all of the first is in the second."""
    for part in parts(first):
        for other in parts(second):
            part = part.difference(other)
        if not part.is_empty:
            return False
    return True


def relations(first, second):
    """The functions as OGC 06-103r4 defines them, by what two geometries have in common and what one has alone. That is
    said part by part: GEOS' own predicates are wrong of some collections."""
    meet = any(one.intersects(other) for one in parts(first) for other in parts(second))
    common = common_interior(first, second)
    within, contains = covered(first, second), covered(second, first)
    one, other = dimension(first), dimension(second)
    if one == other:
        crosses = one == 1 and common == 0
        overlaps = common == one and not within and not contains
    else:
        crosses = common >= 0 and not (within if one < other else contains)
        overlaps = False
    return {
        "contains": contains and common >= 0,
        "crosses": crosses,
        "disjoint": not meet,
        "equals": within and contains,
        "intersects": meet,
        "overlaps": overlaps,
        "touches": meet and common < 0,
        "within": within and common >= 0,
    }


def answers(first, second):
    defined = relations(first, second)
    for name in PREDICATES:
        if getattr(first, name)(second) != defined[name]:
            print(f"GEOS says other of {name}: {first}, {second}")
    return sum(int(defined[name]) << bit for bit, name in enumerate(PREDICATES))


def row(first, others):
    return "".join(f"{answers(first, other):02x}" for other in others)


def main():
    rng = random.Random(21065)
    geometries = [wkt.loads(text) for text in WRITTEN]
    while len(geometries) < 56:
        geometry = invented(rng)
        if usable(geometry):
            geometries.append(geometry)
    document = {
        "made_by": f"shapely {shapely.__version__}, GEOS {shapely.geos_version_string}",
        "predicates": PREDICATES,
        "geometries": [mapping(geometry) for geometry in geometries],
        "answers": [row(geometry, geometries) for geometry in geometries],
        "boxes": BOXES,
        "box_answers": [row(area(*each), geometries) for each in BOXES],
    }
    lines = []
    for name, value in document.items():
        if isinstance(value, list):
            each = ",\n".join(json.dumps(one, separators=(",", ":")) for one in value)
            value = f"[\n{each}\n]"
        else:
            value = json.dumps(value)
        lines.append(f"{json.dumps(name)}: {value}")
    OUT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
