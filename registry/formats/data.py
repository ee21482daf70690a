"""JSON and CSV."""

import csv
import io
import json

from registry.formats.about import tell_about
from registry.formats.tables import Table
from registry.wording import MAP_ADDRESS


def encode(document: dict) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def write_json(document: dict, language: str) -> bytes:
    """The document itself."""
    return encode(document)


def write_map_json(document: dict, language: str) -> bytes:
    """A map document with its source, licence and URL in the API."""
    about = tell_about(document["snapshot"], language, MAP_ADDRESS)
    return write_json(document | {"about": {name: about[name] for name in ("source", "licence", "api")}}, language)


def write_csv(table: Table, *, for_excel: bool = False) -> bytes:
    """A line per row under the column names, with the table's source in columns of its own.

    for_excel: as a Swedish Excel expects it, with labels in the language, semicolons and a byte order mark.
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
