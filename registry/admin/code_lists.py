"""The lists that administrators keep: centres, manufacturing sites, products, indications, trials."""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.admin.base import ForAdministrators, HistoryAdmin
from registry.admin.forms import RecordForm, RulesForm
from registry.choices import CentreStatus
from registry.entry.announce import announce_change
from registry.models import Centre, Indication, ManufacturingSite, Product, Trial


def is_used(row: models.Model) -> bool:
    """Whether something refers to a row, so that it must stay."""
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: row}).exists()
        for relation in row._meta.related_objects
        if relation.on_delete is models.PROTECT
    )


class CodeListAdmin(ForAdministrators, HistoryAdmin):
    """A list with its history; what is used cannot be deleted."""

    form = RecordForm

    def has_delete_permission(self, request, obj=None) -> bool:
        """Asked here, since Django's page on protected rows would list records by the thousand."""
        return super().has_delete_permission(request, obj) and not (obj and is_used(obj))

    def save_related(self, request, form, formsets, change):
        """Django's, the last step of saving; a list stands in the snapshot too."""
        super().save_related(request, form, formsets, change)
        announce_change()

    def delete_model(self, request, obj):
        """Django's."""
        super().delete_model(request, obj)
        announce_change()


class SiteInline(ForAdministrators, admin.TabularInline):
    """The manufacturing sites that lie at a centre; deleting one is asked on its own page."""

    model = ManufacturingSite
    form = RulesForm
    extra = 0
    can_delete = False
    show_change_link = True


class CentreForm(RecordForm):
    """A centre; one with infusions has begun."""

    def clean_status(self) -> str:
        """Refuse what would count infusions silently at a centre that is shown without any."""
        status = self.cleaned_data["status"]
        centre = self.instance
        if status == CentreStatus.UPCOMING and centre.pk and centre.infusions.counted().exists():
            raise ValidationError(_("The centre has infusions, so it has begun."), code="centre_has_begun")
        return status


@admin.register(Centre)
class CentreAdmin(CodeListAdmin):
    """Centres, from north to south."""

    form = CentreForm
    list_display = ["code", "city_sv", "name", "region", "status", "position"]
    list_filter = ["status", "region"]
    search_fields = ["code", "name", "city_sv", "city_en", "county"]
    inlines = [SiteInline]
    history_with = {ManufacturingSite: "centre"}


@admin.register(ManufacturingSite)
class ManufacturingSiteAdmin(CodeListAdmin):
    """Hospitals' own GMP sites."""

    list_display = ["code", "name", "centre"]
    list_select_related = ["centre"]
    list_filter = ["centre"]
    search_fields = ["code", "name"]


@admin.register(Product)
class ProductAdmin(CodeListAdmin):
    """CAR-T and TCR-T products."""

    list_display = ["name", "inn", "atc", "target", "modality", "origin", "unconfirmed", "position"]
    list_filter = ["modality", "origin", ("unconfirmed", admin.EmptyFieldListFilter)]
    search_fields = ["name", "inn", "atc", "holder", "target"]


@admin.register(Indication)
class IndicationAdmin(CodeListAdmin):
    """Diseases treated."""

    list_display = ["name_sv", "name_en", "icd10", "key", "unconfirmed", "position"]
    list_filter = [("unconfirmed", admin.EmptyFieldListFilter)]
    search_fields = ["key", "icd10", "name_sv", "name_en"]


@admin.register(Trial)
class TrialAdmin(CodeListAdmin):
    """Clinical trials."""

    list_display = ["identifier", "name", "sponsor", "sponsor_name", "phase"]
    list_filter = ["sponsor", "phase"]
    search_fields = ["identifier", "name", "sponsor_name"]
