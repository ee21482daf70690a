"""Which version of the service rendered a response: whatever could render it otherwise gives another.

An ETag holds it, so that no cache and no 304 outlives a change of the code, a template, a text or a library.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

SOURCES = ("api", "registry", "swecar", "requirements.txt")
COMPILED = {".mo", ".pyc"}  # made from the others, by each machine at its own time


@cache
def rendering_version() -> str:
    """The version of this process."""
    return digest_sources(settings.BASE_DIR)


def digest_sources(folder: Path) -> str:
    """A digest of all files that the service is made of, by name and content."""
    digest = hashlib.sha256()
    for path in sorted(_list_files(folder)):
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name}:{path.stat().st_size}:".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _list_files(folder: Path) -> Iterator[Path]:
    for source in SOURCES:
        found = [folder / source, *(folder / source).rglob("*")]
        yield from (path for path in found if path.is_file() and path.suffix not in COMPILED)
