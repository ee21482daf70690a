"""The ledger of runs, which jobs write."""

from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registry.admin.permissions import PublicationAdmin
from registry.models import Run


def show_time(field: str, label: Any, pattern: str = "H:i:s"):
    """A column with an instant of a run, short so that all of them fit side by side."""

    @admin.display(description=label, ordering=field)
    def show(self, run: Run) -> str:
        instant = getattr(run, field)
        return date_format(timezone.localtime(instant), pattern) if instant else "–"

    return show


class StuckFilter(admin.SimpleListFilter):
    """Runs that someone should look at."""

    title = _("stuck")
    parameter_name = "stuck"

    def lookups(self, request, model_admin):
        return [("1", _("Stuck"))]

    def queryset(self, request, queryset):
        return queryset.filter(is_stuck=True) if self.value() else queryset


@admin.register(Run)
class RunAdmin(PublicationAdmin):
    """The ledger, newest first."""

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
        return super().get_queryset(request).with_stuck()  # type: ignore[attr-defined]

    @admin.display(description=_("outcome"))
    def state(self, run: Run) -> str:
        """Its outcome, or how far it has come."""
        if run.is_stuck:  # type: ignore[attr-defined]
            return format_html("<strong>⚠ {}</strong>", _("Stuck"))
        if run.finished_at:
            return run.get_outcome_display()
        return gettext("Running") if run.started_at else gettext("Waiting")

    @admin.display(description=_("duration"))
    def duration(self, run: Run) -> str:
        """In seconds; of a running job until now."""
        if run.started_at is None:
            return "–"
        seconds = ((run.finished_at or timezone.now()) - run.started_at).total_seconds()
        return f"{seconds:.1f} s"

    @admin.display(description=_("snapshot"), ordering="snapshot")
    def published(self, run: Run) -> int | None:
        """The number of the snapshot that it made."""
        return run.snapshot_id

    @admin.display(description=_("message"))
    def short_message(self, run: Run) -> str:
        """The beginning of the message; the page of the run has all of it."""
        return Truncator(run.message).chars(40)
