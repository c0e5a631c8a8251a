#!/usr/bin/env python3
"""Hold what the crate geodata reads against GDAL, PROJ and shapely.

    python3 -m venv venv && venv/bin/pip install rasterio pyproj shapely geopandas pyogrio pyarrow
    cargo build --release -p flisthub-geodata --examples
    venv/bin/python scripts/compare_footprints.py target/release/examples/geodata_facts

Words behind that choose a part: rasters, vectors, thumbnails, systems.
It writes rasters in many projections and vectors in each format into a new
folder, has the example read them, and compares footprints, boxes, codes,
transforms, shapes and bands. Then it holds every reference system of EPSG
that pyproj can transform against the crate. It is no part of `make test`:
PROJ and GDAL are large. Each `wrong(...)` is one difference; none is good.
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile
import warnings

import geopandas
import numpy
import pyproj
import rasterio
from affine import Affine
from rasterio.warp import transform_bounds
from shapely import make_valid, segmentize
from shapely.geometry import MultiPolygon, Polygon, box, shape
from shapely.ops import transform as moved
from shapely.ops import unary_union

warnings.simplefilter("ignore")
EXAMPLE = sys.argv[1]
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="footprints-"))
problems = []
counts = {}


def wrong(what, detail):
    problems.append(f"{what}: {detail}")


def count(what):
    counts[what] = counts.get(what, 0) + 1


def facts(*paths):
    out = subprocess.run([EXAMPLE, *map(str, paths)], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in out.stdout.splitlines()]


# Name, EPSG, transform, width, height. Rotated ones have "turned" in their name.
def rasters():
    def north_up(x, y, pixel, high=None):
        return Affine(pixel, 0, x, 0, -(high or pixel), y)

    def turned(x, y, pixel, degrees):
        return Affine.translation(x, y) * Affine.rotation(degrees) * Affine.scale(pixel, -pixel)

    return [
        ("utm31n", 32631, north_up(399960, 4700040, 10), 1098, 1098),
        ("utm33s", 32733, north_up(300000, 7900000, 30), 500, 700),
        ("utm60n-antimeridian", 32660, north_up(600000, 7200000, 1000), 300, 200),
        ("utm1n-antimeridian", 32601, north_up(200000, 7400000, 1000), 300, 200),
        ("utm1s-antimeridian", 32701, north_up(100000, 8200000, 1000), 300, 200),
        ("utm60n-turned", 32660, turned(700000, 7200000, 1000, 30), 300, 200),
        ("lonlat", 4326, north_up(5, 52, 0.01), 300, 200),
        ("lonlat-turned", 4326, turned(5, 52, 0.01, 20), 300, 200),
        ("lonlat-0-360", 4326, north_up(0, 90, 0.5), 720, 360),
        ("lonlat-world", 4326, north_up(-180, 90, 0.25), 1440, 720),
        ("lonlat-centres", 4326, north_up(-180.25, 90.25, 0.5), 720, 361),
        ("lonlat-beyond-east", 4326, north_up(170, 10, 0.1), 200, 200),
        ("lonlat-beyond-west", 4326, north_up(-190, 10, 0.1), 200, 200),
        ("lonlat-350", 4326, north_up(350, 10, 0.1), 200, 200),
        ("lonlat-south-up", 4326, Affine(0.1, 0, 10, 0, 0.1, 20), 100, 100),
        ("mercator", 3857, north_up(500000, 6700000, 100), 1000, 800),
        ("mercator-world", 3857, north_up(-20037508.342789244, 20037508.342789244, 156543.03392804097), 256, 256),
        ("world-mercator", 3395, north_up(500000, 6700000, 100), 1000, 800),
        ("pacific-mercator", 3832, north_up(2000000, 1000000, 5000), 1000, 400),
        ("antarctica-pole", 3031, north_up(-3000000, 3000000, 10000), 600, 600),
        ("antarctica-pole-turned", 3031, turned(-2500000, 1500000, 10000, 25), 500, 500),
        ("antarctica-aside", 3031, north_up(500000, 1500000, 1000), 800, 600),
        ("antarctica-antimeridian", 3031, north_up(-400000, -900000, 1000), 800, 600),
        ("antarctica-at-pole", 3031, north_up(0, 1000000, 1000), 1000, 1000),
        ("arctic-pole", 3413, north_up(-3850000, 5850000, 25000), 304, 448),
        ("arctic-aside", 3413, north_up(500000, -500000, 1000), 900, 700),
        ("arctic-3995-pole", 3995, north_up(-100000, 50000, 500), 300, 300),
        ("ups-north", 32661, north_up(1500000, 2500000, 1000), 1000, 1000),
        ("ups-south", 32761, north_up(1500000, 2500000, 1000), 1000, 1000),
        ("laea-europe", 3035, north_up(2500000, 5500000, 5000), 1000, 800),
        ("lambert-93", 2154, north_up(600000, 6900000, 25), 1000, 1000),
        ("lambert-canada", 3347, north_up(3700000, 3200000, 5000), 1000, 600),
        ("albers-conus", 5070, north_up(-2300000, 3100000, 5000), 900, 500),
        ("albers-alaska-antimeridian", 3338, north_up(-2200000, 1500000, 5000), 500, 300),
        ("ease-global", 6933, north_up(-17367530.44, 7314540.83, 36032.220840584), 964, 406),
        ("ease-north-pole", 6931, north_up(-9000000, 9000000, 25000), 720, 720),
        ("ease-north-inner", 6931, north_up(-4000000, 4000000, 25000), 320, 320),
        ("nztm", 2193, north_up(1500000, 5500000, 100), 1000, 1000),
        ("us-feet", 2263, north_up(980000, 220000, 10), 2000, 1500),
        ("equal-earth", 8857, north_up(-1000000, 5000000, 10000), 200, 200),
        ("polyconic", 5880, north_up(4500000, 8500000, 1000), 500, 500),
        ("swiss", 2056, north_up(2600000, 1200000, 100), 300, 300),
        ("dutch", 28992, north_up(100000, 500000, 100), 300, 300),
        ("british", 27700, north_up(400000, 400000, 100), 300, 300),
        ("gauss-krueger", 31467, north_up(3450000, 5600000, 100), 300, 300),
        ("sweden", 3006, north_up(400000, 7000000, 100), 1000, 2000),
        ("plate-carree", 32662, north_up(-1000000, 1000000, 1000), 500, 500),
    ]


def write(name, epsg, at, width, height):
    path = FOLDER / f"{name}.tif"
    profile = dict(driver="GTiff", width=width, height=height, count=2, dtype="int16", crs=f"EPSG:{epsg}",
                   transform=at, nodata=-9999, sparse_ok=True, tiled=True, blockxsize=256, blockysize=256)
    with rasterio.open(path, "w", **profile) as out:
        out.set_band_description(1, "red")
        out.set_band_description(2, "nir")
        out.scales, out.offsets, out.units = (0.1, 1), (5, 0), ("K", "")
        out.update_tags(ns="IMAGERY", ACQUISITIONDATETIME="2024-05-01 10:11:12")
    return path


def edges(at, width, height, pieces):
    """Positions all around, as many on each side."""
    corners = [(0, 0), (0, height), (width, height), (width, 0), (0, 0)]
    for (x, y), (to_x, to_y) in zip(corners, corners[1:]):
        for piece in range(pieces):
            part = piece / pieces
            yield at * (x + (to_x - x) * part, y + (to_y - y) * part)


def equal_area(lon, lat):
    """A map without stretched areas around there, so that poles and the antimeridian are places like others."""
    return pyproj.Proj(proj="laea", lon_0=lon, lat_0=lat, ellps="WGS84")


def same_area(name, epsg, at, width, height, geometry):
    """The raster's edges against the footprint, both on a map around the raster's middle."""
    to_world = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)
    dense = list(to_world.itransform(edges(at, width, height, 1000)))
    lon, lat = to_world.transform(*(at * (width / 2, height / 2)))
    onto = equal_area(lon, lat)
    whole = Polygon([onto(*one) for one in dense])
    parts = [polygon(part, onto) for part in parts_of(geometry)]
    ours = unary_union([make_valid(part) for part in parts])
    differs = make_valid(whole).symmetric_difference(ours).area / whole.area
    if not differs < 0.001:
        wrong(name, f"area differs by {differs:.6f}")
    return differs


def polygon(part, onto):
    dense = segmentize(part, 0.05)
    # The pole and the antimeridian are edges of the footprint that are none on the Earth.
    return Polygon([onto(min(max(x, -180), 180), y) for x, y in dense.exterior.coords])


def parts_of(geometry):
    return list(geometry.geoms) if isinstance(geometry, MultiPolygon) else [geometry]


def compare_rasters():
    cases = rasters()
    paths = [write(*case) for case in cases]
    for (name, epsg, at, width, height), found in zip(cases, facts(*paths)):
        count("rasters")
        said = found.get("properties")
        if said is None or found["geometry"] is None:
            wrong(name, f"no footprint: {found}")
            continue
        with rasterio.open(FOLDER / f"{name}.tif") as there:
            if said["proj:code"] != f"EPSG:{epsg}":
                wrong(name, f"code {said['proj:code']} is {there.crs}")
            if not numpy.allclose(said["proj:transform"], tuple(there.transform)[:6], rtol=1e-12, atol=1e-9):
                wrong(name, f"transform {said['proj:transform']} is {there.transform}")
            if said["proj:shape"] != [there.height, there.width]:
                wrong(name, f"shape {said['proj:shape']}")
            if "turned" not in name and not numpy.allclose(said["proj:bbox"], sorted_bounds(there.bounds)):
                wrong(name, f"proj:bbox {said['proj:bbox']} is {there.bounds}")
            expected = [{"name": "red", "description": "red", "data_type": "int16", "nodata": -9999, "unit": "K",
                         "raster:scale": 0.1, "raster:offset": 5},
                        {"name": "nir", "description": "nir", "data_type": "int16", "nodata": -9999}]
            if said["bands"] != expected:
                wrong(name, f"bands {said['bands']}")
            if said["datetime"] != "2024-05-01T10:11:12Z":
                wrong(name, f"datetime {said['datetime']}")
            bounds = sorted_bounds(there.bounds)
        geometry = shape(found["geometry"])
        if not geometry.is_valid:
            wrong(name, "the footprint is not valid")
        for part in parts_of(geometry):
            if not part.exterior.is_ccw:
                wrong(name, "a ring is clockwise")
        west, south, east, north = found["bbox"]
        if not within(geometry, -180, -90, 180, 90):
            wrong(name, f"beyond the edge of the world: {geometry.bounds}")
        area = same_area(name, epsg, at, width, height, geometry) if comparable(name) else None
        gap = compare_box(name, epsg, bounds, found["bbox"]) if "turned" not in name else None
        print(f"{name:28} area {short(area)}  box {short(gap)}  gsd {said.get('gsd')}  {west:.4f} {south:.4f} {east:.4f}"
              f" {north:.4f} read {found['bytes_read']} {'; '.join(found['warnings'])}")


def short(number):
    return "       -" if number is None else format(number, "8.1e")


def comparable(name):
    # A raster of the whole Earth has no outline on a map around its middle.
    return name not in {"lonlat-world", "lonlat-0-360", "lonlat-centres", "mercator-world", "ease-global", "ease-north-pole"}


def sorted_bounds(bounds):
    left, bottom, right, top = bounds
    return [min(left, right), min(bottom, top), max(left, right), max(bottom, top)]


def within(geometry, west, south, east, north):
    least_x, least_y, most_x, most_y = geometry.bounds
    return least_x >= west and least_y >= south and most_x <= east and most_y <= north


def compare_box(name, epsg, bounds, found):
    """With rasterio's own, which cuts each side into as many pieces; at poles it knows no full round."""
    if epsg == 4326:
        boxes = [lonlat_box(bounds)]
    else:
        # As many pieces as the crate takes, for short sides and for long ones.
        boxes = [transform_bounds(f"EPSG:{epsg}", "EPSG:4326", *bounds, densify_pts=pieces - 1) for pieces in (22, 88)]
    # Both -180 and 180 are the antimeridian.
    apart = lambda a, b: min(abs(a - b), abs(abs(a - b) - 360))
    gaps = [max(apart(a, b) for a, b in zip(expected, found)) for expected in boxes]
    gap, expected = min(gaps), boxes
    if gap > 1e-6:
        wrong(name, f"box {found} is {expected}")
    return gap


