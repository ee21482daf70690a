"""Hashes of published documents."""

import hashlib
import json
from datetime import UTC

from registry.models import Snapshot


def content_hash(document: dict) -> str:
    """SHA-256 of a document as canonical JSON (sorted keys, no spaces, UTF-8)."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def snapshot_hash(snapshot: Snapshot) -> str:
    """The hash of all that a snapshot publishes; it differs from the stored one if it was tampered with."""
    return content_hash(
        {
            "number": snapshot.number,
            "built_at": snapshot.built_at.astimezone(UTC).isoformat(),
            "data_through": str(snapshot.written_through),
            "disclosure": snapshot.disclosure,
            "facts": snapshot.facts,
            "map": snapshot.map_document,
            "lists": snapshot.code_lists,
        }
        | ({} if snapshot.atmp is None else {"atmp": snapshot.atmp})
        | ({} if snapshot.blocks is None else {"blocks": snapshot.blocks})
        | ({"history": snapshot.history_head} if snapshot.history_head else {})
    )
