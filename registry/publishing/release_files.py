"""The files of a release."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from registry.formats import MAP_FORMATS, Format, write_map
from registry.formats.atmp import (
    EXEMPTION_FORMATS,
    MANUFACTURING_FORMATS,
    TRIAL_COUNTS_FORMATS,
    TRIALS_FORMATS,
)
from registry.models import Release, ReleaseFile
from registry.published.atmp import read_exemption, read_manufacturing, read_trial_counts, read_trials
from registry.published.atmp_query import TrialQuery

ATMP_FORMATS = ("json", "csv", "xlsx")
ATMP_TABLES = (("class", "centre"), ("phase", "sponsor"))  # of trials, as the page /atmp/ shows them


class Part(NamedTuple):
    """A document beside the map: what its files are called, its formats, and itself in both languages."""

    name: str
    formats: Mapping[str, Format]
    document: dict[str, Any]


def read_parts(release: Release) -> list[Part]:
    """What is published of trials, exemption and manufacture; none of what nobody has stated.

    Raises FactsNotKept where another snapshot is current by now.
    """
    as_of, number = release.as_of, release.snapshot_id
    trials = read_trials(as_of=as_of, number=number)
    exemption, manufacturing = (read(as_of=as_of, number=number) for read in (read_exemption, read_manufacturing))
    parts = []
    if trials["trials"]:
        parts.append(Part("atmp-trials", TRIALS_FORMATS, trials))
        for by in ATMP_TABLES:
            counts = read_trial_counts(TrialQuery(by=by, as_of=as_of), number=number)
            parts.append(Part(f"atmp-{'-'.join(by)}", TRIAL_COUNTS_FORMATS, counts))
    if exemption["rows"]:
        parts.append(Part("atmp-exemption", EXEMPTION_FORMATS, exemption))
    if manufacturing["rows"]:
        parts.append(Part("atmp-manufacturing", MANUFACTURING_FORMATS, manufacturing))
    return parts


def count_files(release: Release, parts: list[Part]) -> int:
    """How many files `make_files` makes."""
    return len(release.documents) * (len(MAP_FORMATS) + len(parts) * len(ATMP_FORMATS))


def make_files(release: Release, parts: list[Part]) -> Iterator[ReleaseFile]:
    """Make every format of each language's map document, and the files of the parts beside it."""
    for language, document in release.documents.items():
        keep = partial(_keep, release, language)
        for format, form in MAP_FORMATS.items():
            kind = "-excel" if format == "csv-excel" else ""
            yield keep(kind, format, form, write_map(document, format=format, language=language))
        for part in parts:
            for format in ATMP_FORMATS:
                form = part.formats[format]
                yield keep(f"-{part.name}", format, form, form.write(part.document, language))


def _keep(release: Release, language: str, kind: str, format: str, form: Format, content: bytes) -> ReleaseFile:
    return ReleaseFile(
        name=f"swecar-{release.name}-{language}{kind}.{form.ending}",
        language=language,
        format=format,
        media_type=form.media_type,
        content=content,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
