"""Snapshots and the ledger of runs: read here, made by jobs alone."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from registry.access import Permission
from registry.admin.base import HistoryAdmin, ViewOnly, holds
from registry.entry.publish_request import queue_publication
from registry.measures import DERIVED, MEASURES
from registry.models import Publication, Run, Snapshot
from registry.published.disclosure import EXACT

HASH_SHOWN = len("sha256:") + 12


def national_numbers(snapshot: Any) -> dict[str, Any]:
    """The national line of a snapshot, by measure."""
    return snapshot.map_document["national"]


def show_time(field: str, label: Any, pattern: str = "H:i:s"):
    """A column with an instant of a run, short enough that all of them stand side by side."""

    @admin.display(description=label, ordering=field)
    def show(self, run: Run) -> str:
        instant = getattr(run, field)
        return date_format(timezone.localtime(instant), pattern) if instant else "–"

    return show


class PublicationAdmin(ViewOnly, HistoryAdmin):
    """What jobs have made; a superuser may look, whatever the role: there is no person in it."""

    permission = Permission.PUBLISH

    def is_readable(self, request, obj=None) -> bool:
        """Whoever may publish, or appoints those who may."""
        return request.user.is_superuser or super().is_readable(request, obj)

    has_module_permission = has_view_permission = is_readable


@admin.register(Snapshot)
class SnapshotAdmin(PublicationAdmin):
    """Published snapshots, the newest first, and the button that asks for a new one."""

    list_display = [
        "number", "is_current", "built_at", "through", "facts", "patients", "infusions", "short_hash",
    ]  # fmt: skip
    list_per_page = 25
    fields = [
        "number", "is_current", "hash", "built_at", "through", "shown", "facts", "national",
    ]  # fmt: skip

    def get_queryset(self, request):
        """With the number of the current one beside each."""
        current = Publication.objects.values("snapshot")[:1]
        return super().get_queryset(request).defer("code_lists").annotate(current=current)

    def get_urls(self):
        """Django's, and the button's."""
        publish = self.admin_site.admin_view(self.publish_view)
        return [path("publish/", publish, name="snapshot_publish"), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        """Django's, with the button for those who may use it."""
        may_publish = holds(request.user, Permission.PUBLISH)
        return super().changelist_view(request, {"may_publish": may_publish} | (extra_context or {}))

    def publish_view(self, request):
        """Queue a publication; the worker does it."""
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
        """Whether this is what the public reads."""
        return snapshot.number == snapshot.current  # type: ignore[attr-defined]

    @admin.display(description=_("patients"))
    def patients(self, snapshot: Snapshot) -> int:
        """Nationally."""
        return national_numbers(snapshot)["patients"]

    @admin.display(description=_("infusions"))
    def infusions(self, snapshot: Snapshot) -> int:
        """Nationally."""
        return national_numbers(snapshot)["infusions"]

    @admin.display(description=_("small numbers"))
    def shown(self, snapshot: Snapshot) -> str:
        """The policy on them that it was made under."""
        if snapshot.disclosure == EXACT:
            return gettext("Every number is shown.")
        least = snapshot.disclosure.partition(":")[2]
        return gettext("No number of fewer than %(least)s persons is shown.") % {"least": least}

    @admin.display(description=_("hash"))
    def short_hash(self, snapshot: Snapshot) -> str:
        """Enough of the hash to compare by eye."""
        return snapshot.hash[:HASH_SHOWN] + "…"

    @admin.display(description=_("data through"), ordering="data_through")
    def through(self, snapshot: Snapshot) -> str | None:
        """In the precision of its row."""
        return snapshot.written_through

    @admin.display(description=_("national numbers"))
    def national(self, snapshot: Snapshot) -> str:
        """Each measure by its published name."""
        language = "sv" if (get_language() or "sv").startswith("sv") else "en"
        measures = MEASURES | DERIVED
        numbers = national_numbers(snapshot).items()
        rows = ((getattr(measures[name], language), value) for name, value in numbers)
        return format_html_join("", "{}: {}<br>", rows)


class StuckFilter(admin.SimpleListFilter):
    """Runs that someone should look at."""

    title = _("stuck")
    parameter_name = "stuck"

    def lookups(self, request, model_admin):
        """Stuck, or all."""
        return [("1", _("Stuck"))]

    def queryset(self, request, queryset):
        """The stuck ones."""
        return queryset.filter(is_stuck=True) if self.value() else queryset


@admin.register(Run)
class RunAdmin(PublicationAdmin):
    """The ledger of jobs, the newest first."""

    list_display = [
        "task", "state", "queued", "started", "heartbeat", "finished", "duration", "rows",
        "published", "short_message",
    ]  # fmt: skip
    list_filter = [StuckFilter, "task", "outcome"]
    fields = [
        "task", "state", "queued_at", "started_at", "heartbeat_at", "finished_at", "duration",
        "rows", "revision", "snapshot", "message",
    ]  # fmt: skip

    queued = show_time("queued_at", _("queued"), "j\u00a0M\u00a0H:i:s")
    started = show_time("started_at", _("started"))
    heartbeat = show_time("heartbeat_at", _("heartbeat"))
    finished = show_time("finished_at", _("finished"))

    def get_queryset(self, request):
        """Each with whether it is stuck."""
        return super().get_queryset(request).with_stuck()  # type: ignore[attr-defined]

    @admin.display(description=_("outcome"))
    def state(self, run: Run) -> str:
        """How it ended, or where it stands."""
        if run.is_stuck:  # type: ignore[attr-defined]
            return format_html("<strong>⚠ {}</strong>", _("Stuck"))
        if run.finished_at:
            return run.get_outcome_display()
        return gettext("Running") if run.started_at else gettext("Waiting")

    @admin.display(description=_("duration"))
    def duration(self, run: Run) -> str:
        """In seconds, of a running one until now."""
        if run.started_at is None:
            return "–"
        seconds = ((run.finished_at or timezone.now()) - run.started_at).total_seconds()
        return f"{seconds:.1f} s"

    @admin.display(description=_("snapshot"), ordering="snapshot")
    def published(self, run: Run) -> int | None:
        """The number of the snapshot that it published."""
        return run.snapshot_id

    @admin.display(description=_("message"))
    def short_message(self, run: Run) -> str:
        """The beginning of the message; all of it stands on the run's page."""
        return Truncator(run.message).chars(40)
