"""Releases: a snapshot under a name, with files that stay the same for ever."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.models.snapshot import DocumentField, Snapshot


class Release(models.Model):
    """A snapshot, or its numbers up to a day, under a name that people cite. It holds no person."""

    name = models.SlugField(_("name"), max_length=40, unique=True, help_text=_("Stands in the address."))
    title_sv = models.CharField(_("title in Swedish"), max_length=100)
    title_en = models.CharField(_("title in English"), max_length=100)
    note_sv = models.TextField(_("note in Swedish"), blank=True)
    note_en = models.TextField(_("note in English"), blank=True)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+", verbose_name=_("snapshot"))
    as_of = models.DateField(_("as of"), null=True)
    # The public map documents by language, as they were published then, and what changed since the last.
    documents: "models.Field[dict, dict]" = DocumentField()
    changes: "models.Field[dict, dict]" = DocumentField()
    released_at = models.DateTimeField(_("released"))
    released_by = models.CharField(_("released by"), max_length=150)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        triggers = [pgtrigger.Protect(name="stays", operation=pgtrigger.Update | pgtrigger.Delete)]
        constraints = [
            models.CheckConstraint(name="release_has_titles", condition=~Q(title_sv="") & ~Q(title_en="")),
        ]

    def __str__(self) -> str:
        return self.name


class ReleaseFile(models.Model):
    """A file of a release, byte for byte as it was made."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=80)  # under which it is downloaded
    language = models.CharField(max_length=2)
    format = models.CharField(max_length=20)
    media_type = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]
        triggers = [pgtrigger.Protect(name="stays", operation=pgtrigger.Update | pgtrigger.Delete)]
        constraints = [
            models.UniqueConstraint(fields=["release", "name"], name="release_file_has_its_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ReleasedInfusion(models.Model):
    """A counted infusion as the latest release counted it: what the next one is compared with.

    Not public. It goes with its infusion, so that an erasure leaves nothing here.
    """

    infusion = models.OneToOneField(
        "registry.Infusion", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    patient = models.BigIntegerField()
    centre = models.TextField()
    category = models.TextField()
    values = models.TextField(help_text="All else that a number is made of.")

    def __str__(self) -> str:
        return f"{self.infusion_id}"
