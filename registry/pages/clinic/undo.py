"""Undoing one's own correction of today, of one infusion or of several together, by one button."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from registry.access import Permission
from registry.entry.infusions.undo import undo_correction, undo_together
from registry.errors import ChangedMeanwhile, InfusionRefused, NotFound, NotPermitted, RegistryError
from registry.models import Infusion
from registry.pages.clinic.base import SignedInRequest, page

MOST_TOLD = 10  # of the infusions that cannot be corrected back


@page(Permission.WRITE_RECORDS)
@require_POST
def undo(request: SignedInRequest, infusion_id: UUID) -> HttpResponse:
    """Correct the infusion back; where that cannot be done, say why and lead on to the form of a correction."""
    visible = Infusion.objects.visible_to(request.user, Permission.WRITE_RECORDS).select_related("patient")
    infusion = visible.filter(pk=infusion_id).first()
    if infusion is None:
        raise NotFound
    typed = request.POST.get("version", "")
    version = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < len(str(2**63)) else 0
    try:
        undo_correction(infusion_id=infusion_id, version=version, by=request.user)
    except (NotFound, NotPermitted):
        raise
    except ChangedMeanwhile:
        sentence = _(
            "Your correction is no longer the last change, or was not made today, so it cannot be undone. Look "
            "at what is stored now, and correct it."
        )
        messages.error(request, sentence)
        return redirect("clinic:correct", infusion_id=infusion_id)
    except RegistryError as refused:
        messages.error(request, str(refused))
        return redirect("clinic:correct", infusion_id=infusion_id)
    messages.success(request, _("Your correction is undone. The history shows both."))
    return redirect("clinic:person", number=infusion.patient.registry_number)


@page(Permission.WRITE_RECORDS)
@require_POST
def undo_several(request: SignedInRequest) -> HttpResponse:
    """Correct several infusions back that were corrected together; or none, and say of which it cannot be done."""
    try:
        undone = undo_together(at=_read_moment(request.POST.get("at", "")), by=request.user)
    except (NotFound, NotPermitted):
        raise
    except InfusionRefused as refused:
        for problem in refused.problems[:MOST_TOLD]:
            messages.error(request, problem.sentence)
    except ChangedMeanwhile:
        sentence = _(
            "One of these infusions has been changed since, or the correction was not made today, so it cannot be "
            "undone as a whole. Look at what is stored now, and correct it."
        )
        messages.error(request, sentence)
    else:
        sentence = ngettext(
            "Your correction of %(number)s infusion is undone. The history shows both.",
            "Your correction of %(number)s infusions is undone. The history shows both.",
            len(undone),
        )
        messages.success(request, sentence % {"number": len(undone)})
    return redirect("clinic:infusions")


def _read_moment(typed: str) -> datetime:
    """Raises ChangedMeanwhile for what is no moment with a time zone."""
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        raise ChangedMeanwhile from None
    if at.tzinfo is None:
        raise ChangedMeanwhile
    return at


urlpatterns = [
    path("infusions/<uuid:infusion_id>/undo", undo, name="undo"),
    path("infusions/several/undo", undo_several, name="undo-several"),
]
