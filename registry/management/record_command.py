"""What the registry's commands share: as whom they work, and on what database."""

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from registry.errors import WrongPurpose
from swecar.postgresql.roles import OF_PROCESS

UNUSABLE = 2
# The owner of the tables may do what every role may. Before the first migration nobody can be told from another.
WORKS_AS = """
SELECT current_user, pg_has_role(relowner, 'USAGE')
    OR EXISTS (SELECT FROM pg_roles WHERE rolname = ANY(%s) AND pg_has_role(oid, 'USAGE'))
FROM pg_class WHERE oid = to_regclass('registry_infusion')
"""


class RecordCommand(BaseCommand):
    """Ends with a sentence as a role that cannot do its work, or on a database that is for something else.

    works_as: the roles of the database that can, besides the owner of the tables.
    """

    works_as: tuple[str, ...]

    def execute(self, *args, **options):
        """Run the command."""
        self._refuse_other_role()
        try:
            return super().execute(*args, **options)
        except WrongPurpose as wrong:
            raise CommandError(wrong.sentence) from None

    def _refuse_other_role(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(WORKS_AS, [list(self.works_as)])
            role, works = cursor.fetchone() or ("", True)
        if works:
            return
        service = next((process for process, name in OF_PROCESS.items() if name in self.works_as), "migrate")
        whose = "owner's" if service == "migrate" else f"{service}'s"
        name = self.__module__.rpartition(".")[2]
        raise CommandError(
            f"This command does not work as {role}, the role of the database in DATABASE_URL: nothing was done. "
            f"Run it with the {whose} URL (docker compose run --rm {service} python manage.py {name} …).",
            returncode=UNUSABLE,
        )
