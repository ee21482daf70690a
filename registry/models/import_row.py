"""The rows of an uploaded file and what is wrong with them."""

from django.db import models
from django.db.models import Q

from registry.models.import_job import ImportJob
from registry.models.referral import Referral


class ImportRow(models.Model):
    """A row of an uploaded file until its job has ended, with digests in place of the identifier."""

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
        # Instead of the foreign key's own index: rows just written have no statistics yet, and the planner would
        # scan all problems of the job for those of one row.
        indexes = [models.Index(fields=["job", "line"], name="problem_of_line")]

    def __str__(self) -> str:
        return f"{self.line}, {self.field}: {self.code}"
