"""The files of a release."""

import hashlib
from collections.abc import Iterator

from registry.formats import MAP_FORMATS, write_map
from registry.models import ReleaseFile


def count_files(documents: dict[str, dict]) -> int:
    """How many files `make_files` makes."""
    return len(documents) * len(MAP_FORMATS)


def make_files(name: str, documents: dict[str, dict]) -> Iterator[ReleaseFile]:
    """Make every format of each language's map document."""
    for language, document in documents.items():
        for format, form in MAP_FORMATS.items():
            content = write_map(document, format=format, language=language)
            kind = "-excel" if format == "csv-excel" else ""
            yield ReleaseFile(
                name=f"swecar-{name}-{language}{kind}.{form.ending}",
                language=language,
                format=format,
                media_type=form.media_type,
                content=content,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
