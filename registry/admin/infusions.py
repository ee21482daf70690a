"""Infusions: read here, corrected and withdrawn through registry.entry."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from registry.admin.infusion_actions import InfusionActions
from registry.admin.record_admin import NO_NUMBERS_IN_ADDRESSES
from registry.admin.year_filter import YearFilter
from registry.entry.infusions.columns import CORRECTABLE
from registry.models import Infusion

# The date is shown in its own precision, and the sequence beside it.
OTHER_FIELDS = [name for name in CORRECTABLE if name not in {"centre", "infused_on", "date_precision", "sequence"}]


@admin.register(Infusion)
class InfusionAdmin(InfusionActions):
    """Infusions; a submitted infusion can be corrected or withdrawn, with a reason."""

    list_display = ["date", "status", "at", "under", "kind", "patient", "product", "batch"]
    list_select_related = ["centre", "product", "patient"]
    list_filter = ["centre", "category", "status", YearFilter]
    search_fields = ["patient__registry_number__exact", "batch"]
    search_note = NO_NUMBERS_IN_ADDRESSES
    fields = ["patient", "centre", "date", "sequence", *OTHER_FIELDS, "status", "created_at"]
    readonly_fields = ["date"]

    @admin.display(description=_("date of infusion"), ordering="infused_on")
    def date(self, infusion: Infusion) -> str:
        return infusion.written_on

    @admin.display(description=_("centre"), ordering="centre")
    def at(self, infusion: Infusion) -> str:
        return infusion.centre.code

    @admin.display(description=_("category"), ordering="category")
    def under(self, infusion: Infusion) -> str:
        return infusion.category
