"""What is published: snapshots, their anonymous facts, and the ledger of the runs that make them."""

import json
from datetime import timedelta

from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.choices import DatePrecision, Outcome, Task
from registry.dates import write_date

LONGEST_SILENCE = timedelta(minutes=1)
LONGEST_QUEUE = timedelta(minutes=2)


class DocumentField(models.TextField):
    """A document kept letter for letter as JSON; jsonb would put its parts in another order."""

    def from_db_value(self, value, expression, connection):
        """The document of a stored text; None where an outer join has found no row."""
        return None if value is None else json.loads(value)

    def to_python(self, value):
        """Likewise, where a fixture brings a text."""
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value):
        """The text of a document."""
        return json.dumps(value, ensure_ascii=False)


class Snapshot(models.Model):
    """One numbered, immutable, hashed generation of all published numbers. It holds no person."""

    number = models.PositiveIntegerField(_("number"), primary_key=True)
    hash = models.CharField(_("hash"), max_length=71, unique=True)
    built_at = models.DateTimeField(_("built"))
    data_through = models.DateField(_("data through"), null=True)
    data_through_precision = models.CharField(
        _("precision of the date"), max_length=5, choices=DatePrecision.choices, blank=True
    )
    disclosure = models.CharField(_("disclosure policy"), max_length=20)
    map_document: "models.Field[dict, dict]" = DocumentField()
    code_lists: "models.Field[dict, dict]" = DocumentField()
    facts = models.PositiveIntegerField(_("facts"), help_text=_("One per counted infusion."))
    # What the numbers may be told of under the policy (published/disclosure.py); never printed.
    blocks: "models.Field[dict | None, dict | None]" = DocumentField(null=True)

    class Meta:
        ordering = ["-number"]
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        constraints = [
            models.CheckConstraint(
                name="snapshot_date_has_precision",
                condition=Q(data_through=None, data_through_precision="")
                | Q(data_through__isnull=False, data_through_precision__in=DatePrecision.values),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}"

    @property
    def written_through(self) -> str | None:
        """The date of the latest counted infusion, in its own precision."""
        return write_date(self.data_through, self.data_through_precision) if self.data_through else None


class Revision(models.Model):
    """One row: how often the records have changed. Written by triggers alone."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(name="revision_is_one_row", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return str(self.number)


class Publication(models.Model):
    """One row: which snapshot is current, and up to which revision of the records it is true."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, null=True, related_name="+")
    revision = models.BigIntegerField(default=-1)

    class Meta:
        constraints = [
            models.CheckConstraint(name="publication_is_one_row", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return f"{self.snapshot_id}"


class RunQuerySet(models.QuerySet):
    """The ledger, asked for what needs someone's eye."""

    def silent(self):
        """Runs that began and then fell silent: their worker is gone."""
        return self.filter(_fell_silent())

    def last_of_each_task(self):
        """The latest run of each task that has ended."""
        return self.exclude(finished_at=None).order_by("task", "-pk").distinct("task")

    def with_stuck(self):
        """Each with `is_stuck`: waiting with no worker to take it, or begun and silent."""
        waiting = Q(started_at=None, finished_at=None, queued_at__lt=timezone.now() - LONGEST_QUEUE)
        return self.annotate(is_stuck=ExpressionWrapper(waiting | _fell_silent(), models.BooleanField()))


def _fell_silent() -> Q:
    begun = Q(started_at__isnull=False, finished_at=None)
    return begun & Q(heartbeat_at__lt=timezone.now() - LONGEST_SILENCE)


class Run(models.Model):
    """One line of the ledger of jobs."""

    task = models.CharField(_("task"), max_length=40, choices=Task.choices)
    queued_at = models.DateTimeField(_("queued"))
    started_at = models.DateTimeField(_("started"), null=True)
    heartbeat_at = models.DateTimeField(_("heartbeat"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, blank=True)
    revision = models.BigIntegerField(_("revision"), null=True, help_text=_("Of the records, when the run began."))
    rows = models.PositiveIntegerField(_("rows"), null=True)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.SET_NULL, null=True, verbose_name=_("snapshot"))
    message = models.TextField(_("message"), blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [
            models.UniqueConstraint(fields=["task"], condition=Q(started_at=None), name="run_waits_once_a_task"),
            models.CheckConstraint(name="run_task_is_known", condition=Q(task__in=Task.values)),
            models.CheckConstraint(
                name="run_finished_has_outcome",
                condition=Q(finished_at=None, outcome="") | Q(finished_at__isnull=False) & ~Q(outcome=""),
            ),
            models.CheckConstraint(
                name="run_started_has_heartbeat",
                condition=Q(started_at=None, heartbeat_at=None)
                | Q(started_at__isnull=False, heartbeat_at__isnull=False),
            ),
            models.CheckConstraint(
                name="run_finishes_after_start",
                condition=Q(finished_at=None) | Q(started_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.pk}"

    @property
    def duration(self) -> timedelta | None:
        """How long it ran, None while it has not ended."""
        return self.finished_at - self.started_at if self.finished_at and self.started_at else None
