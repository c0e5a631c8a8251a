"""A GeoTIFF, and a window of it read by GDAL over HTTP.

    window.py make FILE        writes a tiled GeoTIFF of some 30 MB
    window.py check FILE URL   reads the same windows of both, and compares them
"""

import os
import sys

import numpy
import rasterio
from rasterio.transform import from_origin
from rasterio.windows import Window

SIDE = 4096
WINDOWS = [Window(1000, 1200, 300, 300), Window(SIDE - 100, SIDE - 100, 100, 100)]


def make(file):
    values = numpy.random.default_rng(7).integers(0, 4096, (SIDE, SIDE), dtype="uint16")
    with rasterio.open(
        file,
        "w",
        driver="GTiff",
        width=SIDE,
        height=SIDE,
        count=1,
        dtype="uint16",
        crs="EPSG:32631",
        transform=from_origin(500000, 5000000, 10, 10),
        tiled=True,
        blockxsize=256,
        blockysize=256,
    ) as image:
        image.write(values, 1)


def check(file, url):
    # As people are told to: the files beside an image are not looked for.
    options = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_HTTP_MAX_RETRY": "0"}
    with rasterio.open(file) as near, rasterio.Env(**options), rasterio.open("/vsicurl/" + url) as far:
        assert far.profile == near.profile, (far.profile, near.profile)
        for window in WINDOWS:
            assert (far.read(1, window=window) == near.read(1, window=window)).all(), window
    print(os.path.getsize(file))


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](*sys.argv[2:])
