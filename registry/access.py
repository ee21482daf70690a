"""Authorisation: permission -> role -> rows. No other module decides who may do what."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Protocol

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _
from psycopg.errors import LockNotAvailable

from registry.choices import CentreRole, NationalRole
from registry.errors import Busy, NotPermitted
from registry.purpose import own_purpose, read_purpose, refuse_other_purpose


class Permission(StrEnum):
    """What a user may do; each permission is held at centres or nationwide."""

    READ_RECORDS = "read_records"
    WRITE_RECORDS = "write_records"
    MERGE_PATIENTS = "merge_patients"
    ERASE_PATIENTS = "erase_patients"
    PUBLISH = "publish"
    INVITE_PEOPLE = "invite_people"
    STATE_COVERAGE = "state_coverage"
    ASK_QUESTIONS = "ask_questions"
    SETTLE_ORDER = "settle_order"
    EXTRACT_ACCESS_LOG = "extract_access_log"
    READ_ACCESS_LOG = "read_access_log"


ROLES: dict[str, tuple[object, frozenset[Permission]]] = {
    CentreRole.REPORTER: (
        _("Registers and corrects the centre's infusions."),
        frozenset({Permission.READ_RECORDS, Permission.WRITE_RECORDS}),
    ),
    CentreRole.LEAD: (
        _("Is responsible for the centre's records: attests that they are complete, and invites its reporters."),
        frozenset(
            {
                Permission.READ_RECORDS,
                Permission.WRITE_RECORDS,
                Permission.INVITE_PEOPLE,
                Permission.STATE_COVERAGE,
            }
        ),
    ),
    NationalRole.STEWARD: (
        _(
            "Is responsible for the registry's quality: asks about rows, merges persons registered twice, "
            "erases, publishes."
        ),
        frozenset(
            {
                Permission.READ_RECORDS,
                Permission.MERGE_PATIENTS,
                Permission.ERASE_PATIENTS,
                Permission.PUBLISH,
                Permission.ASK_QUESTIONS,
                Permission.SETTLE_ORDER,
                Permission.EXTRACT_ACCESS_LOG,
            }
        ),
    ),
    NationalRole.AUDITOR: (
        _("Reviews who has seen and done what, and when."),
        frozenset({Permission.READ_ACCESS_LOG, Permission.EXTRACT_ACCESS_LOG}),
    ),
    NationalRole.ADMINISTRATOR: (
        _("Manages code lists, users and centres, and corrects records with a reason."),
        frozenset(Permission),
    ),
}


class Actor(Protocol):
    """The user on whose behalf records are read or changed."""

    @property
    def username(self) -> str:
        """The name shown in the history."""

    def roles_at(self) -> Iterator[tuple[str, int | None]]:
        """(role, centre id); None is nationwide."""


class Operator:
    """The actor of a command run on the server."""

    username = "operator"

    def roles_at(self) -> Iterator[tuple[str, int | None]]:
        """The administrator's role."""
        yield NationalRole.ADMINISTRATOR, None


class Nationwide(frozenset):
    """Contains every centre: for an actor who holds a permission nationwide."""

    def __contains__(self, centre: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True


NATIONWIDE = Nationwide()


def centres_where(actor: Actor, permission: Permission) -> frozenset[int]:
    """Ids of the centres where the actor holds the permission; NATIONWIDE contains all."""
    held = {centre for role, centre in actor.roles_at() if permission in ROLES[role][1]}
    return NATIONWIDE if None in held else frozenset(c for c in held if c is not None)


def require(actor: Actor, permission: Permission, *, centre: int | None = None) -> None:
    """Raise NotPermitted unless the actor holds the permission at the centre (None: nationwide)."""
    centres = centres_where(actor, permission)
    if centres is not NATIONWIDE and (centre is None or centre not in centres):
        raise NotPermitted


SAY = """
SELECT (SELECT kind FROM registry_statedpurpose), set_config('swecar.actor', %s, true),
       set_config('swecar.reason', %s, true), set_config('swecar.purpose', %s, true)
"""
NOBODY = ("", "", "")


@contextmanager
def acting_as(actor: Actor, *, reason: str = "") -> Iterator[None]:
    """A transaction with an actor and a reason, which the history triggers read, and the process's purpose.

    A nested call restores the outer ones. Raises Busy on lock contention, WrongPurpose.
    """
    is_nested = connection.in_atomic_block
    # Behind a pooler another session than the one that was given these settings may serve the transaction.
    session = {} if is_nested else settings.DATABASE_SESSION
    outer, said = connection.said, (actor.username, reason, own_purpose())  # type: ignore[attr-defined]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if said != outer:
                words = [*said, *(word for pair in session.items() for word in pair)]
                cursor.execute(SAY + ", set_config(%s, %s, true)" * len(session), words)
                refuse_other_purpose(cursor.fetchone()[0])
                connection.said = said  # type: ignore[attr-defined]
            yield
            if said != outer and is_nested:  # else the commit ends them
                cursor.execute(SAY, outer)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Busy from None
        raise
    except IntegrityError:
        refuse_other_purpose(read_purpose())  # it may have been said since it was asked above
        raise
    finally:
        connection.said = outer  # type: ignore[attr-defined]
