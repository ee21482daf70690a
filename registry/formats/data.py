"""JSON and CSV."""

import csv
import io
import json

from django.utils.translation import override

from registry.formats.about import list_notes, tell_about_map
from registry.formats.tables import Table, list_counts_notes


def encode(document: dict) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def write_json(document: dict, language: str) -> bytes:
    """The document itself."""
    return encode(document)


def write_noted_json(document: dict, language: str) -> bytes:
    """A map document with its caveats as sentences."""
    with override(language):
        return encode(document | {"notes": list_notes(document)})


def write_counts_json(counts: dict, language: str) -> bytes:
    """Counts with their caveats as sentences, where there are any."""
    with override(language):
        notes = list_counts_notes(counts)
    return encode(counts | ({"notes": notes} if notes else {}))


def write_map_json(document: dict, language: str) -> bytes:
    """A map document with its source, licence, caveats and address."""
    about = tell_about_map(document, language)
    told = {name: about[name] for name in ("source", "licence", "api", "address", "notes")}
    return encode(document | {"about": told})


def write_csv(table: Table, *, for_excel: bool = False) -> bytes:
    """A line per row under the column names, with the table's source in columns of its own.

    for_excel: as a Swedish Excel expects it, with words of the language, semicolons and a byte order mark.
    """
    file = io.StringIO(newline="")
    about = table.about | {
        name: " ".join(listed) for name, listed in table.about.items() if isinstance(listed, list)
    }
    names = [*table.columns, *(name for name in about if name not in table.columns)]
    writer = csv.DictWriter(file, names, restval="", delimiter=";" if for_excel else ",", lineterminator="\r\n")
    if for_excel:
        about = {name: _with_comma(table.say("about", about[name])) for name in about}
        writer.writerow({name: table.columns.get(name) or table.about_labels[name] for name in names})
        for row in table.rows:
            writer.writerow(about | {name: _with_comma(table.say(name, value)) for name, value in row.items()})
    else:
        writer.writeheader()
        writer.writerows(about | row for row in table.rows)
    return file.getvalue().encode("utf-8-sig" if for_excel else "utf-8")


def _with_comma(value: object) -> object:
    """A number with decimals as a Swedish Excel reads it."""
    return str(value).replace(".", ",") if isinstance(value, float) else value
