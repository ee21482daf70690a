"""The list of infusions: filtered, sorted, searched for a person, and some of them chosen."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from registry.access import Permission, acting_as, centres_where
from registry.choices import AccessAction, Category, Status
from registry.entry.infusions.columns import RELATED, TABLE
from registry.entry.infusions.proposal import know_person
from registry.entry.infusions.row_reader import read_identifier_at
from registry.entry.infusions.saved_filters import LONGEST_NAME, filters_of
from registry.entry.infusions.several import MOST_ROWS
from registry.entry.infusions.undo import Together, find_undoable_together
from registry.entry.patients.lookup import find_patient
from registry.entry.patients.search import is_registry_number
from registry.errors import TooManyLookups
from registry.identity import IdentifierUnusable
from registry.models import Infusion, Patient
from registry.models.access_log import log_infusions
from registry.pages.clinic.base import SignedInRequest, centres_of, page, say_wait, show
from registry.pages.clinic.steward_forms import WhoForm

ROWS_A_PAGE = 50
LATEST_FIRST = ("-infused_on", "-sequence", "id")
FILTERS = {"centre": "centre__code", "category": "category", "status": "status"}
# By a column of the list: what it is sorted by.
SORTS = {
    "date": "infused_on", "person": "patient__registry_number", "status": "status", "centre": "centre__code",
    "category": "category", "kind": "kind", "product": "product__name",
}  # fmt: skip


@sensitive_post_parameters()
@page(Permission.READ_RECORDS, stores=False)
@require_http_methods(["GET", "HEAD", "POST"])
def infusions(request: SignedInRequest) -> HttpResponse:
    """The infusions of the user's centres, latest first; POST searches for a person."""
    search = WhoForm(request.POST or None)
    too_many: TooManyLookups | None = None
    if search.is_valid():
        try:
            found = _find_person(request, search.cleaned_data["who"])
        except TooManyLookups as refused:
            too_many = refused
            search.add_error("who", str(refused))
        else:
            if found:
                return redirect("clinic:person", number=found.registry_number)
            search.add_error("who", _("No patient at your centre has this number."))
    chosen = {name: request.GET.get(name, "") for name in FILTERS}
    rows = keep_filtered(Infusion.objects.visible_to(request.user).select_related(*RELATED), request.GET)
    sort = read_sort(request.GET)
    listed = Paginator(rows.order_by(*_order_by(sort)), ROWS_A_PAGE).get_page(request.GET.get("page"))
    writable = centres_where(request.user, Permission.WRITE_RECORDS)
    with acting_as(request.user):
        log_infusions(by=request.user, action=AccessAction.READ, infusions=listed.object_list)
    response = show(
        request,
        "clinic/infusions.html",
        {
            "search": search,
            "listed": listed,
            "chosen": chosen,
            "sort": sort,
            "query": query_of(request.GET),
            "correctable": {
                row.pk for row in listed if row.status == Status.SUBMITTED and row.centre_id in writable
            },
            "most_rows": MOST_ROWS,
            "saved": filters_of(request.user),
            "longest_name": LONGEST_NAME,
            "undoable": [_describe_together(one) for one in find_undoable_together(by=request.user)],
            "columns": list(_describe_columns(sort, chosen)),
            "centres": centres_of(request.user, Permission.READ_RECORDS),
            "categories": Category.values,
            "statuses": [choice for choice in Status.choices if choice[0] != Status.DRAFT],
        },
    )
    return say_wait(response, too_many)


def _describe_together(done: Together) -> dict[str, Any]:
    labels = [_(column.label) for column in TABLE if column.name in done.fields]
    return {"at": done.at, "sent": done.at.isoformat(), "number": len(done.versions), "fields": ", ".join(labels)}


def keep_filtered(rows: Any, asked: QueryDict) -> Any:
    """The infusions that a filter keeps."""
    for name, column in FILTERS.items():
        if asked.get(name):
            rows = rows.filter(**{column: asked[name]})
    return rows


def read_sort(asked: QueryDict) -> str:
    """The column that the list is sorted by, with "-" from the last to the first; empty without one."""
    sort = asked.get("sort", "")
    return sort if sort.removeprefix("-") in SORTS else ""


def query_of(asked: QueryDict) -> str:
    """The list's filter and order as a query, without the page."""
    kept = {name: asked[name] for name in FILTERS if asked.get(name)}
    return urlencode(kept | ({"sort": sort} if (sort := read_sort(asked)) else {}))


def _order_by(sort: str) -> tuple[str, ...]:
    """By a column's name, with "-" from the last to the first; without one the latest first."""
    if not sort:
        return LATEST_FIRST
    minus, name = "-" if sort.startswith("-") else "", sort.removeprefix("-")
    return (minus + SORTS[name], *LATEST_FIRST)


def _describe_columns(sort: str, chosen: dict[str, str]) -> Iterator[dict[str, str]]:
    """The heads of the list: label, how the list is sorted by it, and the address of its link."""
    kept = {name: value for name, value in chosen.items() if value}
    labels = {
        "date": _("Date"), "person": _("Person"), "status": _("Status"), "centre": _("Centre"),
        "category": _("Category"), "kind": _("Kind"), "product": _("Product"),
    }  # fmt: skip
    for name, label in labels.items():
        now = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
        query = urlencode(kept | {"sort": f"-{name}" if now == "ascending" else name})
        yield {"label": label, "now": now, "address": f"?{query}"}


def _find_person(request: SignedInRequest, who: str) -> Patient | None:
    """The person by registry number or identifier, if known to the user's centres."""
    centres = centres_of(request.user, Permission.READ_RECORDS)
    if is_registry_number(who):
        visible = Patient.objects.visible_to(request.user)
        return visible.filter(registry_number=int(who)).first()
    try:
        identifier = read_identifier_at(centres[0] if len(centres) == 1 else None, who)
    except IdentifierUnusable:
        return None
    unit = centres[0].code if len(centres) == 1 else ""
    found = find_patient(identifier=identifier, by=request.user, unit=unit)
    return know_person(patient=found, by=request.user).patient


urlpatterns = [path("infusions/", infusions, name="infusions")]
