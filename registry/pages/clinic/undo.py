"""Undoing one's own correction of today by one button."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from registry.access import Permission
from registry.entry.infusions.undo import undo_correction
from registry.errors import ChangedMeanwhile, NotFound, NotPermitted, RegistryError
from registry.models import Infusion
from registry.pages.clinic.base import SignedInRequest, page


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


urlpatterns = [path("infusions/<uuid:infusion_id>/undo", undo, name="undo")]