def lonlat_box(bounds):
    west, south, east, north = bounds
    if east - west >= 360:
        return -180, max(south, -90), 180, min(north, 90)
    turn = lambda lon: (lon + 180) % 360 - 180
    return turn(west), max(south, -90), turn(east), min(north, 90)


def compare_vectors():
    places = {
        "lonlat": (4326, box(4, 50, 6, 53)),
        "utm": (32631, box(400000, 5000000, 600000, 5200000)),
        "laea": (3035, box(3000000, 2500000, 4000000, 3500000)),
    }
    for name, (epsg, area) in places.items():
        frame = geopandas.GeoDataFrame({"a": [1, 2]}, geometry=[area, area.buffer(-area.length / 100)], crs=epsg)
        paths = [FOLDER / f"{name}.{ending}" for ending in ("geojson", "fgb", "shp", "parquet")]
        for path in paths:
            write_vector(frame, path)
        expected = transform_bounds(f"EPSG:{epsg}", "EPSG:4326", *frame.total_bounds)
        for path, found in zip(paths, facts(*paths)):
            count("vectors")
            if found.get("bbox") is None:
                wrong(path.name, f"no box: {found}")
                continue
            gap = max(abs(a - b) for a, b in zip(expected, found["bbox"]))
            if gap > 1e-6:
                wrong(path.name, f"box {found['bbox']} is {expected}")
            if found["features"] != 2 and path.suffix != ".shp":
                wrong(path.name, f"features {found['features']}")
            if "Polygon" not in found["geometry_types"]:
                wrong(path.name, f"geometries {found['geometry_types']}")
            code = found["properties"].get("proj:code")
            if code != f"EPSG:{epsg}":
                wrong(path.name, f"code {code}")
            print(f"{path.name:28} box {gap:.1e} read {found['bytes_read']} {'; '.join(found['warnings'])}")


