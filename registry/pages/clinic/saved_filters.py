"""Saving the list's filter under a name, and deleting it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from registry.access import Permission
from registry.choices import Category, Status
from registry.entry.infusions.saved_filters import FilterNotSaved, delete_filter, save_filter
from registry.errors import IdentifierInText
from registry.models import User
from registry.pages.clinic.base import SignedInRequest, centres_of, page
from registry.pages.clinic.infusion_list import query_of, read_sort


@page(Permission.READ_RECORDS)
@require_POST
def save(request: SignedInRequest) -> HttpResponse:
    """Save the filter and order of the address under a name."""
    try:
        saved = save_filter(
            name=request.POST.get("name", ""), query=_known(request.user, request.GET), by=request.user
        )
    except (FilterNotSaved, IdentifierInText) as refused:
        messages.error(request, str(refused))
        return _to_list(query_of(request.GET))
    messages.success(request, _("The filter %(name)s is saved.") % {"name": saved.name})
    return _to_list(saved.query)


@page(Permission.READ_RECORDS)
@require_POST
def delete(request: SignedInRequest, filter_id: int) -> HttpResponse:
    """Delete one of one's own filters."""
    delete_filter(filter_id=filter_id, by=request.user)
    messages.success(request, _("The filter is deleted."))
    return _to_list(query_of(request.GET))


def _known(user: User, asked: QueryDict) -> str:
    """The query with what the list offers alone, so that nothing else is stored."""
    offered = {
        "centre": {centre.code for centre in centres_of(user, Permission.READ_RECORDS)},
        "category": set(Category.values),
        "status": set(Status.values),
    }
    kept = {name: asked[name] for name, values in offered.items() if asked.get(name) in values}
    return urlencode(kept | ({"sort": sort} if (sort := read_sort(asked)) else {}))


def _to_list(query: str) -> HttpResponse:
    return redirect(reverse("clinic:infusions") + (f"?{query}" if query else ""))


urlpatterns = [
    path("infusions/filters", save, name="filter-save"),
    path("infusions/filters/<int:filter_id>/delete", delete, name="filter-delete"),
]
