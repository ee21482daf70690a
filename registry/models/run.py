"""The ledger of jobs."""

from datetime import timedelta

from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.choices import Outcome, Task
from registry.models.snapshot import Snapshot

LONGEST_SILENCE = timedelta(minutes=1)
LONGEST_QUEUE = timedelta(minutes=2)


class RunQuerySet(models.QuerySet):
    """Runs that an operator should look at."""

    def silent(self):
        """Started runs whose heartbeat has stopped: their worker died."""
        return self.filter(_fell_silent())

    def last_of_each_task(self):
        """The latest finished run of each task."""
        return self.exclude(finished_at=None).order_by("task", "-pk").distinct("task")

    def with_stuck(self):
        """Annotated with `is_stuck`: queued too long with no worker, or started and silent."""
        waiting = Q(started_at=None, finished_at=None, queued_at__lt=timezone.now() - LONGEST_QUEUE)
        return self.annotate(is_stuck=ExpressionWrapper(waiting | _fell_silent(), models.BooleanField()))


def _fell_silent() -> Q:
    begun = Q(started_at__isnull=False, finished_at=None)
    return begun & Q(heartbeat_at__lt=timezone.now() - LONGEST_SILENCE)


class Run(models.Model):
    """A job from queue to outcome, one line of the ledger."""

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
        """How long it ran; None until it has finished."""
        return self.finished_at - self.started_at if self.finished_at and self.started_at else None
