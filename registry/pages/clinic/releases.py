"""Making a release: the steward names the current snapshot, so that it can be cited."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from registry.access import Permission
from registry.completeness import list_lagging
from registry.errors import NotFound, NotPermitted, RegistryError
from registry.formats.labels import label_measure
from registry.pages.clinic.base import SignedInRequest, page, show
from registry.pages.clinic.date_field import DayField
from registry.pages.public.layout import PLACES
from registry.pages.public.releases import describe_change, say_cause
from registry.published.release_causes import CAUSES
from registry.published.releases import read_releases
from registry.publishing.new_release import preview_release, release_snapshot
from registry.wording import say_measured

BESIDE = ("patients", "infusions", "reinfusions", "further_doses", "children", "first")


class ReleaseForm(forms.Form):
    """A release's name and description."""

    name = forms.SlugField(
        label=gettext_lazy("Name in the URL"),
        max_length=40,
        help_text=gettext_lazy("For instance 2025-09-08."),
    )
    title_sv = forms.CharField(label=gettext_lazy("Title in Swedish"), max_length=100)
    title_en = forms.CharField(label=gettext_lazy("Title in English"), max_length=100)
    note_sv = forms.CharField(
        label=gettext_lazy("Note in Swedish"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    note_en = forms.CharField(
        label=gettext_lazy("Note in English"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    as_of = DayField(
        label=gettext_lazy("As of"),
        required=False,
        day_of="last",
        help_text=gettext_lazy("Empty: all that is counted now."),
    )


@page(Permission.PUBLISH)
@require_http_methods(["GET", "HEAD", "POST"])
def releases(request: SignedInRequest) -> HttpResponse:
    """The releases; POST makes a new release."""
    form, preview = ReleaseForm(request.POST or None), None
    if request.POST.get("do") == "preview":
        preview = _preview(request, form)
    elif form.is_valid():
        try:
            release = release_snapshot(**form.cleaned_data, by=request.user)
        except (NotFound, NotPermitted):
            raise
        except RegistryError as refused:
            form.add_error(None, forms.ValidationError(str(refused), code=refused.code))
        else:
            messages.success(request, _("The release %(name)s has been created.") % {"name": release.name})
            return redirect("clinic:releases")
    language = get_language()
    found, older = read_releases()
    place = PLACES["releases"][language]
    listed = [
        {"name": release["name"], "title": release["title"][language], "address": place} for release in found
    ]
    before = f"{place}?before={found[-1]['name']}" if older else ""
    return show(
        request, "clinic/releases.html", {"form": form, "releases": listed, "older": before, "preview": preview}
    )


def _preview(request: SignedInRequest, form: ReleaseForm) -> dict[str, Any] | None:
    """The numbers beside the latest release's and what would be told as changed; None with an error in the form.

    Name and titles may be left out for now.
    """
    for name in ("name", "title_sv", "title_en"):
        form.fields[name].required = False
    if not form.is_valid():
        return None
    try:
        found = preview_release(as_of=form.cleaned_data["as_of"], by=request.user)
    except (NotFound, NotPermitted):
        raise
    except RegistryError as refused:
        form.add_error(None, forms.ValidationError(str(refused), code=refused.code))
        return None
    language = get_language()
    document, before = found["documents"][language], found["before"] and found["before"][language]
    through = document["snapshot"]["data_through"] or ""
    numbers = [
        (
            label_measure(name, language),
            before and say_measured(name, before["national"][name]),
            say_measured(name, now),
        )
        for name, now in document["national"].items()
        if name in BESIDE
    ]
    return {
        "since": found["since"],
        "numbers": numbers,
        "changes": [describe_change(row, document, language) for row in found["changes"]],
        "causes": [say_cause(cause) for cause in CAUSES],
        "lagging": [centre["city"] for centre in list_lagging(document["centres"], through)],
    }


urlpatterns = [path("desk/releases/", releases, name="releases")]
