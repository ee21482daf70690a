"""The access log for the auditor, and a patient's extract of it."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from registry.access import Permission
from registry.choices import AccessAction, NationalRole
from registry.dates import STOCKHOLM
from registry.entry.access_log import LINES_A_PAGE, MOST_EXPORTED, LogFilter, export_log, read_extract, read_log
from registry.entry.exchange.file_writer import FORMATS, Download, Row, write_batches, write_rows
from registry.entry.patients.search import find_number, is_registry_number
from registry.errors import NotFound
from registry.free_text import refuse_identity_number
from registry.models import Centre
from registry.pages.clinic.base import SignedInRequest, page, show
from registry.pages.clinic.choice_fields import ChoiceField, TypedChoiceField
from registry.pages.clinic.date_field import DayField
from registry.pages.clinic.file_response import send_file
from registry.pages.clinic.steward_forms import WhoForm

LONGEST_KEY = 18  # digits; such a number fits the column


class LogForm(forms.Form):
    """The filter. It is sent in the request's body, and only its validated values go into a URL, since an identity
    number may be typed into a field.
    """

    patient = forms.CharField(label=gettext_lazy("Registry number"), required=False, max_length=LONGEST_KEY)
    actor = forms.CharField(label=gettext_lazy("Who"), required=False, max_length=150)
    unit = ChoiceField(label=gettext_lazy("Unit"), required=False)
    action = ChoiceField(
        label=gettext_lazy("Action"), required=False, choices=[("", gettext_lazy("All")), *AccessAction.choices]
    )
    refused = TypedChoiceField(
        label=gettext_lazy("Look-ups"), required=False, coerce=bool, empty_value=None,
        choices=[("", gettext_lazy("All")), ("only", gettext_lazy("Refused look-ups"))],
    )  # fmt: skip
    since = DayField(label=gettext_lazy("From"), required=False, day_of="first")
    until = DayField(label=gettext_lazy("Through"), required=False, day_of="last")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        codes = Centre.objects.order_by("code").values_list("code", flat=True)
        self.fields["unit"].choices = [  # type: ignore[attr-defined]
            ("", _("All")),
            *((code, code) for code in codes),
            *NationalRole.choices,
        ]

    def clean_patient(self) -> int | None:
        """A registry number; an identity number is refused."""
        typed = self.cleaned_data["patient"].strip()
        if typed and not is_registry_number(typed):
            self._forget("patient")
            raise forms.ValidationError(_("This is not a registry number."), code="number_invalid")
        return int(typed) if typed else None

    def clean_actor(self) -> str:
        """A user name; an identity number is refused."""
        typed = self.cleaned_data["actor"].strip()
        try:
            refuse_identity_number(typed)
        except forms.ValidationError:
            self._forget("actor")
            raise
        return typed

    def clean(self) -> dict:
        """Check that the dates are in order."""
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day lies before the first one."))
        return cleaned

    def _forget(self, name: str) -> None:
        """Clear a field, so that the page does not show it again."""
        self.data = dict(self.data.items()) | {name: ""}

    @property
    def which(self) -> LogFilter:
        """The filter; all lines where the form is empty or invalid."""
        return LogFilter(**self.cleaned_data) if self.is_valid() else LogFilter()

    @property
    def query(self) -> str:
        """The filter as a query string."""
        values = self.cleaned_data | {"refused": "only" if self.cleaned_data["refused"] else ""}
        return urlencode({name: value for name, value in values.items() if value not in {None, ""}})


@sensitive_post_parameters()
@page(Permission.READ_ACCESS_LOG, stores=False)
@require_http_methods(["GET", "HEAD", "POST"])
def access_log(request: SignedInRequest) -> HttpResponse:
    """The lines, latest first, a page at a time; POST filters them."""
    if request.method == "POST":
        form = LogForm(request.POST)
        if form.is_valid():
            return redirect(f"{reverse('clinic:access-log')}?{form.query}")
        return show(request, "clinic/access_log.html", {"form": form})
    form = _read_filter(request)
    before = request.GET.get("before", "")
    listed = read_log(which=form.which, by=request.user, before=int(before) if is_key(before) else None)
    roles: dict[str, Any] = dict(NationalRole.choices)
    rows = [(line, roles.get(line.unit, line.unit)) for line in listed.lines]
    context = {"form": form, "listed": listed, "rows": rows, "older": "", "query": form.query}
    if listed.older:
        context["older"] = f"{form.query}&before={listed.older}" if form.query else f"before={listed.older}"
    return show(request, "clinic/access_log.html", context | {"is_first": not before})


@page(Permission.READ_ACCESS_LOG, streams=True)
@require_safe
def access_log_file(request: SignedInRequest) -> HttpResponseBase:
    """The matching lines as CSV, the latest first; the last line says so if there are older ones."""
    batches = export_log(which=_read_filter(request).which, by=request.user)
    header = (_("Time"), _("Who"), _("Unit"), _("Action"), _("Registry number"), _("Infusion"), _("Detail"))
    content = write_batches(chain([[header]], _cells(batches)), format="csv")
    return send_file(Download(content, FORMATS["csv"], "access-log.csv"))


@sensitive_post_parameters()
@page(Permission.EXTRACT_ACCESS_LOG, stores=False)
@require_http_methods(["GET", "HEAD", "POST"])
def extract(request: SignedInRequest) -> HttpResponse:
    """The form for the patient; POST redirects to the extract."""
    form = WhoForm(request.POST or None)
    if form.is_valid():
        number = find_number(
            who=form.cleaned_data["who"], by=request.user, permission=Permission.EXTRACT_ACCESS_LOG
        )
        if number is not None:
            return redirect("clinic:extract-of", number=number)
        form.add_error("who", _("Nobody in the registry has this number."))
    return show(request, "clinic/access_log_extract.html", {"form": form})


@page(Permission.EXTRACT_ACCESS_LOG)
@require_safe
def extract_of(request: SignedInRequest, number: int) -> HttpResponseBase:
    """When each unit has used one patient's data, and how, without users' names (Patient Data Act)."""
    as_file = request.GET.get("format") == "csv"
    lines = read_extract(number=number, by=request.user, as_file=as_file)
    if lines is None:
        raise NotFound
    names = _name_units()
    listed = None if as_file else Paginator(lines, LINES_A_PAGE).get_page(request.GET.get("page"))
    rows = [
        (_write_time(line.at), str(names.get(line.unit, line.unit)), line.get_action_display())
        for line in (lines if listed is None else listed)
    ]
    header = (_("Time"), _("Unit"), _("Action"))
    if as_file:
        return send_file(write_rows([header, *rows], format="csv", name=f"access-log-{number}"))
    return show(
        request,
        "clinic/access_log_extract_of.html",
        {"number": number, "header": header, "rows": rows, "listed": listed},
    )


def is_key(text: str) -> bool:
    """Whether this can be the key of a line."""
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY


def _read_filter(request: SignedInRequest) -> LogForm:
    """The filter from the query string. Raises NotFound if it is invalid."""
    form = LogForm({name: request.GET.get(name, "") for name in LogForm.base_fields})
    if not form.is_valid():
        raise NotFound
    return form


def _name_units() -> dict[str, Any]:
    """Names of units: centres by name, and national roles."""
    return dict(Centre.objects.values_list("code", "name")) | dict(NationalRole.choices)


def _write_day(at: datetime) -> str:
    return timezone.localtime(at, STOCKHOLM).date().isoformat()


def _write_time(at: datetime) -> str:
    return timezone.localtime(at, STOCKHOLM).strftime("%Y-%m-%d %H:%M:%S")


def _cells(batches: Iterator[list[tuple]]) -> Iterator[list[Row]]:
    """The cells of batches of lines, as many lines as a file may have."""
    actions = {value: str(label) for value, label in AccessAction.choices}
    left = MOST_EXPORTED
    for batch in batches:
        yield [
            (_write_time(at), actor, unit, actions[action], patient, infusion, _(detail) if detail else "")
            for at, actor, unit, action, patient, infusion, detail in batch[:left]
        ]
        if len(batch) > left:
            day = _write_day(batch[left][0])
            yield [[_("There are older lines. Export those too: set Through to %s.") % day]]
            return
        left -= len(batch)


urlpatterns = [
    path("access-log/", access_log, name="access-log"),
    path("access-log/file", access_log_file, name="access-log-file"),
    path("access-log/extract/", extract, name="extract"),
    path("access-log/extract/<int:number>/", extract_of, name="extract-of"),
]
