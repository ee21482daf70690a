"""The steward's desk: possible duplicates, merging, moving, erasing."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry.access import Permission, acting_as
from registry.choices import AccessAction
from registry.entry.patients.comparison import MergeUnexplained, choose_traits
from registry.entry.patients.count_effect import EffectChanged, Place, as_one, compare, places_of, print_effect
from registry.entry.patients.duplicates import NEAR_DAYS, find_doubles
from registry.entry.patients.erasure import count_traces, count_written, erase_patient
from registry.entry.patients.kept_apart import (
    end_keeping_apart,
    keep_apart,
    read_decisions,
    read_kept_apart,
)
from registry.entry.patients.lookup import find_visible_patient
from registry.entry.patients.lookup_budget import read_askers
from registry.entry.patients.merge import check_merge, merge_patients
from registry.entry.patients.move import move_patient, move_places
from registry.entry.patients.search import find_number
from registry.entry.questions.referrals import read_open
from registry.entry.questions.settling import MOST_SHOWN, read_unsettled
from registry.errors import MergeImpossible, NotFound, RegistryError
from registry.models import Centre, Infusion, Patient
from registry.models.access_log import log_infusions, log_persons
from registry.pages.clinic.base import SignedInRequest, page, show
from registry.pages.clinic.effect_in_words import say_effect
from registry.pages.clinic.steward_forms import EraseForm, MergeForm, MoveForm, WhoForm, WordsForm

MOST_WAITING = 50  # referrals, the oldest; the list of referrals has all
APART_A_PAGE = 50
METHODS = ["GET", "HEAD", "POST"]


@sensitive_post_parameters()
@page(Permission.MERGE_PATIENTS, stores=False)
@require_http_methods(METHODS)
def desk(request: SignedInRequest) -> HttpResponse:
    """Possible duplicates; POST searches for a person."""
    search = WhoForm(request.POST or None)
    if found := _find(request, search):
        return redirect("clinic:person", number=found.registry_number)
    near = request.GET.get("lookups") == "near"
    context = {
        "search": search,
        "referrals": read_open(by=request.user)[:MOST_WAITING],
        "most_waiting": MOST_WAITING,
        "unsettled": read_unsettled(by=request.user),
        "most_unsettled": MOST_SHOWN,
        "doubles": find_doubles(by=request.user, page=request.GET.get("page", "1")),
        "near_days": NEAR_DAYS,
        "askers": read_askers(by=request.user, near=near),
        "near": near,
        "budget": settings.LOOKUPS_PER_HOUR,
    }
    return show(request, "clinic/desk.html", context)


@sensitive_post_parameters()
@page(Permission.MERGE_PATIENTS, stores=False)
@require_http_methods(METHODS)
def merge_with(request: SignedInRequest, number: int) -> HttpResponse:
    """The form for the other person; POST redirects to the two side by side."""
    patient = _patient(request, number, Permission.MERGE_PATIENTS)
    search = WhoForm(request.POST or None)
    if found := _find(request, search):
        return redirect("clinic:merge", number=number, other=found.registry_number)
    _read_course(request, patient)
    return show(request, "clinic/desk_merge_with.html", {"patient": patient, "search": search})


@page(Permission.MERGE_PATIENTS)
@require_http_methods(METHODS)
def merge(request: SignedInRequest, number: int, other: int) -> HttpResponse:
    """Two persons side by side, and the effect of a merge on the numbers; POST merges them."""
    keep, absorb = (_patient(request, each, Permission.MERGE_PATIENTS) for each in (number, other))
    form = MergeForm(request.POST or None)
    if form.is_valid():
        try:
            merge_patients(
                keep=keep, absorb=absorb, by=request.user, reason=form.cleaned_data["text"],
                explanation=form.cleaned_data["explanation"], seen=request.POST.get("seen", ""),
            )  # fmt: skip
        except RegistryError as refused:
            form.refuse(refused, field="explanation" if refused.code == MergeUnexplained.code else None)
        else:
            messages.success(request, _("The two persons are now one, under registry number %s.") % number)
            return redirect("clinic:person", number=number)
    return _show_pair(request, keep, absorb, form, _apart_form())


@page(Permission.MERGE_PATIENTS)
@require_POST
def apart(request: SignedInRequest, number: int, other: int) -> HttpResponse:
    """Decide that the two are not the same person, or end that decision; with a reason."""
    one, another = (_patient(request, each, Permission.MERGE_PATIENTS) for each in (number, other))
    form, ends = _apart_form(request.POST), request.POST.get("do") == "end"
    if form.is_valid():
        decide = end_keeping_apart if ends else keep_apart
        try:
            decide(one=one, other=another, by=request.user, reason=form.cleaned_data["text"])
        except RegistryError as refused:
            form.refuse(refused)
        else:
            done = _("The decision is ended: the two can be compared again.") if ends else _(
                "Decided: they are not the same person. The pair is on the list of those kept apart."
            )  # fmt: skip
            messages.success(request, done)
            return redirect("clinic:merge", number=number, other=other) if ends else redirect("clinic:desk")
    return _show_pair(request, one, another, MergeForm(), form)


@page(Permission.MERGE_PATIENTS)
@require_safe
def kept_apart(request: SignedInRequest) -> HttpResponse:
    """The pairs of whom it was decided that they are not the same person, the latest first."""
    listed = Paginator(read_kept_apart(by=request.user), APART_A_PAGE).get_page(request.GET.get("page"))
    shown = {person.registry_number for pair in listed for person in (pair.one, pair.other)}
    with acting_as(request.user):
        log_persons(by=request.user, action=AccessAction.READ, numbers=sorted(shown))
    return show(request, "clinic/desk_apart.html", {"listed": listed})


def _show_pair(
    request: SignedInRequest, keep: Patient, absorb: Patient, form: MergeForm, apart_form: WordsForm
) -> HttpResponse:
    courses = [_read_course(request, patient) for patient in (keep, absorb)]
    decisions = list(read_decisions(keep, absorb))
    context = {
        "persons": list(zip((keep, absorb), courses, strict=True)),
        "form": form,
        "keep": keep,
        "absorb": absorb,
        "written": count_written(absorb),
        "apart_form": apart_form,
        "decisions": decisions,
        "standing": any(decision.ended_at is None for decision in decisions),
    }
    try:
        context["unexplained"] = check_merge(keep=keep, absorb=absorb)
    except MergeImpossible as impossible:
        return show(request, "clinic/desk_merge.html", context | {"impossible": str(impossible)})
    before = places_of(infusion for course in courses for infusion in course)
    sex, _birth_year = choose_traits(keep, absorb)
    return show(request, "clinic/desk_merge.html", context | _show_effect(before, as_one(before, keep.pk, sex)))


@page(Permission.MERGE_PATIENTS)
@require_http_methods(METHODS)
def move(request: SignedInRequest, number: int) -> HttpResponse:
    """The form for the two centres; POST shows the effect on the numbers, and when confirmed moves."""
    patient = _patient(request, number, Permission.MERGE_PATIENTS)
    course = _read_course(request, patient)
    known = {infusion.centre_id: infusion.centre for infusion in course}.values()
    form = MoveForm(request.POST or None, known_at=known, centres=Centre.objects.order_by("code"))
    context: dict[str, Any] = {"patient": patient, "form": form, "known": known}
    if form.is_valid():
        origin, target = form.between
        pair = f"{origin.code}>{target.code}"
        if request.POST.get("shown") == pair:
            try:
                move_patient(
                    patient=patient, from_centre=origin, to_centre=target, by=request.user,
                    reason=form.cleaned_data["text"], seen=request.POST.get("seen", ""),
                )  # fmt: skip
            except RegistryError as refused:
                form.refuse(refused, field=None)
                course = _read_course(request, patient)  # what has changed while this waited
            else:
                messages.success(request, _("What %(origin)s had registered now belongs to %(target)s.") % {
                    "origin": origin.code, "target": target.code,
                })  # fmt: skip
                return redirect("clinic:person", number=number)
        before = places_of(course)
        after = move_places(before, origin, target)
        moved = [infusion for infusion in course if infusion.centre_id == origin.pk]
        written = count_written(patient, centre=origin)
        context |= {"shown": pair, "moved": moved, "written": written, "origin": origin} | _show_effect(
            before, after
        )
    return show(request, "clinic/desk_move.html", context)


@page(Permission.ERASE_PATIENTS)
@require_http_methods(METHODS)
def erase(request: SignedInRequest, number: int) -> HttpResponse:
    """What would be removed, and the effect on the numbers; POST erases the person."""
    patient = _patient(request, number, Permission.ERASE_PATIENTS)
    course = _read_course(request, patient)
    form = EraseForm(request.POST or None)
    if form.is_valid():
        try:
            removed = erase_patient(
                patient=patient, by=request.user, reason=form.cleaned_data["text"],
                refuses=form.cleaned_data["refuses"] == "yes", seen=request.POST.get("seen", ""),
            )  # fmt: skip
        except RegistryError as refused:
            form.refuse(refused, field=None if refused.code == EffectChanged.code else "text")
            course = _read_course(request, patient)  # what has changed while this waited
        else:
            messages.success(request, _say_erased(len(course), removed.history))
            return redirect("clinic:desk")
    before = places_of(course)
    context = {
        "patient": patient,
        "course": course,
        "form": form,
        "traces": count_traces(patient),
        "written": count_written(patient),
    }
    return show(request, "clinic/desk_erase.html", context | _show_effect(before, []))


def _apart_form(data: QueryDict | None = None) -> WordsForm:
    return WordsForm(data, label=_("Why they are, or are not, the same person"), prefix="apart")


def _patient(request: SignedInRequest, number: int, permission: Permission) -> Patient:
    return find_visible_patient(number=number, by=request.user, permission=permission)


def _find(request: SignedInRequest, search: WhoForm) -> Patient | None:
    """The person whom the form names; None with an error in the form."""
    if not search.is_valid():
        return None
    who, permission = search.cleaned_data["who"], Permission.MERGE_PATIENTS
    number = find_number(who=who, by=request.user, permission=permission)
    try:
        if number is not None:
            return _patient(request, number, permission)
    except NotFound:
        pass
    search.add_error("who", _("Nobody in the registry has this number."))
    return None


def _read_course(request: SignedInRequest, patient: Patient) -> list[Infusion]:
    """All infusions of a person, in order; reading them is logged."""
    found = Infusion.objects.visible_to(request.user).filter(patient=patient)
    course = found.with_codes().in_order()
    with acting_as(request.user):
        if course:
            log_infusions(by=request.user, action=AccessAction.READ, infusions=course)
        else:
            log_persons(by=request.user, action=AccessAction.READ, numbers=[patient.registry_number])
    return course


def _show_effect(before: Sequence[Place], after: Sequence[Place]) -> dict[str, Any]:
    """The effect for people, and as the page carries it, so that what is done is what was shown."""
    rows = compare(before, after)
    return say_effect(rows) | {"seen": print_effect(before, rows)}


def _say_erased(infusions: int, history: int) -> str:
    said = ngettext("The person is erased, with %d infusion", "The person is erased, with %d infusions", infusions)
    rows = ngettext("and %d row of history.", "and %d rows of history.", history)
    return f"{said % infusions} {rows % history} " + _("The numbers change with the next snapshot.")


urlpatterns = [
    path("desk/", desk, name="desk"),
    path("persons/<int:number>/merge/", merge_with, name="merge-with"),
    path("persons/<int:number>/merge/<int:other>", merge, name="merge"),
    path("persons/<int:number>/merge/<int:other>/apart", apart, name="apart"),
    path("desk/kept-apart/", kept_apart, name="kept-apart"),
    path("persons/<int:number>/move", move, name="move"),
    path("persons/<int:number>/erase", erase, name="erase"),
]
