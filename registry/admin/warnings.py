"""Warnings on the start page of the admin."""

from collections.abc import Iterator
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.choices import FAILURES
from registry.models import Run
from registry.publishing.publish import is_behind, is_in_batches


class Warning(NamedTuple):
    """A sentence, and the URL of the page that shows more."""

    level: str
    sentence: str
    url: str


def find_warnings() -> Iterator[Warning]:
    """Stuck runs, tasks whose last run ended badly, and records that are not published yet."""
    runs = reverse("admin:registry_run_changelist")
    stuck = Run.objects.with_stuck().filter(is_stuck=True).count()
    if stuck:
        sentence = ngettext(
            "A run is stuck: check that the broker and a worker are running.",
            "%(count)s runs are stuck: check that the broker and a worker are running.",
            stuck,
        )
        yield Warning("error", sentence % {"count": stuck}, f"{runs}?stuck=1")
    for run in Run.objects.last_of_each_task():
        if run.outcome in FAILURES:
            sentence = _("The last run of “%(task)s” ended with: %(outcome)s.") % {
                "task": run.get_task_display(),
                "outcome": run.get_outcome_display(),
            }
            yield Warning("error", sentence, reverse("admin:registry_run_change", args=[run.pk]))
    if is_behind():
        sentence = _("The records have changed since the current snapshot.")
        if is_in_batches():
            sentence = _(
                "The records have changed since the current snapshot. Under the policy on small numbers changes "
                "are published together; the latest run says what holds them back."
            )
        yield Warning("warning", sentence, reverse("admin:registry_snapshot_changelist"))
