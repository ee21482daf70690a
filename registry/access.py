"""Authorisation: permission -> role -> rows. No other module decides who may do what."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Any, Protocol

from django.db import IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_lazy as _
from psycopg.errors import InsufficientPrivilege, LockNotAvailable

from registry.choices import CentreRole, NationalRole
from registry.database_roles.policies import POLICIES
from registry.errors import Busy, NotPermitted, WrongPurpose
from registry.purpose import own_purpose, read_purpose, refuse_other_purpose
from registry.signed_context import Context
from swecar.postgresql.at_start import asking_at_start
from swecar.postgresql.base import Said
from swecar.postgresql.limits import session_settings
from swecar.postgresql.roles import IMPORTER, WORKER
from swecar.postgresql.together import send_later


class Permission(StrEnum):
    """What a user may do; each permission is held at centres or nationwide."""

    READ_RECORDS = "read_records"
    WRITE_RECORDS = "write_records"
    MERGE_PATIENTS = "merge_patients"
    ERASE_PATIENTS = "erase_patients"
    PUBLISH = "publish"
    INVITE_PEOPLE = "invite_people"
    STATE_COVERAGE = "state_coverage"
    STATE_TRIALS = "state_trials"
    ASK_QUESTIONS = "ask_questions"
    SETTLE_ORDER = "settle_order"
    CORRECT_FOR_CLINIC = "correct_for_clinic"
    EXTRACT_ACCESS_LOG = "extract_access_log"
    READ_ACCESS_LOG = "read_access_log"


ROLES: dict[str, tuple[object, frozenset[Permission]]] = {
    CentreRole.REPORTER: (
        _("Registers and corrects the centre's infusions."),
        frozenset({Permission.READ_RECORDS, Permission.WRITE_RECORDS}),
    ),
    CentreRole.LEAD: (
        _(
            "Is responsible for the centre's records: attests that they are complete, states its trials, and "
            "invites its reporters."
        ),
        frozenset(
            {
                Permission.READ_RECORDS,
                Permission.WRITE_RECORDS,
                Permission.INVITE_PEOPLE,
                Permission.STATE_COVERAGE,
                Permission.STATE_TRIALS,
            }
        ),
    ),
    NationalRole.STEWARD: (
        _(
            "Is responsible for the registry's quality: asks about rows, corrects them on a clinic's behalf, "
            "merges persons registered twice, erases, publishes."
        ),
        frozenset(
            {
                Permission.READ_RECORDS,
                Permission.MERGE_PATIENTS,
                Permission.ERASE_PATIENTS,
                Permission.PUBLISH,
                Permission.ASK_QUESTIONS,
                Permission.SETTLE_ORDER,
                Permission.CORRECT_FOR_CLINIC,
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


NATION = {
    "records": frozenset({Permission.READ_RECORDS}),
    "log": frozenset({Permission.READ_ACCESS_LOG, Permission.EXTRACT_ACCESS_LOG}),
}
UNKNOWN_KEY = (
    "The database does not know this SECRET_KEY, so nobody could act: run `manage.py make_roles` with it."
)
OF_RECORDS = re.compile(rf"\b({'|'.join(POLICIES)})\b")
BEGUN = "SELECT transaction_mark(), (SELECT kind FROM registry_statedpurpose)"
SAY = """
SELECT set_config('swecar.actor', %s, true), set_config('swecar.reason', %s, true),
       set_config('swecar.purpose', %s, true), set_config('swecar.context', %s, true)
"""
BECOME = "SELECT set_config('role', %s, true)"
SAY_AGAIN = "SELECT set_config('swecar.context', %s, true)"


def context_of(actor: Actor) -> Context:
    """What the database is told of an actor: what row-level security lets them see."""
    held = list(actor.roles_at())
    nationwide = frozenset().union(*(ROLES[role][1] for role, centre in held if centre is None))
    return Context(
        actor=actor.username,
        user=getattr(actor, "pk", None),
        centres=tuple(sorted({centre for _role, centre in held if centre is not None})),
        nation=tuple(name for name, permissions in NATION.items() if permissions & nationwide),
    )


def _said() -> Said:
    """What this transaction's settings say; what was said in another is nothing."""
    said: Said = connection.said  # type: ignore[attr-defined]
    blocks = connection.atomic_blocks
    return said if blocks and blocks[0] is said.transaction else Said()


