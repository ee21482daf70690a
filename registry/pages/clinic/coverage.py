"""The lead's monthly statement through which day a centre's records are complete."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from registry.access import Permission
from registry.entry.coverage import CoverageDateImpossible, coverage_history, state_coverage
from registry.models import Centre
from registry.pages.clinic.base import SignedInRequest, centres_of, page, show
from registry.pages.clinic.centre_field import CentreField
from registry.pages.clinic.date_field import DayField
from registry.publishing.publish import is_in_batches

STATEMENTS_A_PAGE = 24


class CoverageForm(forms.Form):
    """A statement: which centre, through which day."""

    centre = CentreField(label=gettext_lazy("Centre"))
    complete_through = DayField(
        label=gettext_lazy("Complete through"),
        help_text=gettext_lazy(
            "Every infusion of the centre up to and including this day is in the registry. "
            "The public map shows the day."
        ),
        day_of="last",
    )

    def __init__(self, typed: QueryDict | None = None, *, centres: list[Centre]):
        super().__init__(typed)
        self.centres = {centre.code: centre for centre in centres}
        self.fields["centre"].offer(centres)  # type: ignore[attr-defined]


@page(Permission.STATE_COVERAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def coverage(request: SignedInRequest) -> HttpResponse:
    """The statements so far; POST stores a new statement."""
    form = CoverageForm(request.POST or None, centres=centres_of(request.user, Permission.STATE_COVERAGE))
    if form.is_valid():
        centre, through = form.centres[form.cleaned_data["centre"]], form.cleaned_data["complete_through"]
        try:
            state_coverage(centre=centre, complete_through=through, by=request.user)
        except CoverageDateImpossible as impossible:
            form.add_error("complete_through", str(impossible))
        else:
            sentence = _("%(centre)s: complete through %(day)s. The map shows it in a minute or two.")
            if is_in_batches():
                sentence = _("%(centre)s: complete through %(day)s. The map shows it with the next publication.")
            messages.success(request, sentence % {"centre": centre.code, "day": through})
            return redirect("clinic:coverage")
    listed = Paginator(coverage_history(by=request.user), STATEMENTS_A_PAGE).get_page(request.GET.get("page"))
    return show(request, "clinic/coverage.html", {"form": form, "listed": listed})


urlpatterns = [path("coverage/", coverage, name="coverage")]
