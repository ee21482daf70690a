"""The backend: Django's, without what a pooler refuses or leaves behind on another client's session."""

from typing import Any, NamedTuple

from django.conf import settings
from django.db.backends.postgresql import base


class Said(NamedTuple):
    """What the current transaction's settings say (registry.access.acting_as). mark: the transaction's."""

    actor: Any = None
    reason: str = ""
    purpose: str = ""
    context: Any = None
    mark: str = ""
    transaction: Any = None  # Django's outermost block, without which the rest is of another transaction

    def words(self) -> list[str]:
        """The values of actor, reason, purpose and context."""
        if self.actor is None:
            return ["", "", "", ""]
        return [self.actor.username, self.reason, self.purpose, self.context.sign(self.mark)]


SET = "SELECT set_config(%s, %s, false)"


class DatabaseWrapper(base.DatabaseWrapper):
    """Settings of the session are set by statements, and a server-side cursor never outlives its transaction."""

    said = Said()

    def _configure_connection(self, connection) -> bool:  # for the pool and without it
        """Set them on a new connection: as a startup option PgBouncer refuses them."""
        super()._configure_connection(connection)  # type: ignore[misc]
        with connection.cursor() as cursor:
            for name, value in settings.DATABASE_SESSION.items():
                cursor.execute(SET, [name, value])
        return True  # commit

    def chunked_cursor(self):
        """A server-side cursor within a transaction; else a usual one, since the next fetch may reach another."""
        return super().chunked_cursor() if self.in_atomic_block else self.cursor()
