"""The backend: Django's, without what a pooler refuses or leaves behind on another client's session."""

from django.conf import settings
from django.db.backends.postgresql import base

SET = "SELECT set_config(%s, %s, false)"


class DatabaseWrapper(base.DatabaseWrapper):
    """Settings of the session are set by statements, and a server-side cursor never outlives its transaction.

    said: actor, reason and purpose as the current transaction's settings say them (access.acting_as).
    """

    said = ("", "", "")

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
