"""Persons, read-only."""

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.forms.models import BaseInlineFormSet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from registry.access import acting_as
from registry.admin.record_admin import IN_ADMIN, NO_NUMBERS_IN_ADDRESSES, RecordAdmin, RecordInline
from registry.choices import AccessAction
from registry.models import Infusion, Patient, PatientIdentifier
from registry.models.access_log import log_persons
from registry.models.infusion import order_course


class IdentifierInline(RecordInline):
    """The kinds of identifier that a person has, without the digests."""

    model = PatientIdentifier
    fields = ["type"]


class CourseFormSet(BaseInlineFormSet):
    """A person's infusions, as COUNTING.md orders them."""

    @cached_property
    def _course(self) -> list[Infusion]:
        return order_course(super().get_queryset())

    def get_queryset(self):
        """A list, since no column holds the order."""
        return self._course


class CourseInline(RecordInline):
    """A person's infusions in the whole country, in order."""

    model = Infusion
    formset = CourseFormSet
    fields = ["date", "centre", "category", "kind", "product", "status"]
    readonly_fields = ["date"]
    show_change_link = True

    def get_queryset(self, request):
        """Only infusions that the user may see."""
        course = super().get_queryset(request).select_related("centre", "product")
        return course.visible_to(request.user)  # type: ignore[attr-defined]

    @admin.display(description=_("date of infusion"))
    def date(self, infusion: Infusion) -> str:
        return infusion.written_on


@admin.register(Patient)
class PatientAdmin(RecordAdmin):
    """Persons."""

    ordering = ["-pk"]
    list_display = ["registry_number", "sex", "birth_year", "infusions", "created_at"]
    list_filter = ["sex"]
    fields = ["registry_number", "sex", "birth_year", "created_at"]
    search_fields = ["registry_number__exact"]
    search_note = NO_NUMBERS_IN_ADDRESSES
    inlines = [IdentifierInline, CourseInline]
    history_with = {PatientIdentifier: "patient", Infusion: "patient"}

    def get_queryset(self, request):
        """Annotate each person with the number of submitted infusions."""
        visible = Infusion.objects.visible_to(request.user).counted()
        counted = visible.filter(patient=OuterRef("pk")).order_by().values("patient")
        number = Subquery(counted.values(number=Count("pk")), output_field=IntegerField())
        return super().get_queryset(request).annotate(number_of_infusions=number)

    def log_shown(self, request, shown) -> None:
        numbers = [patient.registry_number for patient in shown]
        with acting_as(request.user):
            log_persons(by=request.user, action=AccessAction.READ, numbers=numbers, detail=IN_ADMIN)

    @admin.display(description=_("infusions"))
    def infusions(self, patient: Patient) -> int:
        return patient.number_of_infusions or 0  # type: ignore[attr-defined]
