"""A person's page, corrections and withdrawals."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from registry.access import NATIONWIDE, Permission, acting_as, centres_where
from registry.choices import AccessAction, Side, Status
from registry.entry.history import read_histories
from registry.entry.infusions.columns import RELATED, row_of
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.infusions.row_reader import CodeLists
from registry.entry.infusions.undo import find_undoable
from registry.entry.infusions.visible_course import show_sex
from registry.entry.patients.lookup import find_visible_patient
from registry.entry.questions.correcting import correct_for_clinic
from registry.entry.questions.questions import ask
from registry.entry.questions.referrals import REFERABLE
from registry.errors import ChangedMeanwhile, NotFound, RegistryError
from registry.models import Infusion, Patient, Question, User
from registry.models.access_log import log_infusions
from registry.pages.clinic.base import SignedInRequest, page, show
from registry.pages.clinic.correction_forms import CorrectionForm, ReasonForm


@page(Permission.READ_RECORDS)
@require_safe
def person(request: SignedInRequest, number: int) -> HttpResponse:
    """A person's infusions at the user's centres as a timeline, each with its history."""
    patient = find_visible_patient(number=number, by=request.user, permission=Permission.READ_RECORDS)
    course = Infusion.objects.visible_to(request.user).filter(patient=patient).select_related(*RELATED).in_order()
    with acting_as(request.user):
        log_infusions(by=request.user, action=AccessAction.READ, infusions=course)
    histories = read_histories(Infusion, [infusion.pk for infusion in course])
    writable = centres_where(request.user, Permission.WRITE_RECORDS)
    undoable = find_undoable([one.pk for one in course if one.centre_id in writable], by=request.user)
    may_correct_for = bool(centres_where(request.user, Permission.CORRECT_FOR_CLINIC))
    questions: dict[UUID, list[Question]] = {}
    for question in Question.objects.visible_to(request.user).filter(infusion__in=course):
        questions.setdefault(question.infusion_id, []).append(question)
    return show(
        request,
        "clinic/person.html",
        {
            "patient": patient,
            "sex": show_sex(patient, request.user),
            "identifiers": _say_identifiers(patient, request.user),
            "steps": [
                {
                    "infusion": infusion,
                    "history": histories.get(infusion.pk, []),
                    "questions": questions.get(infusion.pk, []),
                    "writable": infusion.centre_id in writable and infusion.status == Status.SUBMITTED,
                    "undoable": undoable.get(infusion.pk),
                    "is_withdrawn_here": infusion.centre_id in writable and infusion.status == Status.WITHDRAWN,
                    "may_correct_for": may_correct_for
                    and infusion.centre_id not in writable
                    and infusion.status == Status.SUBMITTED,
                    "may_ask_steward": infusion.centre_id in writable,
                }
                for infusion in course
            ],
            "may_record": any(infusion.centre_id in writable for infusion in course),
            "may_ask": bool(centres_where(request.user, Permission.ASK_QUESTIONS)),
            "may_settle": bool(centres_where(request.user, Permission.SETTLE_ORDER)),
            "may_merge": bool(centres_where(request.user, Permission.MERGE_PATIENTS)),
            "may_erase": bool(centres_where(request.user, Permission.ERASE_PATIENTS)),
        },
    )


def _say_identifiers(patient: Patient, user: User) -> list[str]:
    """The types of a person's numbers, for the steward only: they may come from other centres."""
    if centres_where(user, Permission.READ_RECORDS) is not NATIONWIDE:
        return []
    return sorted({identifier.get_type_display() for identifier in patient.identifiers.all()})


@page(Permission.WRITE_RECORDS)
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: SignedInRequest, infusion_id: UUID) -> HttpResponse:
    """The stored fields; POST corrects them."""
    stored = _find_stored(request, infusion_id)
    if stored.status != Status.SUBMITTED:
        return _say_withdrawn(request, stored)
    lists = CodeLists(request.user)
    form = CorrectionForm(request.POST or None, infusion=stored, lists=lists)
    reason = ReasonForm(request.POST or None)
    changes = form.read_changes() if request.method == "POST" else None
    differences: list[dict] = []
    version = stored.version
    complete = changes is not None and reason.is_valid() and not form.errors
    if complete and request.POST.get("do") == "refer":
        if _send_correction(request, form, reason, stored):
            return redirect("clinic:questions")
        version = _read_version(request)
    elif complete and changes is not None:
        try:
            correct_infusion(
                infusion_id=infusion_id, changes=changes, by=request.user, reason=reason.reason,
                version=_read_version(request),
            )  # fmt: skip
        except ChangedMeanwhile as changed:
            form.refuse_error(changed)
            differences = list(_differences(form, _find_stored(request, infusion_id)))
        except NotFound:
            raise
        except RegistryError as refused:
            form.refuse_error(refused)
            version = _read_version(request)
        else:
            messages.success(request, _("The infusion is corrected."))
            return redirect("clinic:person", number=stored.patient.registry_number)
    elif request.method == "POST":
        version = _read_version(request)
    context = {"form": form, "reason": reason, "infusion": stored, "version": version, "differences": differences}
    context["referable"] = "do" in request.POST or any(form.has_error("kind", code) for code in REFERABLE)
    return show(request, "clinic/correct.html", context)


