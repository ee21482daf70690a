"""How long a statement may take and wait, by what it is done for.

A request says at its beginning whose it is (swecar.http.limits). Nobody waits behind a job or a command, so that
these have what the process was given (DATABASE_SESSION), and no limit to the database's silence.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum

from django.conf import settings


class Limits(StrEnum):
    """Whose statements they are."""

    PUBLIC = "public"  # what anyone may read: never waits for long
    READ = "read"  # by someone who is signed in
    WRITE = "write"  # waits as long as an import stores a file
    OTHERS = "others"  # jobs and commands


_chosen: ContextVar[Limits] = ContextVar("limits", default=Limits.OTHERS)


@contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Let the statements of the block, in this thread, have these limits."""
    before = _chosen.set(limits)
    try:
        yield
    finally:
        _chosen.reset(before)


def chosen_limits() -> Limits:
    """Those in force here."""
    return _chosen.get()


def session_settings() -> Mapping[str, str]:
    """What a session is to be set to here."""
    limits: Mapping[str, Mapping[str, str]] = settings.DATABASE_LIMITS
    session: Mapping[str, str] = settings.DATABASE_SESSION
    return {**session, **limits.get(_chosen.get(), {})}


def longest_silence() -> float | None:
    """For how many seconds the database may say nothing before it is held to be away; None for no limit."""
    return None if _chosen.get() == Limits.OTHERS else settings.DATABASE_SILENCE / 1000
