"""Trials at hospitals with their statuses; and what hospitals and sites state, which is never changed."""

from django.contrib import admin

from registry.admin.announced import Announced
from registry.admin.forms import RecordForm, RulesForm
from registry.admin.history_admin import HistoryAdmin
from registry.admin.permissions import ForAdministrators
from registry.admin.trial_forms import (
    ExemptionForm,
    ManufacturingForm,
    PartsFormSet,
    SiteTrialForm,
    StatusForm,
    StatusFormSet,
)
from registry.models import (
    ExemptionYear,
    ManufacturingStatement,
    SiteTrial,
    SiteTrialStatus,
    StatementClass,
    StatementCountry,
    TrialArea,
)


@admin.register(TrialArea)
class TrialAreaAdmin(Announced):
    """Therapeutic areas."""

    form = RecordForm
    list_display = ["name_sv", "name_en", "key", "position"]
    search_fields = ["key", "name_sv", "name_en"]


class StatusInline(ForAdministrators, admin.StackedInline):
    """The dated statuses of a trial at a hospital."""

    model = SiteTrialStatus
    form, formset = StatusForm, StatusFormSet
    formfield_overrides = HistoryAdmin.formfield_overrides

    def get_extra(self, request, obj=None, **kwargs) -> int:
        """One for a new trial; more are added by the page's script."""
        return 0 if obj else 1


@admin.register(SiteTrial)
class SiteTrialAdmin(Announced):
    """Trials at hospitals."""

    form = SiteTrialForm
    list_display = ["trial", "centre", "unit", "source"]
    list_select_related = ["trial", "centre"]
    list_filter = ["centre"]
    search_fields = ["trial__identifier", "trial__name", "unit"]
    inlines = [StatusInline]
    history_with = {SiteTrialStatus: "site_trial"}


class StatedAdmin(Announced):
    """Statements: a later one, or a correction, is another row."""

    def is_refused(self, request, obj=None) -> bool:
        """Always False."""
        return False

    has_change_permission = has_delete_permission = is_refused

    def save_model(self, request, obj, form, change):
        """Save with who has entered it."""
        obj.entered_by = request.user.get_username()
        super().save_model(request, obj, form, change)


@admin.register(ExemptionYear)
class ExemptionYearAdmin(StatedAdmin):
    """Years of the hospital exemption."""

    form = ExemptionForm
    list_display = ["centre", "product", "first_year", "year", "through", "patients", "deliveries", "about"]
    list_select_related = ["centre"]
    list_filter = ["centre", "year"]
    search_fields = ["product", "source"]


class ClassInline(ForAdministrators, admin.StackedInline):
    """Kinds of product by class."""

    model = StatementClass
    form, formset = RulesForm, PartsFormSet
    extra = 3
    has_change_permission = has_delete_permission = StatedAdmin.is_refused


class CountryInline(ForAdministrators, admin.StackedInline):
    """Receiving countries."""

    model = StatementCountry
    form, formset = RulesForm, PartsFormSet
    extra = 3
    has_change_permission = has_delete_permission = StatedAdmin.is_refused


@admin.register(ManufacturingStatement)
class ManufacturingStatementAdmin(StatedAdmin):
    """Statements on manufacture."""

    form = ManufacturingForm
    list_display = ["site", "as_of", "batches", "products", "patients", "source"]
    list_select_related = ["site"]
    list_filter = ["site"]
    search_fields = ["source"]
    inlines = [ClassInline, CountryInline]

    def lookup_allowed(self, lookup, value, request) -> bool:
        """Not by day: elsewhere `as_of` in an address is the day that numbers are counted up to."""
        return lookup != "as_of" and super().lookup_allowed(lookup, value, request)
