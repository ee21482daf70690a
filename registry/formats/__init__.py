"""The formats of published documents. They read no database and no clock.

The same document always gives the same bytes: dates in a file are the snapshot's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from registry.formats.data import write_counts_json, write_csv, write_json, write_map_json, write_noted_json
from registry.formats.geojson import write_geojson
from registry.formats.json_stat import write_counts_stat, write_map_stat
from registry.formats.pdf import write_pdf
from registry.formats.pictures import write_large_png, write_png, write_svg
from registry.formats.slides import write_pptx
from registry.formats.tables import tabulate_counts, tabulate_map
from registry.formats.workbook import write_xlsx

Write = Callable[[dict, str], bytes]


@dataclass(frozen=True)
class Format:
    """A file format; write takes the document and the language ("sv" or "en").

    shown: browsers display it rather than download it. cost: as how many requests it counts against a client's
    rate limit. parameters: those of the media type, in lower case, that a client may ask for another value of.
    """

    media_type: str
    ending: str
    write: Write
    shown: bool = False
    cost: int = 1
    parameters: Mapping[str, str] = field(default_factory=dict)


JSON = "application/json"
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
STAT = "application/vnd.json-stat+json"  # not registered with IANA; the body is JSON-stat 2.0
DRAWN = 20  # cost: a drawing takes up to a second of CPU, a document a few milliseconds


def _map_rows(document: dict, language: str) -> bytes:
    return write_csv(tabulate_map(document, language))


def _map_book(document: dict, language: str) -> bytes:
    return write_xlsx(tabulate_map(document, language), language)


def _map_excel(document: dict, language: str) -> bytes:
    return write_csv(tabulate_map(document, language), for_excel=True)


def _counts_rows(counts: dict, language: str) -> bytes:
    return write_csv(tabulate_counts(counts, language))


def _counts_book(counts: dict, language: str) -> bytes:
    return write_xlsx(tabulate_counts(counts, language), language)


def _counts_excel(counts: dict, language: str) -> bytes:
    return write_csv(tabulate_counts(counts, language), for_excel=True)


# The first is the default. csv-excel is CSV that a Swedish Excel opens correctly.
MAP_FORMATS: Mapping[str, Format] = {
    "json": Format(JSON, "json", write_noted_json, shown=True),
    "geojson": Format("application/geo+json", "geojson", write_geojson),
    "csv": Format(CSV, "csv", _map_rows),
    "csv-excel": Format(CSV, "csv", _map_excel),
    "xlsx": Format(XLSX, "xlsx", _map_book),
    "json-stat": Format(STAT, "json-stat.json", write_map_stat, shown=True),
    "svg": Format("image/svg+xml", "svg", write_svg, shown=True),
    "png": Format("image/png", "png", write_png, shown=True, cost=DRAWN),
    "png-print": Format("image/png", "print.png", write_large_png, shown=True, cost=DRAWN),
    "pdf": Format("application/pdf", "pdf", write_pdf, shown=True, cost=DRAWN),
    "pptx": Format(PPTX, "pptx", write_pptx, cost=DRAWN),
}
# A JSON file names its source in the document, where a response of the API does so in a header.
FILE_FORMATS: Mapping[str, Format] = {**MAP_FORMATS, "json": Format(JSON, "json", write_map_json)}
JSON_ALONE: Mapping[str, Format] = {"json": Format(JSON, "json", write_json, shown=True)}
COUNTS_FORMATS: Mapping[str, Format] = {
    "json": Format(JSON, "json", write_counts_json, shown=True),
    "csv": Format(CSV, "csv", _counts_rows),
    "csv-excel": Format(CSV, "csv", _counts_excel),
    "xlsx": Format(XLSX, "xlsx", _counts_book),
    "json-stat": Format(STAT, "json-stat.json", write_counts_stat, shown=True),
}


def write_map(document: dict, *, format: str, language: str) -> bytes:
    """Write a map document (INTERFACE.md) in one of FILE_FORMATS; language is that of its own texts."""
    return FILE_FORMATS[format].write(document, language)
