"""JSON, CSV and GeoJSON."""

import csv
import io
import json

from registry.formats.tables import Table, tell_about
from registry.wording import MAP_ADDRESS


def encode(document: dict) -> bytes:
    """A document as JSON, in as few letters as it takes."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def write_json(document: dict, language: str) -> bytes:
    """The document as it is."""
    return encode(document)


def write_map_json(document: dict, language: str) -> bytes:
    """A map document, and what it is from."""
    about = tell_about(document["snapshot"], language, MAP_ADDRESS)
    return write_json(document | {"about": {name: about[name] for name in ("source", "licence", "api")}}, language)


def write_csv(table: Table, *, for_excel: bool = False) -> bytes:
    """A line a row under the columns' names, and what the file is from in columns of its own.

    Readers of data open it without a word about its form. for_excel: as a Swedish Excel opens it,
    with labels in the language, semicolons, and the mark that tells its letters.
    """
    file = io.StringIO(newline="")
    names = [*table.columns, *(name for name in table.about if name not in table.columns)]
    writer = csv.DictWriter(file, names, restval="", delimiter=";" if for_excel else ",", lineterminator="\r\n")
    if for_excel:
        writer.writerow({name: table.columns.get(name, name) for name in names})
    else:
        writer.writeheader()
    writer.writerows(table.about | row for row in table.rows)
    return file.getvalue().encode("utf-8-sig" if for_excel else "utf-8")


def write_geojson(document: dict, language: str) -> bytes:
    """A point a centre (RFC 7946: WGS 84, longitude first), its numbers by category among its properties."""
    features = [_feature(centre, document["manufacturing"]) for centre in document["centres"]]
    collection = {
        "type": "FeatureCollection",
        "features": features,
        "snapshot": document["snapshot"],
        "national": document["national"],
        "manufacturing": document["manufacturing"],
        "about": tell_about(document["snapshot"], language, MAP_ADDRESS),
    }
    return write_json(collection, language)


def _feature(centre: dict, manufacturing: list[dict]) -> dict:
    location, categories = centre["location"], centre["categories"]
    properties = {name: value for name, value in centre.items() if name not in {"location", "categories"}}
    for cell in categories:
        prefix = cell["category"].lower()
        properties |= {f"{prefix}_{name}": value for name, value in cell.items() if name != "category"}
    made = [site["manufactured"] for site in manufacturing if site["centre"] == centre["code"]]
    if made:
        properties["manufactured"] = None if None in made else sum(made)
    return {
        "type": "Feature",
        "id": centre["code"],
        "geometry": {"type": "Point", "coordinates": [location["lon"], location["lat"]]},
        "properties": properties,
    }
