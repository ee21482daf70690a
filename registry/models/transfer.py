"""Files and requests on their way in: uploaded exchange files, and requests that may be sent twice."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.choices import ImportState
from registry.models.account import User
from registry.models.centre import Centre
from registry.models.question import Referral


class ImportJob(models.Model):
    """An uploaded exchange file: its rows with digests in place of identifiers, or sealed until they are read."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, help_text="The only centre allowed.")
    uploaded_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="imports")
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    state = models.CharField(_("state"), max_length=8, choices=ImportState.choices, default=ImportState.QUEUED)
    dry_run = models.BooleanField(default=True)
    stage = models.CharField(max_length=10, blank=True, help_text="What it is doing: reading, checking, storing.")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    read = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0, help_text="Or would be, in a dry run.")
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    warnings = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-uploaded_at"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.CheckConstraint(name="import_state_is_known", condition=Q(state__in=ImportState.values)),
            models.CheckConstraint(
                name="import_dry_run_stores_nothing", condition=~Q(state="stored", dry_run=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def sent(self) -> int:
        """Rows of a checked file that had been sent to the registry's steward before."""
        judged = self.state in {ImportState.CHECKED, ImportState.REFUSED, ImportState.STORED} and not self.message
        return max(0, self.read - self.stored - self.unchanged - self.refused) if judged else 0


class SealedUpload(models.Model):
    """A file too large to be read in its request, until a worker has read it: nothing in it can be read here."""

    job = models.OneToOneField(ImportJob, on_delete=models.CASCADE, primary_key=True, related_name="sealed")
    content = models.BinaryField(help_text="Sealed under a key of the environment (sealing.py).")

    def __str__(self) -> str:
        return str(self.job_id)


class ImportRow(models.Model):
    """One row of an uploaded file until its job has ended: no identifier, only its digests."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    cells = models.JSONField(help_text="The row as written, by column, without the identifier.")
    staged = models.JSONField(null=True, help_text="The row as read, by column of staging.py; null if unreadable.")
    chain = models.BinaryField(null=True, help_text="The digests of the identifier, the oldest key's first.")
    birth_digest = models.BinaryField(null=True, help_text="Of the date of birth, under the chain's last key.")
    referral = models.ForeignKey(
        Referral, on_delete=models.SET_NULL, null=True, related_name="+", help_text="What it was sent as."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "line"], name="import_row_is_one_line"),
            models.CheckConstraint(
                name="import_row_holds_no_identifier", condition=~Q(cells__has_key="patient_id")
            ),
            models.CheckConstraint(
                name="import_row_birth_goes_with_content",
                condition=Q(birth_digest=None) | Q(chain__isnull=False, staged__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.line)


class ImportProblem(models.Model):
    """What is wrong, or improbable, in one row of an uploaded file."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="problems", db_index=False)
    line = models.PositiveIntegerField(help_text="0 for what is said of the file as a whole.")
    field = models.CharField(max_length=40)
    code = models.CharField(max_length=60)
    sentence = models.TextField()
    warning = models.BooleanField()

    class Meta:
        ordering = ["line", "warning", "field", "code"]
        # In place of the one by job alone: of rows just written the planner does not know how many a job has,
        # and would look for a row's problems among all of the job's.
        indexes = [models.Index(fields=["job", "line"], name="problem_of_line")]

    def __str__(self) -> str:
        return f"{self.line}, {self.field}: {self.code}"


class IdempotencyKey(models.Model):
    """A request that was carried out, so that sending it again is answered and not done again."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_digest = models.BinaryField(help_text="Keyed: the request itself may hold an identifier.")
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="idempotency_key_is_used_once"),
        ]

    def __str__(self) -> str:
        return self.key
