"""A filter of infusions by year."""

import re

from django.contrib import admin
from django.db.models import Max, Min
from django.utils.translation import gettext_lazy as _

YEAR = re.compile(r"[12]\d{3}", re.ASCII)


class YearFilter(admin.SimpleListFilter):
    """Infusions by the year in which they were given."""

    title = _("year")
    parameter_name = "year"

    def lookups(self, request, model_admin):
        """Every year from the last infusion back to the first."""
        span = model_admin.get_queryset(request).aggregate(first=Min("infused_on"), last=Max("infused_on"))
        if not span["first"]:
            return []
        return [(str(year), str(year)) for year in range(span["last"].year, span["first"].year - 1, -1)]

    def queryset(self, request, queryset):
        year = self.value()
        if not year:
            return queryset
        return queryset.filter(infused_on__year=int(year)) if YEAR.fullmatch(year) else queryset.none()
