"""Which of the database's errors are outages, and no fault of whoever asked or of the program that did."""

from enum import StrEnum

from django.db import InterfaceError, InternalError, OperationalError
from psycopg_pool import PoolTimeout


class Outage(StrEnum):
    """What is the matter with the database."""

    DOWN = "down"
    BUSY = "busy"  # it is there, and did not do it in time
    FULL = "full"
    READ_ONLY = "read_only"  # a former primary, or one that is only just becoming one


FULL, READ_ONLY = "53100", "25006"
TOO_IDLE = "25P03"  # a transaction in which the process said nothing for too long, since it was stopped itself
# Serialization failure, deadlock, lock_timeout, statement_timeout, too many connections.
BUSY = {"40001", "40P01", "55P03", "57014", "53300"}
TOO_LARGE = "54"  # class: a statement that no server would take, which is a fault of ours


def outage_of(error: BaseException | None) -> Outage | None:
    """What an error of Django's tells of the database; None for any other error."""
    code = getattr(getattr(error, "__cause__", None), "sqlstate", None) or ""
    if isinstance(error, InternalError):
        return {READ_ONLY: Outage.READ_ONLY, TOO_IDLE: Outage.BUSY}.get(code)
    if isinstance(error, InterfaceError):
        return Outage.DOWN
    if not isinstance(error, OperationalError) or code.startswith(TOO_LARGE):
        return None
    if code in BUSY or isinstance(error.__cause__, PoolTimeout):
        return Outage.BUSY
    return Outage.FULL if code == FULL else Outage.DOWN
