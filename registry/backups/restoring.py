"""Restoring a backup into an empty database: what was altered is refused, and nothing is restored in part."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from registry.backups.errors import BackupFailed
from registry.backups.making import DUMP, FORMAT, MANIFEST, STATE
from registry.backups.postgres_tools import restore_command, running
from registry.backups.rotation import find_backups
from registry.backups.sealed_files import Identities, hash_file, open_document, open_stream
from registry.backups.state import count_rows, has_tables
from registry.database_roles.roles import RolesMissing, make_missing
from registry.models import Publication
from registry.publishing.history_proof import read_heads
from registry.purpose import own_purpose

RESTORED = "restored"  # a lineage that no database has, so that the next snapshot begins an epoch


def read_manifest(backup: Path) -> dict[str, Any]:
    """A backup's manifest, once its files are seen to be what it says. Raises BackupFailed."""
    try:
        manifest: dict[str, Any] = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
        files = manifest["files"]
        readable = manifest["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        raise BackupFailed(f"{backup} is no backup: it has no {MANIFEST} that can be read.") from None
    if not readable:
        raise BackupFailed(f"{backup} has another form. Restore it with the version of the service that made it.")
    for name, expected in files.items():
        if hash_file(backup / name) != expected:
            raise BackupFailed(f"{backup / name} is not what was written: take another backup.")
    return manifest


def read_states(backup: Path, identities: Identities) -> list[dict[str, Any]]:
    """What this backup has to restore, then what it and all later ones beside it say of erasures."""
    name = backup.resolve().name
    later = [path for path in find_backups(backup.resolve().parent).values() if path.name >= name]
    states = []
    for path in [backup, *(path for path in later if path.name != name)]:
        read_manifest(path)
        states.append(open_document(path / STATE, identities))
    return states


def load(backup: Path, identities: Identities, progress: Callable[[str], None]) -> None:
    """Load the records into this database, which has to be empty. Raises BackupFailed."""
    manifest = read_manifest(backup)
    if DUMP not in manifest["files"]:
        raise BackupFailed(
            f"{backup} is a list of erasures without records. Restore an earlier backup; it is found."
        )
    if manifest["purpose"] not in {None, own_purpose()}:
        raise BackupFailed(
            f"{backup} is of a {manifest['purpose']}, and this is none: set DEMONSTRATION=1 for a demonstration's "
            "and not for a registry's. Nothing was changed."
        )
    if has_tables():
        raise BackupFailed(
            "The database is not empty, and nothing was changed. Make a new one (createdb), and write it in "
            "DATABASE_URL."
        )
    progress("the roles of the database")
    try:
        with transaction.atomic():
            for done in make_missing({}):
                progress(done)
    except RolesMissing as missing:
        raise BackupFailed(missing.by_hand()) from None
    connection.close()
    progress("the records")
    with (backup / DUMP).open("rb") as sealed, running(restore_command(), reads=True) as into:
        open_stream(sealed, into, identities, name=DUMP)


def check_loaded(state: dict[str, Any]) -> int:
    """How many rows there are, which are those that were there. Raises BackupFailed."""
    counts = count_rows()
    different = [
        f"{table}: {counts.get(table)} rows instead of {expected}"
        for table, expected in state["counts"].items()
        if counts.get(table) != expected
    ]
    if different:
        raise BackupFailed("Not every row is there: " + "; ".join(different))
    if json.loads(json.dumps(read_heads())) != state["heads"]:
        raise BackupFailed("History or access log do not end as they did when the backup was made.")
    return sum(counts.values())


def bring_up_to_date(progress: Callable[[str], None]) -> None:
    """The migrations of this version, and with them the roles; then the numbers of snapshots begin an epoch."""
    progress("this version's tables and roles")
    call_command("migrate", interactive=False, verbosity=0)
    Publication.objects.update(lineage=RESTORED)
