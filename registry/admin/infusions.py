"""Infusions: read here, corrected and withdrawn through registry.entry."""

import re

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.db.models import Max, Min
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registry.admin.correction import CorrectionForm
from registry.admin.infusion_action import ActionForm
from registry.admin.record_admin import NO_NUMBERS_IN_ADDRESSES, RecordAdmin
from registry.admin.withdrawal import WithdrawalForm
from registry.choices import Status
from registry.errors import NotFound
from registry.models import Infusion

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


@admin.register(Infusion)
class InfusionAdmin(RecordAdmin):
    """Infusions; a submitted infusion can be corrected or withdrawn, with a reason."""

    list_display = ["date", "status", "at", "under", "kind", "patient", "product", "batch"]
    list_select_related = ["centre", "product", "patient"]
    list_filter = ["centre", "category", "status", YearFilter]
    search_fields = ["patient__registry_number__exact", "batch"]
    search_help_text = NO_NUMBERS_IN_ADDRESSES
    fields = [
        "patient", "centre", "date", "sequence", "category", "kind", "product", "indication",
        "trial", "manufacturing_site", "age_at_infusion", "batch", "status", "created_at",
    ]  # fmt: skip
    readonly_fields = ["date"]

    @admin.display(description=_("date of infusion"), ordering="infused_on")
    def date(self, infusion: Infusion) -> str:
        return infusion.written_on

    @admin.display(description=_("centre"), ordering="centre__position")
    def at(self, infusion: Infusion) -> str:
        return infusion.centre.code

    @admin.display(description=_("category"), ordering="category")
    def under(self, infusion: Infusion) -> str:
        return infusion.category

    def get_urls(self):
        """Add the URLs of the two actions."""
        view = self.admin_site.admin_view
        return [
            path("<uuid:infusion_id>/correct/", view(self.correct_view), name="infusion_correct"),
            path("<uuid:infusion_id>/withdraw/", view(self.withdraw_view), name="infusion_withdraw"),
            *super().get_urls(),
        ]

    def correct_view(self, request, infusion_id):
        """Ask for the corrections and the reason, and make them."""
        return self._act(request, infusion_id, CorrectionForm)

    def withdraw_view(self, request, infusion_id):
        """Ask for the reason, and withdraw the infusion."""
        return self._act(request, infusion_id, WithdrawalForm)

    def _act(self, request, infusion_id, form_class: type[ActionForm]):
        if not self.has_view_permission(request):
            raise PermissionDenied
        submitted = self.get_queryset(request).filter(status=Status.SUBMITTED)
        infusion = submitted.select_related("centre", "product", "patient").filter(pk=infusion_id).first()
        try:
            if infusion is None:
                raise NotFound(gettext("There is no such registered infusion."))
            self.log_shown(request, [infusion])
            form = form_class(request.POST or None, infusion=infusion)
            if form.is_valid() and form.carry_out(request.user):
                messages.success(request, form.done)
                return HttpResponseRedirect(reverse("admin:registry_infusion_change", args=[infusion_id]))
        except NotFound as gone:
            messages.error(request, str(gone))
            return HttpResponseRedirect(reverse("admin:registry_infusion_changelist"))
        return self._ask(request, infusion, form)

    def _ask(self, request, infusion: Infusion, form: ActionForm):
        described = (infusion.written_on, infusion.centre, infusion.category, infusion.product)
        context = {
            **self.admin_site.each_context(request),
            "title": form.title,
            "subtitle": " · ".join(str(part) for part in described),
            "opts": self.opts,
            "infusion": infusion,
            "form": form,
            "adminform": AdminForm(form, [(None, {"fields": [*form.fields]})], {}),  # type: ignore[arg-type]
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/registry/infusion/action.html", context)
