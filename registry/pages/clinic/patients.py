"""The list of infusions, a person's page, corrections and withdrawals."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from registry.access import NATIONWIDE, Permission, acting_as, centres_where
from registry.choices import AccessAction, Category, Side, Status
from registry.entry.history import read_histories
from registry.entry.infusions.columns import RELATED, row_of
from registry.entry.infusions.proposal import know_person
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.infusions.row_reader import CodeLists, read_identifier_at
from registry.entry.infusions.visible_course import show_sex
from registry.entry.patients.lookup import find_patient, find_visible_patient
from registry.entry.patients.search import is_registry_number
from registry.entry.questions.questions import ask
from registry.entry.questions.referrals import REFERABLE
from registry.errors import ChangedMeanwhile, NotFound, RegistryError, TooManyLookups
from registry.identity import IdentifierUnusable
from registry.models import Infusion, Patient, Question, User
from registry.models.access_log import log_infusions
from registry.pages.clinic.base import SignedInRequest, centres_of, page, say_wait, show
from registry.pages.clinic.correction_forms import CorrectionForm, ReasonForm
from registry.pages.clinic.steward_forms import WhoForm

ROWS_A_PAGE = 50


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
    chosen = {name: request.GET.get(name, "") for name in ("centre", "category", "status")}
    rows = Infusion.objects.visible_to(request.user).select_related(*RELATED)
    for name, column in (("centre", "centre__code"), ("category", "category"), ("status", "status")):
        if chosen[name]:
            rows = rows.filter(**{column: chosen[name]})
    listed = Paginator(rows.order_by("-infused_on", "-sequence", "id"), ROWS_A_PAGE).get_page(
        request.GET.get("page")
    )
    with acting_as(request.user):
        log_infusions(by=request.user, action=AccessAction.READ, infusions=listed.object_list)
    response = show(
        request,
        "clinic/infusions.html",
        {
            "search": search,
            "listed": listed,
            "chosen": chosen,
            "centres": centres_of(request.user, Permission.READ_RECORDS),
            "categories": Category.values,
            "statuses": [choice for choice in Status.choices if choice[0] != Status.DRAFT],
        },
    )
    return say_wait(response, too_many)


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
                    "is_withdrawn_here": infusion.centre_id in writable and infusion.status == Status.WITHDRAWN,
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


def _find_stored(request: SignedInRequest, infusion_id: UUID) -> Any:
    """The infusion with its version. Raises NotFound, also for another centre's infusion."""
    visible = Infusion.objects.visible_to(request.user, Permission.WRITE_RECORDS).with_version()
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
    path("infusions/", infusions, name="infusions"),
    path("persons/<int:number>/", person, name="person"),
    path("infusions/<uuid:infusion_id>/correct", correct, name="correct"),
    path("infusions/<uuid:infusion_id>/withdraw", withdraw, name="withdraw"),
]
