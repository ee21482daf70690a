"""Questions, read-only: they are asked, answered and closed in the clinics' pages."""

from django.contrib import admin
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from registry.admin.record_admin import RecordAdmin
from registry.models import Question


class OpenFilter(admin.SimpleListFilter):
    """Questions by state."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [
            ("unanswered", _("Waiting for the clinic")),
            ("unclosed", _("Not closed")),
            ("closed", _("Closed by the side that asked")),
        ]

    def queryset(self, request, queryset):
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
    """Questions, latest first."""

    list_display = ["asked_at", "asker", "at", "patient", "words", "answered_at", "closed_at"]
    list_display_links = ["asked_at"]
    list_select_related = ["infusion__centre", "infusion__patient", "referral__centre", "centre"]
    list_filter = [OpenFilter, "asks"]
    fields = [
        "infusion", "patient", "at", "full_words", "asker", "asked_at", "answer_words", "answered_by",
        "answered_at", "closed_by", "closed_at",
    ]  # fmt: skip
    readonly_fields = ["patient", "at", "asker", "full_words", "answer_words"]

    def log_shown(self, request, shown) -> None:
        """Log the infusions that the questions are about."""
        infusions = {question.infusion_id: question.infusion for question in shown if question.infusion}
        super().log_shown(request, infusions.values())

    @admin.display(description=_("asked by"))
    def asker(self, question: Question) -> str:
        """The user or the rule that asks."""
        return question.asked_by or question.rule

    @admin.display(description=_("centre"))
    def at(self, question: Question) -> str:
        return question.asked_at_centre.code

    @admin.display(description=_("patient"))
    def patient(self, question: Question) -> int | None:
        """The registry number; None if the question is about no infusion."""
        return question.infusion.patient.registry_number if question.infusion else None

    @admin.display(description=_("question"))
    def full_words(self, question: Question) -> str:
        return question.words

    @admin.display(description=_("answer"))
    def answer_words(self, question: Question) -> str:
        return question.answer_words

    @admin.display(description=_("question"))
    def words(self, question: Question) -> str:
        """The beginning of the text."""
        return Truncator(question.words).chars(60)