def write_vector(frame, path):
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".geojson":
        frame.to_file(path, driver="GeoJSON", engine="pyogrio", RFC7946="NO")
    else:
        drivers = {".fgb": "FlatGeobuf", ".shp": "ESRI Shapefile"}
        frame.to_file(path, driver=drivers[path.suffix], engine="pyogrio")


def compare_systems():
    """Every system of EPSG in the middle of where it is used, and near the corners of that."""
    lines, expected = [], []
    kinds = [pyproj.enums.PJType.PROJECTED_CRS, pyproj.enums.PJType.GEOGRAPHIC_2D_CRS]
    for info in pyproj.database.query_crs_info(auth_name="EPSG", pj_types=kinds, allow_deprecated=True):
        if info.area_of_use is None:
            continue
        west, south, east, north = info.area_of_use.bounds
        east = east + 360 if east < west else east
        try:
            there = pyproj.Transformer.from_crs(4326, int(info.code), always_xy=True, only_best=False)
        except pyproj.exceptions.ProjError:
            continue
        for part in (0.2, 0.5, 0.8):
            lon = (west + (east - west) * part + 180) % 360 - 180
            lat = south + (north - south) * part
            x, y = there.transform(lon, lat)
            if math.isfinite(x) and math.isfinite(y):
                lines.append(f"{info.code} {x!r} {y!r}")
                expected.append((int(info.code), lon, lat))
    run = subprocess.run([EXAMPLE, "--points"], input="\n".join(lines), capture_output=True, text=True, check=True)
    far, none, doubted, fine = {}, {}, set(), set()
    for (code, lon, lat), line in zip(expected, run.stdout.splitlines()):
        words = line.split(maxsplit=2)
        if words[0] == "none":
            none[code] = line[5:]
            continue
        by = pyproj.Geod(ellps="WGS84").inv(lon, lat, float(words[0]), float(words[1]))[2]
        if len(words) > 2:
            doubted.add(code)
        if by > (1000 if len(words) > 2 else 50):
            far[code] = max(by, far.get(code, 0))
        else:
            fine.add(code)
    fine -= set(far)
    print(f"systems: {len(fine)} fine ({len(fine & doubted)} with a doubt), {len(far)} far, {len(none)} refused")
    for code, by in sorted(far.items()):
        wrong(f"EPSG:{code}", f"off by {by:.0f} m")
    reasons = {}
    for code, why in none.items():
        reasons.setdefault(why.replace(str(code), "N")[:70], []).append(code)
    for why, codes in reasons.items():
        print(f"    refused {len(codes):5} {why} {codes[:8]}")


