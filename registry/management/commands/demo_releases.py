"""`manage.py demo_releases`: the demonstration's two releases; a second run changes nothing."""

from datetime import date

from django.core.management.base import no_translations

from registry.access import Operator
from registry.demonstration.permission import require_demonstration
from registry.management.record_command import RecordCommand
from registry.models import Release
from registry.publishing.new_release import release_snapshot
from swecar.postgresql.roles import CLINIC

RELEASES = (
    {
        "name": "2024-09-08",
        "title_sv": "8 september 2024",
        "title_en": "8 September 2024",
        "note_sv": "Demonstration: påhittade uppgifter, ett år före den publicerade figuren.",
        "note_en": "Demonstration: made-up records, a year before the published figure.",
        "as_of": date(2024, 9, 8),
    },
    {
        "name": "2025-09-08",
        "title_sv": "8 september 2025",
        "title_en": "8 September 2025",
        "note_sv": "Demonstration: påhittade uppgifter som ger den figur som nätverket publicerade den "
        "8 september 2025. Att Uppsalas överskjutande infusion var en ytterligare dos är en slutsats.",
        "note_en": "Demonstration: made-up records that give the figure which the network published on "
        "8 September 2025. That Uppsala’s extra infusion was a further dose is an inference.",
        "as_of": date(2025, 9, 8),
    },
)


class Command(RecordCommand):
    works_as = (CLINIC,)
    help = "Make the demonstration's missing releases from the current snapshot."

    @no_translations
    def handle(self, **options):
        require_demonstration("demo_releases")
        existing = set(Release.objects.values_list("name", flat=True))
        for fields in RELEASES:
            if fields["name"] not in existing:
                release = release_snapshot(**fields, by=Operator())  # type: ignore[arg-type]
                self.stdout.write(f"Release {release.name} made.")
