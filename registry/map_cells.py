"""One walk over a map document: nation, centres, categories, manufacturing sites."""

from collections.abc import Iterator


def list_cells(document: dict) -> Iterator[dict]:
    """Every part of a map document that has numbers: nation, centres, their categories, sites."""
    yield document["national"]
    for centre in document["centres"]:
        yield centre
        yield from centre["categories"]
    yield from document["manufacturing"]
