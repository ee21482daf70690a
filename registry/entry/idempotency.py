"""A request that is sent twice is carried out once: its answer is kept, and given again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.db import OperationalError, connection
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_noop
from psycopg.errors import LockNotAvailable

from registry.access import acting_as
from registry.errors import Busy, RegistryError
from registry.models import IdempotencyKey, User

IDEMPOTENCY_LOCK = 7204  # with a hash of owner and key, held until the commit
KEPT = timedelta(hours=24)


class KeyReused(RegistryError):
    sentence = gettext_noop("The key was used for another request already: nothing was stored.")
    code = "idempotency_key_reused"


@dataclass(frozen=True)
class Answer:
    """What a request was answered; repeated: it had been carried out before."""

    status: int
    body: dict[str, Any]
    repeated: bool = False


def answer_once(*, key: str, request: bytes, by: User, work: Callable[[], tuple[int, dict[str, Any]]]) -> Answer:
    """Carry out a request and keep its answer in the same transaction, or give the answer of before.

    request: all that makes it this request; only a keyed digest of it is kept, since an identifier
    may stand in it. work gives status and body, without an identifier; what it raises undoes
    everything, and the key is free again. Who sends the same at the same moment waits for the first.
    Raises KeyReused, Busy.
    """
    digest = salted_hmac("swecar.idempotency", request, algorithm="sha256").digest()
    with acting_as(by):
        with connection.cursor() as cursor:
            lock = (IDEMPOTENCY_LOCK, f"{by.pk}:{key}")
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", lock)
        kept = IdempotencyKey.objects.filter(owner=by, key=key).first()
        if kept is None:
            status, body = work()
            IdempotencyKey.objects.create(owner=by, key=key, request_digest=digest, status=status, answer=body)
            return Answer(status, body)
        if not constant_time_compare(bytes(kept.request_digest), digest):
            raise KeyReused
        return Answer(kept.status, kept.answer, repeated=True)


def answer_form_once(*, request: bytes, by: User, work: Callable[[], dict[str, Any] | None]) -> Answer | None:
    """Carry out a form, unless the same one was carried out before: then the answer of then, else None.

    request: a digest of all that makes it this form. work gives what is to be kept of its answer, without an
    identifier, and None where nothing was carried out; it keeps its own transactions, so that what is logged of
    a refusal stays. Who sends the same at the same moment waits for the first. Raises Busy.
    """
    digest = salted_hmac("swecar.form", request, algorithm="sha256").digest()
    key = f"form:{digest.hex()}"
    with _holding(f"{by.pk}:{key}"):
        if kept := IdempotencyKey.objects.filter(owner=by, key=key).first():
            return Answer(kept.status, kept.answer, repeated=True)
        body = work()
        if body is not None:
            IdempotencyKey.objects.create(
                owner=by, key=key, request_digest=digest, status=HTTPStatus.FOUND, answer=body
            )
    return None


@contextmanager
def _holding(name: str) -> Iterator[None]:
    """Alone with this name, until the block ends: the lock is the session's, since no transaction is around it."""
    lock = (IDEMPOTENCY_LOCK, name)
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", lock)
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise Busy from None
            raise
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", lock)


def prune_idempotency_keys() -> int:
    """Forget the answers that nobody asks for again; how many."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
