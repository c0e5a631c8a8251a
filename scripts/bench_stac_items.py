"""Items for `bench_stac.py`: varied ones, in the shapes of real catalogues, the same each time.

    python3 scripts/bench_stac_items.py COUNT FILE      one item a line, as JSON

A Sentinel-2 scene with its bands, a Landsat scene, a radar product that lasts a while, labels and a model. No two have the
same time, so that there is one right order. Places are more often where people look: half of them on few tiles.
"""

from __future__ import annotations

import json
import math
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

REPOSITORIES = 500
BEGIN = datetime(2018, 1, 1, tzinfo=UTC)
DAYS = 2500
FILES = "https://data.example.org/"
PLACES = "Alps Amazon Andes Baltic Congo Danube Ganges Iceland Kenya Lagos Mekong Nile Patagonia Sahel Tibet Volga".split()
TOPICS = "burn clouds coast crops drought flood forest glacier harvest landslide port snow storm urban water wetland".split()
COG = "image/tiff; application=geotiff; profile=cloud-optimized"
BANDS = "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B11 B12 SCL TCI".split()


def when(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Maker:
    """Makes the items of one catalogue."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.chance = random.Random(2026)
        # A step that has no divisor in common with the count meets each time once.
        self.step = next(n for n in range(count * 5 // 8 + 1, count * 2) if math.gcd(n, count) == 1)
        self.tiles = [(self.chance.uniform(-175, 175), self.chance.uniform(-70, 70)) for _ in range(200)]

    def time(self, number: int) -> datetime:
        share = (number * self.step) % self.count / self.count
        return BEGIN + timedelta(seconds=round(share * DAYS * 86400, 3))

    def corners(self) -> list[list[float]]:
        """A tile that is turned a little, as orbits turn them."""
        chance = self.chance
        if chance.random() < 0.5:
            west, south = chance.choice(self.tiles)
        else:
            west, south = chance.uniform(-178, 176), chance.uniform(-75, 74)
        wide, high = chance.uniform(0.2, 1.8), chance.uniform(0.2, 1.2)
        lean = chance.uniform(-0.15, 0.15)
        ring = [(0, lean), (wide, 0), (wide + lean, high), (lean, high + lean), (0, lean)]
        return [[round(west + x, 6), round(south + y, 6)] for x, y in ring]

    def item(self, number: int) -> dict:
        chance = self.chance
        ring = self.corners()
        longitudes, latitudes = [x for x, _ in ring], [y for _, y in ring]
        kind = chance.choices(("s2", "landsat", "sar", "label", "model"), (50, 20, 15, 10, 5))[0]
        id = f"eo-{number % REPOSITORIES:03}/{kind}-{number:07}"
        time = self.time(number)
        properties = {"datetime": when(time), "created": when(time), "updated": when(time + timedelta(days=1))}
        extensions, assets, collection = [], {}, "dataset"
        place, topic = chance.choice(PLACES), chance.choice(TOPICS)
        href = f"{FILES}{id}/"
        properties["title"] = f"{topic} near {place}, {kind} {number}"
        properties["description"] = (
            f"A {topic} observation over {place} in tile {chance.randrange(999)}, processed by chain {chance.randrange(40)}. "
            + " ".join(chance.choices(TOPICS + PLACES, k=12))
        )
        properties["keywords"] = [topic, place.lower(), kind]
        properties["license"] = "proprietary" if kind == "sar" else "CC-BY-4.0"
        if kind in ("s2", "landsat"):
            extensions.append("https://stac-extensions.github.io/eo/v1.1.0/schema.json")
            properties |= {
                "platform": chance.choice(("sentinel-2a", "sentinel-2b", "landsat-8", "landsat-9")),
                "gsd": 10 if kind == "s2" else 30,
                "eo:cloud_cover": round(chance.uniform(0, 100), 3),
                "proj:epsg": 32600 + chance.randrange(1, 61),
            }
            for band in BANDS if kind == "s2" else BANDS[:8]:
                assets[band] = {
                    "href": f"{href}{band}.tif", "type": COG, "roles": ["data"], "title": f"Band {band}",
                    "file:size": chance.randrange(10**6, 10**8), "file:checksum": f"1220{chance.getrandbits(256):064x}",
                }
        elif kind == "sar":
            last = time + timedelta(seconds=chance.uniform(5, 86400 * 10))
            properties |= {"datetime": None, "start_datetime": when(time), "end_datetime": when(last)}
            properties |= {"sar:polarizations": ["VV", "VH"], "platform": "sentinel-1a"}
            for band in ("vv", "vh", "manifest"):
                assets[band] = {"href": f"{href}{band}.tif", "type": COG, "roles": ["data"]}
        elif kind == "label":
            properties |= {"label:type": "vector", "label:tasks": ["segmentation"], "label:classes": None}
            assets["labels"] = {"href": f"{href}labels.geojson", "type": "application/geo+json", "roles": ["data"]}
        else:
            collection = "ai-model"
            properties |= {"mlm:name": f"net-{number}", "mlm:architecture": "U-Net", "mlm:tasks": [topic]}
            assets["weights"] = {"href": f"{href}model.onnx", "type": "application/onnx", "roles": ["mlm:model"]}
        assets["thumbnail"] = {"href": f"{href}preview.png", "type": "image/png", "roles": ["thumbnail"]}
        return {
            "type": "Feature", "stac_version": "1.1.0", "stac_extensions": extensions, "id": id, "collection": collection,
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "bbox": [min(longitudes), min(latitudes), max(longitudes), max(latitudes)],
            "properties": properties, "links": [], "assets": assets,
        }

    def all(self) -> Iterator[dict]:
        return map(self.item, range(self.count))

    def searches(self, number: int) -> list[dict]:
        """Pages by box and time: what people ask for."""
        chance = random.Random(7)
        found = []
        for _ in range(number):
            west, south = chance.choice(self.tiles) if chance.random() < 0.7 else (
                chance.uniform(-170, 160), chance.uniform(-70, 60))
            side = chance.choice((0.5, 1, 2, 5, 10))
            start = BEGIN + timedelta(days=chance.uniform(0, DAYS - 200))
            end = start + timedelta(days=chance.choice((10, 30, 180)))
            box = [round(x, 3) for x in (west, south, west + side, south + side)]
            found.append({"bbox": box, "datetime": f"{start:%Y-%m-%dT%H:%M:%SZ}/{end:%Y-%m-%dT%H:%M:%SZ}", "limit": 10})
        return found

    @staticmethod
    def filters(number: int) -> dict[str, list[dict]]:
        """By what they ask: properties alone, which an index may know, and parts and sums of them, which none does."""
        chance = random.Random(13)
        share = lambda: round(chance.uniform(0.5, 60), 2)
        platform = lambda: chance.choice(("sentinel-2a", "sentinel-2b", "landsat-8", "landsat-9"))
        kinds = {
            "by a property": lambda: f"eo:cloud_cover < {share()}",
            "by two properties": lambda: f"eo:cloud_cover < {share()} AND platform = '{platform()}'",
            "by part of a title": lambda: f"title LIKE '%near {chance.choice(PLACES)}%'",
            "by a sum of properties": lambda: f"eo:cloud_cover + gsd < {share() + 10:.2f}",
        }
        asked = lambda text: {"filter": text, "filter-lang": "cql2-text", "limit": 10}
        return {what: [asked(text()) for _ in range(number)] for what, text in kinds.items()}

    @staticmethod
    def words(number: int) -> list[dict]:
        """A common word, a rare one, or two that stand together."""
        chance = random.Random(11)
        kinds = (
            lambda: chance.choice(TOPICS),
            lambda: chance.choice(PLACES),
            lambda: f'"tile {chance.randrange(999)}"',
            lambda: f'"chain {chance.randrange(40)}"',
        )
        return [{"q": chance.choice(kinds)(), "limit": 10} for _ in range(number)]


def main() -> None:
    with open(sys.argv[2], "w") as file:
        for item in Maker(int(sys.argv[1])).all():
            file.write(json.dumps(item, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