def compare_thumbnails():
    """Pictures of at most 256 pixels come out as they went in; values are stretched, and keep their order."""
    rows, columns = numpy.mgrid[0:200, 0:250]
    picture = numpy.stack([rows, columns, (rows + columns) // 2]).astype("uint8")
    values = numpy.stack([numpy.sin(rows / 30) * columns * 40 + 12000]).astype("float64")
    forms = [dict(compress=how, predictor=predictor) for how in ("deflate", "lzw") for predictor in (1, 2)]
    forms += [dict(), dict(compress="packbits"), dict(compress="jpeg", photometric="ycbcr"), dict(compress="jpeg")]
    shapes = [dict(), dict(tiled=True, blockxsize=64, blockysize=128), dict(interleave="band"), dict(BIGTIFF="YES"),
              dict(ENDIANNESS="BIG"), dict(tiled=True, blockxsize=64, blockysize=64, interleave="band")]
    cases = [(picture, "uint8", {**form, **shape}) for form in forms for shape in shapes
             if not (form.get("photometric") and "interleave" in shape)]
    for kind in ("int16", "uint16", "int32", "float32", "float64"):
        cases += [(values, kind, {**form, **shape}) for form in forms[:5] for shape in shapes[:5]]
    cases += [(values, kind, dict(compress="deflate", predictor=3, **shape)) for kind in ("float32", "float64") for shape in shapes[:5]]
    for at, (data, kind, options) in enumerate(cases):
        count("thumbnails")
        path = FOLDER / f"thumbnail{at}.tif"
        profile = dict(driver="GTiff", width=250, height=200, count=len(data), dtype=kind)
        if kind == "uint8":
            profile["photometric"] = "rgb"
        with rasterio.open(path, "w", **{**profile, **options}) as out:
            out.write(data.astype(kind))
        run = subprocess.run([EXAMPLE, "--thumbnails", str(path)], capture_output=True, text=True)
        if run.returncode:
            wrong(f"thumbnail {kind} {options}", run.stderr)
            continue
        with rasterio.open(f"{path}.png") as found:
            pixels = found.read()
        if pixels.shape != (4, 200, 250):
            wrong(f"thumbnail {kind} {options}", f"is of {pixels.shape}")
        elif kind == "uint8":
            by = abs(pixels[:3].astype(int) - picture).max()
            if by > (12 if options.get("compress") == "jpeg" else 0):
                wrong(f"thumbnail {kind} {options}", f"differs by {by}")
        else:
            least, most = numpy.percentile(data.astype(kind), [2, 98])
            expected = numpy.clip((data[0].astype(kind) - least) / (most - least) * 255, 0, 255)
            if abs(pixels[0] - expected).max() > 1:
                wrong(f"thumbnail {kind} {options}", f"differs by {abs(pixels[0] - expected).max()}")


ALL = {"rasters": compare_rasters, "vectors": compare_vectors, "thumbnails": compare_thumbnails,
       "systems": compare_systems}
for chosen in sys.argv[2:] or ALL:
    ALL[chosen]()
print(counts)
for one in problems:
    print("WRONG", one)
sys.exit(1 if problems else 0)
