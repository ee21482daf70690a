"""The start page: what waits for the user, the latest entries, the centre's numbers beside the nation's."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from registry.access import ROLES, Permission, acting_as
from registry.choices import AccessAction, CentreRole, NationalRole
from registry.entry.infusions.form_drafts import AUTOSAVE_DAYS
from registry.models import Centre, Infusion, User
from registry.models.access_log import log_infusions
from registry.pages.clinic.base import SignedInRequest, centres_of, page, show
from registry.pages.clinic.own_numbers import describe_own
from registry.pages.clinic.worklist import LISTED, describe_worklist, list_shown
from registry.published.queries import read_status

LATELY = 10


@page()
@require_safe
def start(request: SignedInRequest) -> HttpResponse:
    """The worklist, and the latest entries of the user's centres; without a centre only the roles."""
    user = request.user
    mine = centres_of(user, Permission.WRITE_RECORDS)
    lately = Infusion.objects.visible_to(user, Permission.WRITE_RECORDS).select_related(
        "centre", "patient", "product"
    )
    recent = list(lately.order_by("-created_at", "id")[:LATELY])
    worklist = describe_worklist(request)
    with acting_as(user):
        shown = {infusion.pk: infusion for infusion in [*recent, *list_shown(worklist)]}
        log_infusions(by=user, action=AccessAction.READ, infusions=shown.values())
    published = read_status()
    drafts = Paginator(worklist["drafts"], LISTED).get_page(request.GET.get("page"))
    return show(
        request,
        "clinic/start.html",
        {
            "recent": recent,
            "draft_days": settings.DRAFT_DAYS,
            "autosave_days": AUTOSAVE_DAYS,
            "roles": list(_roles(user)),
            "published": published,
        }
        | worklist
        | {"drafts": drafts}
        | describe_own(user, mine, published["snapshot"]),
    )


@page(Permission.WRITE_RECORDS)
@require_POST
def changes_seen(request: SignedInRequest) -> HttpResponse:
    """Mark as seen what others have changed, up to the latest that the page showed."""
    try:
        until = parse_datetime(request.POST.get("until", ""))
    except ValueError:
        until = None
    if until and timezone.is_aware(until):
        User.objects.filter(pk=request.user.pk).update(changes_seen_at=min(until, timezone.now()))
    return redirect("clinic:start")


def _roles(user: User) -> Iterator[dict[str, Any]]:
    """The user's roles, where they hold, and what they mean."""
    names = dict(CentreRole.choices) | dict(NationalRole.choices)
    codes = dict(Centre.objects.values_list("pk", "code"))
    for role, centre in user.roles_at():
        yield {"name": names[role], "centre": codes.get(centre or 0, ""), "sentence": ROLES[role][0]}


urlpatterns = [path("", start, name="start"), path("changes-seen", changes_seen, name="changes-seen")]
