"""Snapshots, which jobs make, and the button that queues a publication."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from registry.access import Permission
from registry.admin.permissions import PublicationAdmin, holds
from registry.entry.publish_request import queue_publication
from registry.measures import DERIVED, MEASURES
from registry.models import Publication, Snapshot
from registry.published.disclosure import EXACT

HASH_SHOWN = len("sha256:") + 12


def national_numbers(snapshot: Any) -> dict[str, Any]:
    """The national numbers of a snapshot, by measure."""
    return snapshot.map_document["national"]


@admin.register(Snapshot)
class SnapshotAdmin(PublicationAdmin):
    """Published snapshots, newest first, with the button to publish."""

    list_display = [
        "number", "is_current", "built_at", "through", "facts", "patients", "infusions", "short_hash",
    ]  # fmt: skip
    list_per_page = 25
    fields = [
        "number", "is_current", "hash", "built_at", "through", "shown", "facts", "national",
    ]  # fmt: skip

    def get_queryset(self, request):
        """Annotate each with the number of the current one."""
        current = Publication.objects.values("snapshot")[:1]
        return super().get_queryset(request).defer("code_lists").annotate(current=current)

    def get_urls(self):
        """Add the URL of the button."""
        publish = self.admin_site.admin_view(self.publish_view)
        return [path("publish/", publish, name="snapshot_publish"), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        """Show the button to those who may use it."""
        may_publish = holds(request.user, Permission.PUBLISH)
        return super().changelist_view(request, {"may_publish": may_publish} | (extra_context or {}))

    def publish_view(self, request):
        """Queue a publication for a worker."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not holds(request.user, Permission.PUBLISH):
            raise PermissionDenied
        queue_publication()
        runs = reverse("admin:registry_run_changelist")
        sentence = gettext('A publication is queued. <a href="{}">See how the runs go.</a>')
        messages.success(request, format_html(sentence, runs))
        return HttpResponseRedirect(reverse("admin:registry_snapshot_changelist"))

    @admin.display(description=_("current"), boolean=True)
    def is_current(self, snapshot: Snapshot) -> bool:
        return snapshot.number == snapshot.current  # type: ignore[attr-defined]

    @admin.display(description=_("patients"))
    def patients(self, snapshot: Snapshot) -> int:
        return national_numbers(snapshot)["patients"]

    @admin.display(description=_("infusions"))
    def infusions(self, snapshot: Snapshot) -> int:
        return national_numbers(snapshot)["infusions"]

    @admin.display(description=_("small numbers"))
    def shown(self, snapshot: Snapshot) -> str:
        """The disclosure policy that it was made under."""
        if snapshot.disclosure == EXACT:
            return gettext("Every number is shown.")
        least = snapshot.disclosure.partition(":")[2]
        return gettext("No number of fewer than %(least)s persons is shown.") % {"least": least}

    @admin.display(description=_("hash"))
    def short_hash(self, snapshot: Snapshot) -> str:
        """The beginning of the hash, enough to compare by eye."""
        return snapshot.hash[:HASH_SHOWN] + "…"

    @admin.display(description=_("data through"), ordering="data_through")
    def through(self, snapshot: Snapshot) -> str | None:
        return snapshot.written_through

    @admin.display(description=_("national numbers"))
    def national(self, snapshot: Snapshot) -> str:
        """Each national number under the label of its measure."""
        language = "sv" if (get_language() or "sv").startswith("sv") else "en"
        measures = MEASURES | DERIVED
        numbers = national_numbers(snapshot).items()
        rows = ((measures[name].label(language), value) for name, value in numbers)
        return format_html_join("", "{}: {}<br>", rows)
