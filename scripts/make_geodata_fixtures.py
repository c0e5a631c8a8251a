#!/usr/bin/env python3
"""Makes the files of geodata that tests of the catalogue read, with GDAL.

    python3 -m venv venv && venv/bin/pip install rasterio pyogrio geopandas
    venv/bin/python scripts/make_geodata_fixtures.py stac/tests/fixtures/geodata

They are small, and in the repository: no test needs this script.
"""

import sys
from pathlib import Path

import geopandas
import numpy
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import box


def raster(path, west, north, crs="EPSG:32631", **tags):
    rows, columns = numpy.mgrid[0:40, 0:60]
    pixels = numpy.stack([rows * 6, columns * 4, (rows + columns) * 2]).astype("uint8")
    profile = {
        "driver": "GTiff", "width": 60, "height": 40, "count": 3, "dtype": "uint8", "crs": crs,
        "transform": from_origin(west, north, 10, 10), "compress": "deflate", "photometric": "rgb",
        "predictor": 2,
    }
    with rasterio.open(path, "w", **profile) as out:
        out.write(pixels)
        out.update_tags(**tags)


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # In zone 31 of UTM, in Catalonia: two that touch, and one on its own.
    raster(folder / "a.tif", 430_000, 4_590_000, ACQUISITIONDATETIME="2024-05-01T10:00:00Z")
    raster(folder / "b.tif", 430_600, 4_590_000, ACQUISITIONDATETIME="2024-05-03T10:00:00Z")
    raster(folder / "c.tif", 450_000, 4_600_000)
    shapes = geopandas.GeoDataFrame({"n": [1]}, geometry=[box(2, 41, 3, 42)], crs="EPSG:4326")
    shapes.to_file(folder / "area.fgb", driver="FlatGeobuf")
    shapes.to_file(folder / "area.geojson", driver="GeoJSON")
    shapes.to_file(folder / "area.shp")
    for ending in ("dbf", "shx", "cpg"):
        (folder / f"area.{ending}").unlink(missing_ok=True)
    shapes.to_parquet(folder / "area.parquet")


if __name__ == "__main__":
    main(sys.argv[1])
