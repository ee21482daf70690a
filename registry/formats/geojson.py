"""GeoJSON."""

from registry.formats.about import tell_about_map
from registry.formats.data import write_json


def write_geojson(document: dict, language: str) -> bytes:
    """A point per centre (RFC 7946: WGS 84, longitude first), with its numbers by category as properties."""
    features = [_feature(centre, document["manufacturing"]) for centre in document["centres"]]
    collection = {
        "type": "FeatureCollection",
        "features": features,
        "snapshot": document["snapshot"],
        "national": document["national"],
        "manufacturing": document["manufacturing"],
        "about": tell_about_map(document, language),
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
