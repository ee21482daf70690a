"""Making a backup: a folder with an encrypted dump, what it has to restore, and a manifest of both."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from registry.backups.errors import BackupFailed
from registry.backups.postgres_tools import dump_command, running
from registry.backups.sealed_files import Recipients, seal_document, seal_stream
from registry.backups.state import read_erasures, read_state
from registry.models import Publication
from registry.models.isolation import export_view, one_view
from registry.purpose import read_purpose
from swecar.variables import read_variable

FORMAT = 1
MANIFEST, DUMP, STATE = "manifest.json", "records.dump.age", "state.json.age"
MADE = "%Y-%m-%dT%H%M%SZ"
PART = ".part"  # what a folder is called until it is whole
ERASURES = "-erasures"  # the end of the name of a folder without a dump
KEYS = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "IDENTITY_KEYS", "KEEPER_SECRET")


def back_up(
    folder: Path,
    *,
    to: Recipients,
    only_erasures: bool = False,
    progress: Callable[[str], None] = lambda step: None,
) -> Path:
    """Write a backup into a folder of its own within this one; it is there whole or not at all.

    only_erasures: who was erased until now, for a restore of an earlier backup. Raises BackupFailed.
    """
    made_at = datetime.now(UTC).replace(microsecond=0)
    whole = folder / (made_at.strftime(MADE) + (ERASURES if only_erasures else ""))
    part = folder / (PART + whole.name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if whole.exists():
            raise BackupFailed(f"{whole} is there already: one backup a second is enough.")
        part.mkdir(mode=0o700)
        manifest = _fill(part, to, only_erasures, progress)
        text = json.dumps({"format": FORMAT, "made_at": made_at.isoformat(), **manifest}, indent=2)
        (part / MANIFEST).write_text(text + "\n", encoding="utf-8")
        part.rename(whole)
    except OSError as fault:
        raise BackupFailed(f"{fault.filename or folder} cannot be written: {fault.strerror}.") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return whole


def _fill(part: Path, to: Recipients, only_erasures: bool, progress: Callable[[str], None]) -> dict[str, Any]:
    """Write the files of a backup, all of one view; what its manifest says."""
    files: dict[str, Any] = {}
    with one_view():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        snapshot = Publication.objects.select_related("snapshot").get().snapshot
        migration = MigrationRecorder.Migration.objects.filter(app="registry").latest("name")
        if not only_erasures:
            progress("the records")
            with running(dump_command(export_view())) as dump:
                files[DUMP] = seal_stream(dump, part / DUMP, to)
        progress("what they have to be")
        files[STATE] = seal_document(read_erasures() if only_erasures else read_state(), part / STATE, to)
    return {
        "migration": migration.name,
        "purpose": read_purpose(),
        "snapshot": {"number": snapshot.number, "hash": snapshot.hash} if snapshot else None,
        "files": files,
    }


def seal_keys(folder: Path, *, to: Recipients) -> Path:
    """Write the keys that this process has into an encrypted file. Raises BackupFailed."""
    path = folder / f"keys-{datetime.now(UTC).strftime(MADE)}.age"
    lines = "".join(f"{name}={value}\n" for name, value in _read_keys().items())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        seal_stream(BytesIO(lines.encode()), path, to)
    except OSError as fault:
        raise BackupFailed(f"{path} cannot be written: {fault.strerror}.") from None
    return path


def _read_keys() -> dict[str, str]:
    return {name: value for name in KEYS if (value := read_variable(name))}
