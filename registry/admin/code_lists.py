"""The lists that administrators keep: centres, manufacturing sites, products, indications, trials."""

from http import HTTPStatus

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import ProtectedError
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from registry.admin.base import ForAdministrators, HistoryAdmin, administers
from registry.admin.forms import RulesForm
from registry.admin.list_form import ListForm, explain_kept
from registry.entry.list_changes import is_used, settling
from registry.entry.locks import lock_entry
from registry.entry.publish_request import announce_change
from registry.models import Centre, Indication, ManufacturingSite, Product, Trial


class CodeListAdmin(ForAdministrators, HistoryAdmin):
    """A list with its history; what is used cannot be deleted."""

    form = ListForm

    def has_delete_permission(self, request, obj=None) -> bool:
        """Asked here, since Django's page on protected rows would list records by the thousand."""
        return super().has_delete_permission(request, obj) and not (obj and is_used(obj))

    def save_model(self, request, obj, form, change):
        """Django's; the form has asked for what is to be settled."""
        if not change:
            return super().save_model(request, obj, form, change)
        with settling(obj):
            super().save_model(request, obj, form, change)

    def delete_view(self, request, object_id, extra_context=None):
        """x"""
        row = self.get_object(request, unquote(object_id))
        if row is not None and administers(request.user) and is_used(row):
            return self._show_kept(request, row)
        try:
            return super().delete_view(request, object_id, extra_context)
        except ProtectedError:  # used since we looked
            return self._show_kept(request, row)

    def _show_kept(self, request, row) -> TemplateResponse:
        context = self.admin_site.each_context(request) | {"title": _("In use"), "sentence": explain_kept(row)}
        return TemplateResponse(request, "admin/registry/kept.html", context, status=HTTPStatus.FORBIDDEN)

    def save_related(self, request, form, formsets, change):
        """Django's, the last step of saving; a list stands in the snapshot too."""
        super().save_related(request, form, formsets, change)
        announce_change()

    def delete_model(self, request, obj):
        """Django's."""
        lock_entry(alone=True)
        if is_used(obj):
            raise ProtectedError("used since we looked", {obj})
        super().delete_model(request, obj)
        announce_change()


class SiteInline(ForAdministrators, admin.TabularInline):
    """The manufacturing sites that lie at a centre; deleting one is asked on its own page."""

    model = ManufacturingSite
    form = RulesForm
    extra = 0
    can_delete = False
    show_change_link = True

    def has_change_permission(self, request, obj=None) -> bool:
        """On its own page, where infusions that rest on it are named."""
        return False


@admin.register(Centre)
class CentreAdmin(CodeListAdmin):
    """Centres, from north to south."""

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