@contextmanager
def acting_as(actor: Actor, *, reason: str = "") -> Iterator[None]:
    """A transaction with an actor, whose rows it sees, a reason, which the history has, and the process's purpose.

    A nested call restores the outer ones. Raises Busy on lock contention, WrongPurpose.
    """
    is_nested = connection.in_atomic_block
    # Behind a pooler another session than the one that was given these settings may serve the transaction.
    session = {} if is_nested else session_settings()
    outer = _said()
    context = outer.context if outer.actor is actor else context_of(actor)
    said = Said(actor, reason, own_purpose(), context, outer.mark, outer.transaction)
    try:
        with transaction.atomic():
            if said != outer:
                if not outer.mark:
                    with connection.cursor() as cursor:
                        cursor.execute(BEGUN)
                        mark, purpose = cursor.fetchone()
                    refuse_other_purpose(purpose)
                    said = said._replace(mark=mark, transaction=connection.atomic_blocks[0])
                words = [*said.words(), *(word for pair in session.items() for word in pair)]
                connection.said = said  # type: ignore[attr-defined]
                send_later(SAY + ", set_config(%s, %s, true)" * len(session), words)
            yield
            if said != outer and is_nested:  # else the commit ends them
                send_later(SAY, outer.words())
            if not is_nested or outer.actor is None:
                connection.send_waiting()  # type: ignore[attr-defined]
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Busy from None
        raise
    except IntegrityError:
        refuse_other_purpose(read_purpose())  # it may have been said since it was asked above
        raise
    finally:
        connection.said = outer  # type: ignore[attr-defined]


@contextmanager
def reading_as(actor: Actor) -> Iterator[None]:
    """The same for reading, without a savepoint where the actor acts already."""
    if _said().actor is actor:
        yield
    else:
        with acting_as(actor):
            yield


@contextmanager
def seeing_as(actor: Actor) -> Iterator[None]:
    """Let each statement on records in which nobody acts be a transaction of its own, of the actor.

    For a request that stores in several transactions, and reads beside them what it shows.
    """

    def execute(statement: Callable, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if _said().actor is not None or not OF_RECORDS.search(sql):
            return statement(sql, parameters, many, context)
        with acting_as(actor):
            return statement(sql, parameters, many, context)

    with connection.execute_wrapper(execute):
        yield


def say_to(cursor: CursorWrapper, actor: Actor) -> None:
    """Say who acts in the transaction of another connection, for what is read there."""
    cursor.execute("SELECT transaction_mark()")
    cursor.execute(SAY, Said(actor, "", own_purpose(), context_of(actor), cursor.fetchone()[0]).words())


@contextmanager
def seeing_no_more() -> Iterator[None]:
    """Let the block's statements reach what the actor may see, and no more, where the worker would see all.

    They are made as the importer. The owner's are not bound by policies, and are left as they are.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('role')")
        role, before = cursor.fetchone()
        if role != WORKER:
            yield
            return
        cursor.execute(BECOME, [IMPORTER])
        yield
        cursor.execute(BECOME, [before])  # a transaction that fails ends it too


def open_persons(persons: Iterable[int]) -> None:
    """Let the transaction see these persons at all centres, until the acting_as that is innermost ends.

    For what has to be judged by a person's whole course, and is not shown.
    """
    said = _said()
    if said.actor is None:
        return  # the worker sees all
    context = said.context.opening(persons)
    if context != said.context:
        said = said._replace(context=context)
        send_later(SAY_AGAIN, [context.sign(said.mark)])
        connection.said = said  # type: ignore[attr-defined]


def is_key_known() -> bool:
    """Whether the database can check what this process signs: it has been told of its SECRET_KEY by make_roles."""
    try:
        with acting_as(Operator()), connection.cursor() as cursor:
            cursor.execute("SELECT signed_context()")
    except ProgrammingError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            return False
        raise
    return True


def check_key_at_start() -> None:
    """End the process with a sentence if it could act for nobody."""
    with asking_at_start(), suppress(WrongPurpose):
        if not is_key_known():
            sys.exit(UNKNOWN_KEY)
