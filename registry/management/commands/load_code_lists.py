"""`manage.py load_code_lists`: centres, manufacturing sites, products, indications, areas; nothing made up."""

from django.core.management.base import no_translations

from registry.access import Operator, acting_as
from registry.management.record_command import RecordCommand
from registry.national_lists.storing import store_code_lists
from registry.sentences import CODE_LISTS
from swecar.postgresql.roles import CLINIC


class Command(RecordCommand):
    """A second run stores nothing; what an administrator has changed stays."""

    works_as = (CLINIC,)
    help = "Store the code lists that every installation begins with. Rows that are there stay as they are."

    @no_translations
    def handle(self, **options):
        with acting_as(Operator(), reason=CODE_LISTS):
            lists = store_code_lists()
        for name, stored in lists.items():
            self.stdout.write(f"{name}: {stored.new} stored, {stored.there} already there")
