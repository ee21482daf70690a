"""What the commands that read or change records share."""

from django.core.management.base import BaseCommand, CommandError

from registry.errors import WrongPurpose


class RecordCommand(BaseCommand):
    """Ends with a sentence on a database that is for something else than its process."""

    def execute(self, *args, **options):
        """Run the command."""
        try:
            return super().execute(*args, **options)
        except WrongPurpose as wrong:
            raise CommandError(wrong.sentence) from None
