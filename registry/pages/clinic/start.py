"""The start page: latest entries, what waits for the user, the centre's counts."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import path
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from registry.access import ROLES, Permission, acting_as
from registry.choices import AccessAction, Category, CentreRole, NationalRole
from registry.entry.live_counts import count_entered
from registry.entry.questions.questions import RELATED
from registry.entry.questions.referrals import read_waiting
from registry.errors import NotPublished
from registry.models import Centre, Coverage, Draft, Infusion, Question, User
from registry.models.access_log import log_infusions
from registry.pages.clinic.base import SignedInRequest, centres_of, page, show
from registry.published.queries import read_map, read_status

LATELY = 10
LISTED = 50  # of what waits; lists of their own have all


@page()
@require_safe
def start(request: SignedInRequest) -> HttpResponse:
    """The latest entries of the user's centres and what waits for the user; without a centre only the roles."""
    mine = centres_of(request.user, Permission.WRITE_RECORDS)
    lately = Infusion.objects.visible_to(request.user, Permission.WRITE_RECORDS).select_related(
        "centre", "patient", "product"
    )
    recent = list(lately.order_by("-created_at", "id")[:LATELY])
    with acting_as(request.user):
        log_infusions(by=request.user, action=AccessAction.READ, infusions=recent)
    drafts = Draft.objects.visible_to(request.user, Permission.WRITE_RECORDS)
    drafts = drafts.select_related("centre", "patient", "saved_by")
    questions = Question.objects.visible_to(request.user, Permission.WRITE_RECORDS).unanswered()
    return show(
        request,
        "clinic/start.html",
        {
            "recent": recent,
            "draft_days": settings.DRAFT_DAYS,
            "drafts": Paginator(list(drafts), LISTED).get_page(request.GET.get("page")),
            "questions": questions.select_related(*RELATED)[:LISTED],
            "referrals": read_waiting(by=request.user)[:LISTED],
            "roles": list(_roles(request.user)),
            "centres": list(_compare_published(request.user, mine)),
            "published": read_status(),
        },
    )


def _roles(user: User) -> Iterator[dict[str, Any]]:
    """The user's roles, where they hold, and what they mean."""
    names = dict(CentreRole.choices) | dict(NationalRole.choices)
    codes = dict(Centre.objects.values_list("pk", "code"))
    for role, centre in user.roles_at():
        yield {"name": names[role], "centre": codes.get(centre or 0, ""), "sentence": ROLES[role][0]}


def _compare_published(user: User, centres: list[Centre]) -> Iterator[dict[str, Any]]:
    """Each centre's numbers by category, as recorded and as published."""
    if not centres:
        return
    entered = count_entered(user)
    try:
        document = {centre["code"]: centre for centre in read_map(language=get_language() or "sv")["centres"]}
    except NotPublished:
        document = {}
    stated = Coverage.objects.filter(centre__in=centres).reverse()  # so that the latest statement wins
    complete = {row.centre_id: row.complete_through for row in stated}
    for centre in centres:
        counted, published = entered.get(centre.pk, {}), document.get(centre.code, {})
        by_category = {row["category"]: row for row in published.get("categories", [])}
        names = [name for name in (*Category.values, "all") if name in counted or name in by_category]
        yield {
            "centre": centre,
            "complete_through": complete.get(centre.pk),
            "rows": [
                {
                    "category": "" if name == "all" else name,
                    "entered": counted.get(name),
                    "published": published if name == "all" else by_category.get(name),
                }
                for name in names
            ],
        }


urlpatterns = [path("", start, name="start")]
