"""Releases: a snapshot under a name, with files that never change."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.models.document_field import DocumentField
from registry.models.snapshot import Snapshot


class Release(models.Model):
    """A snapshot, or its numbers up to a day, under a citable name. It holds no person."""

    name = models.SlugField(_("name"), max_length=40, unique=True, help_text=_("Part of the URL."))
    title_sv = models.CharField(_("title in Swedish"), max_length=100)
    title_en = models.CharField(_("title in English"), max_length=100)
    note_sv = models.TextField(_("note in Swedish"), blank=True)
    note_en = models.TextField(_("note in English"), blank=True)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+", verbose_name=_("snapshot"))
    as_of = models.DateField(_("as of"), null=True)
    # The published map documents by language, and the changes since the release before.
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
    """A file of a release; its bytes never change."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=80)  # of the downloaded file
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