def _send_correction(request: SignedInRequest, form: CorrectionForm, reason: ReasonForm, stored: Infusion) -> bool:
    """Ask the registry's steward about the row, with the typed changes; False with errors in the form."""
    changes = [_("%(label)s: %(stored)s, to become %(typed)s") % change for change in _differences(form, stored)]
    words = [request.POST.get("message", "").strip(), f"{_('Reason')}: {reason.reason}"]
    text = "\n".join([_("A correction that the registry refuses, because the order is yours to settle."), *changes,
                      *filter(None, words)])  # fmt: skip
    try:
        ask(infusion_id=stored.pk, text=text, by=request.user, side=Side.CLINIC)
    except NotFound:
        raise
    except RegistryError as refused:
        form.refuse_error(refused)
        return False
    messages.success(request, _("The question is sent to the registry's steward."))
    return True


@page(Permission.WRITE_RECORDS)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: SignedInRequest, infusion_id: UUID) -> HttpResponse:
    """The form for the reason; POST withdraws the infusion."""
    stored = _find_stored(request, infusion_id)
    if stored.status != Status.SUBMITTED:
        return _say_withdrawn(request, stored)
    reason = ReasonForm(request.POST or None)
    refused: RegistryError | None = None
    if reason.is_valid():
        try:
            withdraw_infusion(
                infusion_id=infusion_id, by=request.user, reason=reason.reason, version=_read_version(request)
            )
        except ChangedMeanwhile as changed:
            refused = changed
        else:
            messages.success(request, _("The infusion is withdrawn."))
            return redirect("clinic:person", number=stored.patient.registry_number)
    return show(
        request,
        "clinic/withdraw.html",
        {"reason": reason, "infusion": stored, "version": stored.version, "refused": refused},
    )


def _find_stored(
    request: SignedInRequest, infusion_id: UUID, permission: Permission = Permission.WRITE_RECORDS
) -> Any:
    """The infusion with its version. Raises NotFound, also for another centre's infusion."""
    visible = Infusion.objects.visible_to(request.user, permission).with_version()
    found = visible.filter(pk=infusion_id).select_related(*RELATED).first()
    if found is None:
        raise NotFound
    with acting_as(request.user):
        log_infusions(by=request.user, action=AccessAction.READ, infusions=[found])
    return found


def _say_withdrawn(request: SignedInRequest, infusion: Infusion) -> HttpResponse:
    """Redirect from a page that changes a withdrawn infusion to where it can be registered again."""
    messages.warning(
        request,
        _(
            "This infusion is withdrawn, and can be neither corrected nor withdrawn. If that was a mistake, "
            "register it again."
        ),
    )
    return redirect("clinic:person", number=infusion.patient.registry_number)


@page(Permission.CORRECT_FOR_CLINIC)
@require_http_methods(["GET", "HEAD", "POST"])
def correct_for(request: SignedInRequest, infusion_id: UUID) -> HttpResponse:
    """The stored fields of a clinic's row; POST corrects them on the clinic's behalf, and tells it."""
    permission = Permission.CORRECT_FOR_CLINIC
    stored = _find_stored(request, infusion_id, permission)
    if stored.status != Status.SUBMITTED:
        return _say_withdrawn(request, stored)
    lists = CodeLists(request.user, centre=stored.centre.code, permission=permission)
    form = CorrectionForm(request.POST or None, infusion=stored, lists=lists)
    reason = ReasonForm(request.POST or None)
    changes, version, differences = None, stored.version, list[dict]()
    if request.method == "POST":
        changes, version = form.read_changes(), _read_version(request)
    if changes is not None and reason.is_valid() and not form.errors:
        del changes["centre"]
        try:
            correct_for_clinic(
                infusion_id=infusion_id, changes=changes, by=request.user, reason=reason.reason, version=version
            )
        except ChangedMeanwhile as changed:
            form.refuse_error(changed)
            stored = _find_stored(request, infusion_id, permission)
            differences, version = list(_differences(form, stored)), stored.version
        except NotFound:
            raise
        except RegistryError as refused:
            form.refuse_error(refused)
        else:
            messages.success(request, _("The infusion is corrected. The clinic sees why on its start page."))
            return redirect("clinic:person", number=stored.patient.registry_number)
    context = {"form": form, "reason": reason, "infusion": stored, "version": version, "differences": differences}
    return show(request, "clinic/correct.html", context | {"for_clinic": True})


def _read_version(request: SignedInRequest) -> int:
    """The version that the form was filled from; an invalid value matches no version."""
    typed = request.POST.get("version", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < len(str(2**63)) else 0


def _differences(form: CorrectionForm, stored: Infusion) -> Iterator[dict]:
    """The fields whose stored and typed values differ, to show them side by side."""
    now, typed = row_of(stored), form.typed()
    say: Callable[[str, str], str] = form.say
    for name, field in form.fields.items():
        if now.get(name, "") != typed[name]:
            yield {
                "label": capfirst(field.label),
                "stored": say(name, now.get(name, "")),
                "typed": say(name, typed[name]),
            }


urlpatterns = [
    path("persons/<int:number>/", person, name="person"),
    path("infusions/<uuid:infusion_id>/correct", correct, name="correct"),
    path("infusions/<uuid:infusion_id>/correct-for", correct_for, name="correct-for"),
    path("infusions/<uuid:infusion_id>/withdraw", withdraw, name="withdraw"),
]
