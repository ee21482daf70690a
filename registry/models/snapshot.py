"""Published snapshots."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.choices import DatePrecision
from registry.dates import write_date
from registry.models.document_field import DocumentField


class Snapshot(models.Model):
    """A numbered, immutable, hashed generation of all published numbers. It holds no person."""

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
    # Trials and statements on advanced therapies (published/atmp.py); older snapshots have none.
    atmp: "models.Field[dict | None, dict | None]" = DocumentField(null=True)
    facts = models.PositiveIntegerField(_("facts"), help_text=_("One per counted infusion."))
    # Which numbers the disclosure policy lets out (published/disclosure.py); never published itself.
    blocks: "models.Field[dict | None, dict | None]" = DocumentField(null=True)
    # The hash of the heads of all chains (models/chain.py): what proves history and access log as of then.
    history_head = models.CharField(_("head of the history"), max_length=71, blank=True)

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
        """The date of the latest counted infusion, as far as it is known."""
        return write_date(self.data_through, self.data_through_precision) if self.data_through else None
