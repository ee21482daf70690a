"""The code lists: centres, manufacturing sites, products, indications, trials; and populations."""

from django.contrib import admin
from django.contrib.postgres.fields import ArrayField

from registry.admin.announced import Announced
from registry.admin.code_list_admin import CodeListAdmin
from registry.admin.forms import RecordForm, RulesForm
from registry.admin.permissions import ForAdministrators
from registry.admin.trial_forms import NumbersField, TrialForm
from registry.models import Centre, Indication, ManufacturingSite, Population, Product, Trial


class SiteInline(ForAdministrators, admin.StackedInline):
    """The manufacturing sites of a centre; each is changed and deleted on its own page."""

    model = ManufacturingSite
    form = RulesForm
    extra = 0
    can_delete = False
    show_change_link = True

    def has_change_permission(self, request, obj=None) -> bool:
        """Not here: its own page names the infusions that refer to it."""
        return False


@admin.register(Centre)
class CentreAdmin(CodeListAdmin):
    """Centres, from north to south unless an order is stated."""

    list_display = ["code", "city_sv", "name", "region", "county_code", "status", "position"]
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

    list_display = ["name", "inn", "atc", "target", "modality", "origin", "unconfirmed"]
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

    form = TrialForm
    list_display = ["identifier", "name", "sponsor", "sponsor_name", "phase", "atmp_class", "is_car_t"]
    list_filter = ["sponsor", "phase", "atmp_class", "area", "is_car_t", "long_term_follow_up"]
    search_fields = ["identifier", "name", "sponsor_name"]
    formfield_overrides = CodeListAdmin.formfield_overrides | {ArrayField: {"form_class": NumbersField}}


@admin.register(Population)
class PopulationAdmin(Announced):
    """Populations by Statistics Sweden, of which the rates per 100,000 are made."""

    form = RecordForm
    list_display = ["area", "year", "persons", "source"]
    list_filter = ["year", "area"]
    search_fields = ["source"]
