"""Making a release: the steward names the current snapshot, so that it can be cited."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from registry.access import Permission
from registry.errors import NotFound, NotPermitted, RegistryError
from registry.pages.clinic.base import SignedInRequest, page, show
from registry.pages.clinic.date_field import DayField
from registry.pages.public.layout import PLACES
from registry.published.releases import read_releases
from registry.publishing.new_release import release_snapshot


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
    form = ReleaseForm(request.POST or None)
    if form.is_valid():
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
    return show(request, "clinic/releases.html", {"form": form, "releases": listed, "older": before})


urlpatterns = [path("desk/releases/", releases, name="releases")]
