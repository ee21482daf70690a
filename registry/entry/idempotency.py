"""Idempotent requests: a repeated request gets the stored response and is not carried out again."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.db import OperationalError, connection
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_noop
from psycopg.errors import LockNotAvailable

from registry.access import acting_as
from registry.errors import Busy, RegistryError
from registry.models import IdempotencyKey, User
from registry.models.isolation import own_transaction
from registry.sealing import digest_request
from swecar.postgresql.together import send_later

IDEMPOTENCY_LOCK = 7204  # with a hash of owner and key, held until a form is carried out
KEPT = timedelta(hours=24)
# Another request with this key waits here until the first has committed, or was rolled back.
CLAIM = """
INSERT INTO registry_idempotencykey (owner_id, key, secret_mark, request_digest, status, body, created_at)
VALUES (%s, %s, %s, %s, 0, '{}', now())
ON CONFLICT (owner_id, key) DO NOTHING RETURNING id
"""
ANSWER = "UPDATE registry_idempotencykey SET status = %s, body = %s WHERE id = %s"


class KeyReused(RegistryError):
    sentence = gettext_noop("The key has already been used for another request: nothing was stored.")
    code = "idempotency_key_reused"


@dataclass(frozen=True)
class StoredResponse:
    """The response to a request; repeated: it was stored by an earlier request."""

    status: int
    body: dict[str, Any]
    repeated: bool = False


def respond_once(
    *, key: str, request: bytes, by: User, work: Callable[[], tuple[int, dict[str, Any]]]
) -> StoredResponse:
    """Carry out a request and store its response in the same transaction, or return the stored response.

    request: everything that identifies it; only a keyed digest is stored, since it may hold an identity
    number. work returns status and body, without an identity number; an exception rolls everything back and
    frees the key. An identical request sent concurrently waits for the first.
    Raises KeyReused, Busy.
    """
    digests = digest_request("idempotency", request)
    mark, digest = next(iter(digests.items()))
    with acting_as(by):
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [by.pk, key, mark, digest])
            claimed = cursor.fetchone()
        if claimed:
            status, body = work()
            send_later(ANSWER, [status, json.dumps(body), claimed[0]])
            return StoredResponse(status, body)
        stored = IdempotencyKey.objects.filter(owner=by, key=key).first()
        if stored is None:  # pruned between the two statements
            raise Busy
        if not _may_be(stored, digests):
            raise KeyReused
        return StoredResponse(stored.status, stored.body, repeated=True)


def _may_be(stored: IdempotencyKey, digests: Mapping[bytes, bytes]) -> bool:
    """Whether a stored request may be the one with these digests, which are by the marks of their keys.

    Where none of them is of the stored one's key, its sender's own key tells alone: whoever sends it a second time
    has not had the response, and must not be told that nothing was stored.
    """
    if stored.secret_mark is None:  # stored by the release before this column
        compared = list(digests.values())
    elif (mark := bytes(stored.secret_mark)) in digests:
        compared = [digests[mark]]
    else:
        return True
    return any(constant_time_compare(bytes(stored.request_digest), one) for one in compared)


def store_form_once(
    *, request: bytes, by: User, work: Callable[[], dict[str, Any] | None]
) -> StoredResponse | None:
    """Carry out a form once: returns the stored response if it was sent before, else None.

    request: a digest of everything that identifies the form. work returns what to store of its response, without
    an identity number, or None where nothing was carried out; it manages its own transactions, so that the log of
    a refusal is not rolled back. An identical form sent concurrently waits for the first. Raises Busy.
    """
    digests = digest_request("form", request)
    mark, digest = next(iter(digests.items()))
    key, *earlier = (f"form:{one.hex()}" for one in digests.values())
    with _hold_lock(f"{by.pk}:{key}"):
        if stored := IdempotencyKey.objects.filter(owner=by, key__in=[key, *earlier]).first():
            return StoredResponse(stored.status, stored.body, repeated=True)
        body = work()
        if body is not None:
            IdempotencyKey.objects.create(
                owner=by, key=key, secret_mark=mark, request_digest=digest, status=HTTPStatus.FOUND, body=body
            )
    return None


@contextmanager
def _hold_lock(name: str) -> Iterator[None]:
    """Hold a lock on this name, in a transaction of its own, since there is no surrounding one."""
    with own_transaction() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [IDEMPOTENCY_LOCK, name])
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise Busy from None
            raise
        yield


def prune_idempotency_keys() -> int:
    """Delete the expired responses; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
