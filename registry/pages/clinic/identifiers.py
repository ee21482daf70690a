"""The steward's pages for a person's numbers: adding a number, replacing a wrong number."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from registry.access import Permission, acting_as
from registry.choices import AccessAction
from registry.entry.patients.identifiers import (
    IdentifierContradicts,
    IdentifierTaken,
    add_identifier,
    read_identifiers,
    replace_identifier,
)
from registry.entry.patients.lookup import find_visible_patient
from registry.errors import NotFound, ReasonMissing, RegistryError
from registry.models import Centre, Infusion, Patient
from registry.models.access_log import log_persons
from registry.pages.clinic.base import SignedInRequest, page, show
from registry.pages.clinic.steward_forms import IdentifierForm

METHODS = ["GET", "HEAD", "POST"]


@sensitive_post_parameters()
@page(Permission.MERGE_PATIENTS)
@require_http_methods(METHODS)
def identifiers(request: SignedInRequest, number: int) -> HttpResponse:
    """The types of a person's numbers; POST adds a number."""
    patient = _read_patient(request, number)
    form = IdentifierForm(request.POST or None, centres=_centres_of(patient))
    if form.is_valid():
        add = partial(add_identifier, patient=patient, identifier=form.cleaned_data["identifier"])
        if response := _change(request, form, patient, add, sentence=_("The number is added.")):
            return response
    known = read_identifiers(patient=patient, by=request.user)
    return _show(request, "clinic/identifiers.html", form, {"patient": patient, "known": known})


@sensitive_post_parameters()
@page(Permission.MERGE_PATIENTS)
@require_http_methods(METHODS)
def wrong_identifier(request: SignedInRequest, number: int, identifier_id: int) -> HttpResponse:
    """The form for the right number; POST replaces the wrong number, or removes it."""
    patient = _read_patient(request, number)
    known = read_identifiers(patient=patient, by=request.user)
    wrong = next((stored for stored in known if stored.pk == identifier_id), None)
    if wrong is None:
        raise NotFound
    form = IdentifierForm(request.POST or None, centres=_centres_of(patient), may_be_empty=len(known) > 1)
    if form.is_valid():
        identifier = form.cleaned_data["identifier"]
        replace = partial(replace_identifier, patient=patient, wrong=wrong.pk, identifier=identifier)
        sentence = _("The number is replaced.") if identifier else _("The number is removed.")
        if response := _change(request, form, patient, replace, sentence=sentence):
            return response
    context = {"patient": patient, "wrong": wrong, "may_be_empty": len(known) > 1}
    return _show(request, "clinic/identifier_wrong.html", form, context)


def _change(
    request: SignedInRequest,
    form: IdentifierForm,
    patient: Patient,
    change: Callable[..., Sequence[Infusion]],
    *,
    sentence: str,
) -> HttpResponse | None:
    """Make the change and redirect to the person's page; None if it is refused, with the error in the form."""
    cleaned = form.cleaned_data
    try:
        contradicted = change(by=request.user, reason=cleaned["text"], despite=cleaned["despite"])
    except IdentifierTaken as taken:
        form.refuse(taken, field="number")
        form.other = taken.registry_number  # type: ignore[attr-defined]
        return None
    except RegistryError as refused:
        form.refuse(refused, field=_field_of(refused))
        return None
    messages.success(request, sentence)
    if contradicted:
        days = ", ".join(infusion.written_on for infusion in contradicted)
        warned = _("The age no longer agrees with the number at these infusions, and the centre is asked: %s")
        messages.warning(request, warned % days)
    return redirect("clinic:person", number=patient.registry_number)


def _field_of(refused: RegistryError) -> str:
    if isinstance(refused, IdentifierContradicts):
        return "despite"
    return "text" if isinstance(refused, ReasonMissing) else "number"


def _show(request: SignedInRequest, template: str, form: IdentifierForm, context: dict[str, Any]) -> HttpResponse:
    other = getattr(form, "other", None)
    return show(request, template, context | {"form": form, "other": other})


def _read_patient(request: SignedInRequest, number: int) -> Patient:
    """The person; reading their page is logged."""
    patient = find_visible_patient(number=number, by=request.user, permission=Permission.MERGE_PATIENTS)
    with acting_as(request.user):
        log_persons(by=request.user, action=AccessAction.READ, numbers=[patient.registry_number])
    return patient


def _centres_of(patient: Patient) -> list[Centre]:
    """The centres where the person has infusions, whose pseudonyms or regional numbers the person may have."""
    return list(Centre.objects.filter(infusions__patient=patient).distinct().order_by("code"))


urlpatterns = [
    path("persons/<int:number>/identifiers/", identifiers, name="identifiers"),
    path("persons/<int:number>/identifiers/<int:identifier_id>", wrong_identifier, name="identifier-wrong"),
]
