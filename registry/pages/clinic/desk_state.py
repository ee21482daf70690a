"""What the steward's worklist leads to: which centres have attested, and how the latest jobs have ended."""

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from registry.access import Permission
from registry.choices import CentreRole
from registry.dates import today
from registry.entry.coverage import due_through, read_behind
from registry.models import Membership, Run
from registry.pages.clinic.base import SignedInRequest, page, show

RUNS = 50


@page(Permission.PUBLISH)
@require_safe
def attested(request: SignedInRequest) -> HttpResponse:
    """The centres that are behind, and who may attest there."""
    leads: dict[int, list[str]] = {}
    for one in Membership.objects.filter(role=CentreRole.LEAD, user__is_active=True).select_related("user"):
        leads.setdefault(one.centre_id, []).append(one.user.get_full_name() or one.user.username)
    behind = [{"due": due, "leads": sorted(leads.get(due.centre.pk, ()))} for due in read_behind(by=request.user)]
    context = {"behind": behind, "through": due_through(today())}
    return show(request, "clinic/desk_attested.html", context)


@page(Permission.PUBLISH)
@require_safe
def runs(request: SignedInRequest) -> HttpResponse:
    """The latest runs, and of each task the last."""
    latest = list(Run.objects.with_stuck()[:RUNS])
    shown = {run.pk for run in latest}
    latest += [run for run in Run.objects.with_stuck().last_of_each_task() if run.pk not in shown]
    return show(request, "clinic/desk_runs.html", {"runs": latest})


urlpatterns = [
    path("desk/attested/", attested, name="attested"),
    path("desk/runs/", runs, name="runs"),
]
