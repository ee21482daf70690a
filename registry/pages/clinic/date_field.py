"""Date fields: text in the forms that people type, normalised to YYYY-MM-DD."""

import json
from collections.abc import Callable
from datetime import date

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from registry.choices import DatePrecision
from registry.dates import first_day, last_day, read_date, understand_date, write_date
from registry.errors import NotFound
from registry.pages.clinic.base import SignedInRequest, page

# The day meant by a typed month or year; None: it stays a month or a year.
DAY_OF: dict[str, Callable[[date, str], date] | None] = {"first": first_day, "last": last_day, "none": None}


class DateText(forms.DateInput):
    """A text field for a date; day_of: which day of a typed month or year is meant (DAY_OF).

    It is text, since a browser's date input follows the machine's locale and does not accept a year alone.
    On a phone it opens the numeric keyboard, whose decimal mark is accepted as a separator.
    """

    def __init__(self, day_of: str = "none", attrs: dict | None = None):
        usual = {
            "autocomplete": "off",
            "inputmode": "decimal",
            "spellcheck": "false",
            "placeholder": gettext_lazy("YYYY-MM-DD"),
        }
        super().__init__(attrs=usual | (attrs or {}), format="%Y-%m-%d")
        self.day_of = day_of

    def value_from_datadict(self, data, files, name):
        """The date as normalised; as typed where it cannot be read."""
        typed = super().value_from_datadict(data, files, name)
        return write_back(typed or "", self.day_of) or typed

    def render(self, name, value, attrs=None, renderer=None):
        """The field with its date in words beside it; both are updated as it is typed (show_date)."""
        beside = f"{(attrs or {}).get('id', name)}_read"
        described = " ".join(filter(None, ((attrs or {}).get("aria-describedby"), beside)))
        asking = {
            "aria-describedby": described,
            "hx-post": reverse("clinic:date", kwargs={"day_of": self.day_of}),
            "hx-trigger": "change",
            "hx-target": f"#{beside}",
            "hx-swap": "innerHTML",
            "hx-sync": "this:replace",
            "hx-params": f"{name},csrfmiddlewaretoken",
        }
        field = super().render(name, value, (attrs or {}) | asking, renderer)
        words = say_in_words(self.format_value(value) or "")
        return format_html(
            '<div class="date">{}<span class="read" id="{}" aria-live="polite">{}</span></div>',
            field,
            beside,
            words,
        )


class DayField(forms.DateField):
    """A day; a typed month or year means its first or last day."""

    def __init__(self, *, day_of: str, **kwargs):
        super().__init__(widget=DateText(day_of), **kwargs)
        self.day_of = day_of

    def to_python(self, value) -> date | None:
        if value in self.empty_values or isinstance(value, date):
            return value or None
        try:
            return _understand(value, self.day_of)[0]
        except ValueError as error:
            raise forms.ValidationError(str(error), code="date_invalid") from None


def write_back(typed: str, day_of: str = "none") -> str:
    """A typed date as YYYY-MM-DD, YYYY-MM or YYYY; empty if it cannot be read."""
    try:
        return write_date(*_understand(typed, day_of))
    except ValueError:
        return ""


def say_in_words(written: str) -> str:
    """A date with its weekday and the month's name, so that a mistake is noticed; empty if there is none."""
    try:
        day, precision = read_date(written)
    except ValueError:
        return ""
    match precision:
        case DatePrecision.DAY:
            return date_format(day, "l j F Y")
        case DatePrecision.MONTH:
            return _("%(month)s, day not known") % {"month": date_format(day, "F Y")}
    return _("%(year)s, month and day not known") % {"year": day.year}


def _understand(typed: str, day_of: str) -> tuple[date, DatePrecision]:
    start, precision = understand_date(typed)
    choose = DAY_OF[day_of]
    return (choose(start, precision), DatePrecision.DAY) if choose else (start, precision)


@sensitive_post_parameters()
@page()
@require_POST
def show_date(request: SignedInRequest, day_of: str) -> HttpResponse:
    """Called on leaving a date field: returns the date in words, and its normalised form for the page's script."""
    if day_of not in DAY_OF:
        raise NotFound
    typed = request.POST.get(request.htmx.trigger_name or "", "")
    try:
        written, problem = write_date(*_understand(typed, day_of)) if typed.strip() else "", ""
    except ValueError as error:
        written, problem = "", str(error)
    response = render(request, "clinic/date.html", {"words": say_in_words(written), "problem": problem})
    if written:
        response["HX-Trigger"] = json.dumps({"understood": {"written": written}})
    return response


urlpatterns = [path("date/<str:day_of>", show_date, name="date")]
