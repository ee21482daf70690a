"""Persons and infusions: read here, changed only through registry.entry."""

import re

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, Max, Min, OuterRef, Subquery
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from registry.access import Permission, acting_as
from registry.admin.base import HistoryAdmin, ViewOnly
from registry.admin.correction import ActionForm, CorrectionForm, WithdrawalForm
from registry.choices import AccessAction, Status
from registry.errors import NotFound
from registry.models import Infusion, Patient, PatientIdentifier
from registry.models.access_log import log_infusions, log_persons

IN_ADMIN = gettext_noop("in the administration")  # in English in the log, translated where it is shown
NO_NUMBERS_IN_ADDRESSES = _("Never search for an identity number: what you search for stands in the address.")


class RecordAdmin(ViewOnly, HistoryAdmin):
    """Records, as far as access.py lets the signed-in person see them; what is shown is logged."""

    permission = Permission.WRITE_RECORDS
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request):
        """The records that the signed-in person may see."""
        records = super().get_queryset(request)
        return records.visible_to(request.user)  # type: ignore[attr-defined]

    def log_shown(self, request, shown) -> None:
        """A line in the access log for each record."""
        with acting_as(request.user):
            log_infusions(by=request.user, action=AccessAction.READ, infusions=shown, detail=IN_ADMIN)

    def changelist_view(self, request, extra_context=None):
        """Django's."""
        answer = super().changelist_view(request, extra_context)
        if listed := getattr(answer, "context_data", {}).get("cl"):
            self.log_shown(request, listed.result_list)
        return answer

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        """Django's."""
        self.log_shown(request, [obj])
        return super().render_change_form(request, context, add, change, form_url, obj)

    def history_view(self, request, object_id, extra_context=None):
        """The record's history (base.py)."""
        answer = super().history_view(request, object_id, extra_context)
        if shown := getattr(answer, "context_data", {}).get("object"):
            self.log_shown(request, [shown])
        return answer


class RecordInline(ViewOnly, admin.TabularInline):
    """Rows of a person, under the same rule."""

    permission = Permission.WRITE_RECORDS
    extra = 0


class IdentifierInline(RecordInline):
    """Which kinds of identifier a person has; never their digests."""

    model = PatientIdentifier
    fields = ["type"]


class CourseInline(RecordInline):
    """A person's infusions nationwide, in their order."""

    model = Infusion
    fields = ["date", "centre", "category", "kind", "product", "status"]
    readonly_fields = ["date"]
    ordering = ["infused_on", "sequence"]
    show_change_link = True

    def get_queryset(self, request):
        """The infusions that the signed-in person may see."""
        course = super().get_queryset(request).select_related("centre", "product")
        return course.visible_to(request.user)  # type: ignore[attr-defined]

    @admin.display(description=_("date of infusion"))
    def date(self, infusion: Infusion) -> str:
        """In its own precision."""
        return infusion.written_on


@admin.register(Patient)
class PatientAdmin(RecordAdmin):
    """Persons."""

    ordering = ["-pk"]
    list_display = ["registry_number", "sex", "birth_year", "infusions", "created_at"]
    list_filter = ["sex"]
    fields = ["registry_number", "sex", "birth_year", "created_at"]
    search_fields = ["registry_number__exact"]
    search_help_text = NO_NUMBERS_IN_ADDRESSES
    inlines = [IdentifierInline, CourseInline]
    history_with = {PatientIdentifier: "patient", Infusion: "patient"}

    def get_queryset(self, request):
        """With each person's number of submitted infusions."""
        visible = Infusion.objects.visible_to(request.user).counted()
        counted = visible.filter(patient=OuterRef("pk")).order_by().values("patient")
        number = Subquery(counted.values(number=Count("pk")), output_field=IntegerField())
        return super().get_queryset(request).annotate(number_of_infusions=number)

    def log_shown(self, request, shown) -> None:
        """A line for each person."""
        numbers = [patient.registry_number for patient in shown]
        with acting_as(request.user):
            log_persons(by=request.user, action=AccessAction.READ, numbers=numbers, detail=IN_ADMIN)

    @admin.display(description=_("infusions"))
    def infusions(self, patient: Patient) -> int:
        """How many count."""
        return patient.number_of_infusions or 0  # type: ignore[attr-defined]


YEAR = re.compile(r"[12]\d{3}", re.ASCII)


class YearFilter(admin.SimpleListFilter):
    """Infusions by the year they were given."""

    title = _("year")
    parameter_name = "year"

    def lookups(self, request, model_admin):
        """Every year from the first infusion to the last."""
        span = model_admin.get_queryset(request).aggregate(first=Min("infused_on"), last=Max("infused_on"))
        if not span["first"]:
            return []
        return [(str(year), str(year)) for year in range(span["last"].year, span["first"].year - 1, -1)]

    def queryset(self, request, queryset):
        """Those of the chosen year."""
        year = self.value()
        if not year:
            return queryset
        return queryset.filter(infused_on__year=int(year)) if YEAR.fullmatch(year) else queryset.none()


@admin.register(Infusion)
class InfusionAdmin(RecordAdmin):
    """Infusions; a submitted one can be corrected or withdrawn, with a reason."""

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
        """In its own precision."""
        return infusion.written_on

    @admin.display(description=_("centre"), ordering="centre__position")
    def at(self, infusion: Infusion) -> str:
        """The centre's code."""
        return infusion.centre.code

    @admin.display(description=_("category"), ordering="category")
    def under(self, infusion: Infusion) -> str:
        """The category's code."""
        return infusion.category

    def get_urls(self):
        """Django's, and the two actions on one infusion."""
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
                raise NotFound(gettext("There is no such submitted infusion."))
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
