"""Making a release: the steward names the current snapshot, so that it can be cited."""

import logging
from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from registry.access import Permission
from registry.completeness import list_lagging
from registry.errors import NotFound, NotPermitted, RegistryError
from registry.formats.labels import label_measure
from registry.models import Release, User
from registry.pages.clinic.base import SignedInRequest, page, show
from registry.pages.clinic.date_field import DayField
from registry.pages.public.layout import PLACES
from registry.pages.public.releases import describe_change, say_cause
from registry.published.release_causes import CAUSES
from registry.published.releases import read_releases
from registry.publishing.new_release import prepare_release, preview_release, store_release
from registry.publishing.release_files import count_files, make_files, read_parts
from registry.wording import say_measured

logger = logging.getLogger(__name__)

HERE = "<!-- here -->"  # in the page, where what is done is told while it is done
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
def releases(request: SignedInRequest) -> HttpResponseBase:
    """The releases; POST makes a new release, and tells of each file as it is made."""
    form, preview = ReleaseForm(request.POST or None), None
    if request.POST.get("do") == "preview":
        preview = _preview(request, form)
    elif form.is_valid():
        try:
            release = prepare_release(**form.cleaned_data, by=request.user)
        except (NotFound, NotPermitted):
            raise
        except RegistryError as refused:
            form.add_error(None, forms.ValidationError(str(refused), code=refused.code))
        else:
            return _make(request, release)
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


def _make(request: SignedInRequest, release: Release) -> HttpResponseBase:
    """The page that grows while the files are made, and says at its end what has come of it."""
    page = show(request, "clinic/release_made.html", {"name": release.name}).content.decode()
    response = StreamingHttpResponse(_tell_each(release, request.user, page, get_language() or ""))
    response["X-Accel-Buffering"] = "no"  # nginx sends each part on as it comes
    return response


def _tell_each(release: Release, by: User, page: str, language: str) -> Iterator[str]:
    """The page with a line for each file once it is made, then what has come of it.

    Nothing is stored until all files are made: who goes away before, or a process that ends, leaves nothing.
    """
    begin, _here, rest = page.partition(HERE)
    yield begin
    files, end = [], {"name": release.name}
    try:
        parts = read_parts(release)
        number = count_files(release, parts)
        for file in make_files(release, parts):
            files.append(file)
            with override(language):
                line, size = _("%(done)s of %(all)s"), filesizeformat(file.size)
            yield format_html(
                "<li>{}: {} ({})</li>\n", line % {"done": len(files), "all": number}, file.name, size
            )
        store_release(release, files, by=by)
        end["address"] = f"{PLACES['releases'][language]}{release.name}/"
    except RegistryError as refused:
        with override(language):
            end["refused"] = str(refused)
    except Exception:
        logger.exception("The release %s was broken off.", release.name)
    with override(language):
        last = render_to_string("clinic/release_end.html", end)
    yield last + rest


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
