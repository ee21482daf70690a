"""The questions about rows: read here, asked, answered and closed in the pages of the clinic."""

from django.contrib import admin
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from registry.admin.records import RecordAdmin
from registry.models import Question


class OpenFilter(admin.SimpleListFilter):
    """Those that someone still has to do something about, or that wait for the clinic."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        """What a question can be."""
        return [
            ("unanswered", _("Waits for the clinic")),
            ("unclosed", _("Not closed")),
            ("closed", _("Closed by whoever asked")),
        ]

    def queryset(self, request, queryset):
        """Those in the chosen state."""
        match self.value():
            case None:
                return queryset
            case "unanswered":
                return queryset.unanswered()
            case "unclosed":
                return queryset.unclosed()
            case "closed":
                return queryset.exclude(closed_at=None)
            case _unknown:
                return queryset.none()


@admin.register(Question)
class QuestionAdmin(RecordAdmin):
    """Questions, the latest first."""

    list_display = ["asked_at", "asker", "at", "patient", "words", "answered_at", "closed_at"]
    list_display_links = ["asked_at"]
    list_select_related = ["infusion__centre", "infusion__patient", "referral__centre", "centre"]
    list_filter = [OpenFilter, "asks"]
    fields = [
        "infusion", "patient", "at", "text", "asker", "asked_at", "answer", "answered_by", "answered_at",
        "closed_by", "closed_at",
    ]  # fmt: skip
    readonly_fields = ["patient", "at", "asker"]

    def log_shown(self, request, shown) -> None:
        """A line for each row that is asked about."""
        super().log_shown(request, {one.infusion_id: one.infusion for one in shown if one.infusion}.values())

    @admin.display(description=_("asked by"))
    def asker(self, question: Question) -> str:
        """Who asks, or which rule."""
        return question.asked_by or question.rule

    @admin.display(description=_("centre"))
    def at(self, question: Question) -> str:
        """The centre's code."""
        return question.asked_at_centre.code

    @admin.display(description=_("patient"))
    def patient(self, question: Question) -> int | None:
        """The registry number; none where the question is about no row."""
        return question.infusion.patient.registry_number if question.infusion else None

    @admin.display(description=_("question"))
    def words(self, question: Question) -> str:
        """The beginning of the text."""
        return Truncator(question.text).chars(60)
