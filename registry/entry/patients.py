"""Finding, merging and erasing persons. A person is locked while anything of theirs changes."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from registry.access import Actor, Permission, acting_as, require
from registry.choices import AccessAction, Kind, Sex
from registry.draft import Identified, InfusionDraft
from registry.entry.ages import ask_about_ages
from registry.entry.alike import ask_explanation, choose_traits
from registry.entry.announce import announce_change
from registry.entry.doubts import follow_doubts, read_doubts
from registry.entry.effect import Place, Row, as_one, compare, places_of, print_effect
from registry.entry.lookups import REFUSED, charge, has_budget
from registry.entry.reasons import check_reason
from registry.entry.traces import Traces, digests_of, erase_traces, referrals_of
from registry.errors import InfusionRefused, MergeImpossible, NotFound, Problem, RegistryError, TooManyLookups
from registry.identity import refusal_token
from registry.models import Erasure, Infusion, Patient, PatientIdentifier, Referral, Refusal
from registry.models.access_log import log_persons
from registry.models.ground import ENTRY_LOCK
from registry.models.patient import GIVES_BIRTH_DATE
from registry.order import Step, keep_one_first, put_in_order


class PatientRefused(RegistryError):
    """The person has asked not to be in the registry: nothing may be stored."""

    code = "do_not_register"


class PseudonymUsed(InfusionRefused):
    """This pseudonym stands for somebody of whom the centre has no infusion any more."""

    code = "pseudonym_used"

    def __init__(self) -> None:
        super().__init__([pseudonym_used()])


def pseudonym_used() -> Problem:
    """The refusal of a retired pseudonym: the same whatever became of the person (decision 0018)."""
    sentence = _(
        "This pseudonym has been used before and cannot be used again at your centre: write the person's number, "
        "or another pseudonym."
    )
    return Problem("patient_id", "pseudonym_used", sentence)


class EffectChanged(RegistryError):
    """The records have changed meanwhile, and with them the effect: look at it again."""

    code = "effect_changed"


@dataclass(frozen=True)
class MergeEffect:
    """What a merge does to the national numbers, to be read before it is done."""

    patients: int
    reinfusions: int
    further_doses: int


def lock_entry(*, alone: bool = False) -> None:
    """Keep single entries and an import apart. Held until the commit.

    Single entries wait for each other too, but only from their first write on, at the revision.
    """
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [ENTRY_LOCK])


def find_patient(
    *, identifier: Identified, by: Actor, unit: str = "", permission: Permission = Permission.READ_RECORDS
) -> Patient | None:
    """The person with this identifier, whichever key it was digested with, of any centre or of none.

    Every call is a look-up: a line in the access log (for unit, the code of a centre), in vain too, and for
    whom no centre where the actor holds the permission knows, one of an hour's budget (lookups.py). Both are
    committed whatever becomes of the request, so that a question that fails is none that was free; hence no
    caller may have begun a transaction. Raises TooManyLookups.
    """
    found = find_patients(identifiers=[identifier], by=by, unit=unit, permission=permission)
    return found[0] if found else None


def find_patients(
    *, identifiers: Sequence[Identified], by: Actor, unit: str = "", permission: Permission
) -> list[Patient]:
    """The persons whom one question may mean, looked up as by `find_patient`: one line where there is none."""
    with acting_as(by):
        found = {identifier: person_with(identifier) for identifier in identifiers}
        persons = list(dict.fromkeys(filter(None, found.values())))
        own = set(Patient.objects.visible_to(by, permission).filter(pk__in=[one.pk for one in persons]))
        foreign = [identifier.digests()[0][1] for identifier, person in found.items() if person not in own]
        wait = charge(by=by, persons=foreign) if foreign and has_budget(by, permission) else 0
        numbers = [] if wait else [person.registry_number for person in persons]
        log_persons(
            by=by, action=AccessAction.SEARCH, numbers=numbers or [None], unit=unit, detail=REFUSED if wait else ""
        )
    if wait:
        raise TooManyLookups(wait)
    return persons


def find_patient_to_enter(*, identifier: Identified, by: Actor, unit: str) -> Patient | None:
    """Whom an infusion that someone enters is of, looked up as by `find_patient`; None for someone new.

    Raises TooManyLookups, PseudonymUsed, and PatientRefused: of whoever asked not to be registered nothing
    else is told.
    """
    found = find_patient(identifier=identifier, by=by, unit=unit)
    if found is None:
        refuse_refused(identifier)
        _refuse_retired(identifier)
    return found


def refuse_refused(identifier: Identified) -> None:
    """Raise PatientRefused for a person who has asked not to be registered."""
    if Refusal.objects.filter(token__in=refusal_tokens(identifier.digests())).exists():
        raise PatientRefused


def find_visible_patient(*, number: int, by: Actor, permission: Permission) -> Patient:
    """The person with a registry number, if a centre where the actor holds the permission knows them.

    Raises NotFound, alike for a number that nobody has.
    """
    patient = Patient.objects.visible_to(by, permission).filter(registry_number=number).first()
    if patient is None:
        raise NotFound
    return patient


def lock_patient(draft: InfusionDraft) -> Patient:
    """The person of a draft, stored if new, locked until the commit. No look-up: whoever enters has made
    one before, outside of this transaction.

    Two who enter the same new person at once meet at the digest's lock: the second finds the
    person that the first has stored. Raises PatientRefused, PseudonymUsed.
    """
    identifier = draft.identifier
    if identifier is None:
        raise ValueError("a draft without an identifier has no person to lock")
    lock_entry()
    claim_identifier(identifier)
    while found := person_with(identifier):
        # While we waited for the lock the person may have been merged into another, or erased.
        locked = Patient.objects.select_for_update().filter(pk=found.pk).first()
        if locked and person_with(identifier) == locked:
            return locked
    refuse_refused(identifier)
    _refuse_retired(identifier)
    patient = Patient.objects.create(sex=draft.sex or Sex.UNKNOWN, birth_year=identifier.birth_year)
    give_identifier(patient, identifier)
    return patient


def claim_identifier(identifier: Identified) -> Patient | None:
    """Whose a number is, a retired pseudonym too; nobody else is given it before the commit. No look-up: the
    caller has made one.
    """
    _key_id, digest = identifier.digests()[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)])
    return _holder_of(identifier)


def give_identifier(patient: Patient, identifier: Identified) -> None:
    """Store a claimed number as the person's."""
    key_id, digest = identifier.digests()[-1]
    PatientIdentifier.objects.create(
        patient=patient,
        type=identifier.type,
        key_id=key_id,
        digest=digest,
        birth_digest=identifier.birth_digest(),
    )


def lock_known_patient(patient: Patient, by: Actor) -> Patient:
    """The person as stored now, locked until the commit. Raises NotFound, also for whom the actor's
    centres do not know.
    """
    lock_entry()
    locked = Patient.objects.select_for_update().filter(pk=patient.pk).first()
    if (
        locked is None
        or not Patient.objects.visible_to(by, Permission.WRITE_RECORDS).filter(pk=locked.pk).exists()
    ):
        raise NotFound(_("There is no such person at your centre."))
    return locked


def fill_sex(patient: Patient, draft: InfusionDraft, *, by: Actor) -> None:
    """Give a locked person whose sex is not known the one that a draft states.

    What was stated with infusions that have all been withdrawn elsewhere is no longer known; what a personal
    identity or coordination number says is.
    """
    stated = draft.sex or Sex.UNKNOWN
    if draft.identifier and patient.sex != stated:
        here = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).filter(patient=patient)
        told = patient.identifiers.filter(type__in=GIVES_BIRTH_DATE)  # which gives the sex too
        forgotten = not here.exists() and not patient.infusions.counted().exists() and not told.exists()
    else:
        forgotten = False
    if forgotten or (patient.sex == Sex.UNKNOWN and stated != Sex.UNKNOWN):
        patient.sex = stated
        with acting_as(by, reason=_("Stated with an infusion")):
            patient.save(update_fields=["sex"])


def refusal_tokens(chain: Sequence[tuple[str, bytes]]) -> list[bytes]:
    """By what a person with these digests would be known, had they refused registration."""
    return [refusal_token(key_id, digest) for key_id, digest in chain]


def read_refusals() -> set[bytes]:
    """The tokens of all who have; they are few."""
    return {bytes(token) for token in Refusal.objects.values_list("token", flat=True)}


def person_with(identifier: Identified) -> Patient | None:
    """Whom an identifier names, for a caller that tells nobody: whoever asks calls `find_patient`.

    A centre's own pseudonym names whom the centre has an infusion of, withdrawn or not; else it is retired,
    and names nobody (docs/counting.md, "Pseudonyms").
    """
    found = _holder_of(identifier)
    if found and identifier.centre and not found.infusions.filter(centre__code=identifier.centre).exists():
        return None
    return found


def _refuse_retired(identifier: Identified) -> None:
    """Raise PseudonymUsed for a pseudonym that names nobody now and stays somebody's."""
    if identifier.centre and _holder_of(identifier) and not person_with(identifier):
        raise PseudonymUsed


def _holder_of(identifier: Identified) -> Patient | None:
    chain = Q()
    for key_id, digest in identifier.digests():
        chain |= Q(key_id=key_id, digest=digest)
    found = PatientIdentifier.objects.filter(chain).select_related("patient").first()
    return found.patient if found else None


def preview_merge(*, keep: Patient, absorb: Patient) -> MergeEffect:
    """How the national numbers move if absorb becomes keep. Raises MergeImpossible."""
    if keep == absorb:
        raise MergeImpossible(_("These are one person already."))
    ours, theirs = (
        [infusion.step for infusion in person.infusions.counted().in_order()] for person in (keep, absorb)
    )
    if {step.slot for step in ours}.intersection(step.slot for step in theirs):
        raise MergeImpossible(
            _(
                "Both have an infusion on the same day with the same sequence. If it is one infusion "
                "recorded twice, withdraw one; if there were two, correct the sequence of one."
            )
        )
    ask_explanation(keep, absorb)  # raises where the typed ages forbid it
    roles = (_count_roles(course) for course in (keep_one_first([*ours, *theirs]), ours, theirs))
    return MergeEffect(*(both - one - other for both, one, other in zip(*roles, strict=True)))


def _count_roles(course: Sequence[Step]) -> tuple[int, int, int]:
    """patients, reinfusions and further doses of one person (COUNTING.md, "Measures of a cell")."""
    later = put_in_order(course)[1:]
    doses = sum(step.kind == Kind.FURTHER_DOSE for step in later)
    return int(bool(course)), len(later) - doses, doses


def merge_patients(
    *,
    keep: Patient,
    absorb: Patient,
    by: Actor,
    reason: str,
    explanation: str = "",
    expected: MergeEffect | None = None,
    seen: str | None = None,
) -> MergeEffect:
    """Make one person of two: absorb's infusions and identifiers become keep's.

    A first infusion that is no longer the earliest becomes a reinfusion. What the better number says of sex
    and year of birth holds. explanation: why they are one person though their numbers give different dates of
    birth. expected and seen: the effect that the actor has seen, on the nation and cell by cell (print_effect).
    Raises MergeImpossible, MergeUnexplained, EffectChanged, NotPermitted.
    """
    require(by, Permission.MERGE_PATIENTS)
    explanation = check_reason(explanation, needed=False)
    with acting_as(by, reason=f"{check_reason(reason)} {explanation}".strip()):
        lock_entry()
        found = Patient.objects.select_for_update().filter(pk__in=[keep.pk, absorb.pk]).order_by("pk")
        locked = {person.pk: person for person in found}
        if not {keep.pk, absorb.pk} <= locked.keys():
            raise NotFound(_("One of the two persons is no longer there."))
        # The caller's copies are from before the lock: what was corrected since stands in these.
        keep, absorb = locked[keep.pk], locked[absorb.pk]
        effect = preview_merge(keep=keep, absorb=absorb)
        unexplained = ask_explanation(keep, absorb)
        if unexplained and not explanation:
            raise unexplained
        both = Infusion.objects.filter(patient__in=[keep, absorb]).select_related("centre", "product")
        places = places_of(both)
        refuse_other_effect(seen, places, compare(places, as_one(places, keep.pk)))
        before = read_doubts([keep.pk, absorb.pk])
        if expected is not None and effect != expected:
            raise EffectChanged
        for late in Infusion.objects.counted().filter(patient__in=[keep, absorb]).in_order()[1:]:
            if late.kind == Kind.FIRST:
                late.kind = Kind.REINFUSION
                late.save(update_fields=["kind"])
        keep.sex, keep.birth_year = choose_traits(keep, absorb)
        keep.save(update_fields=["sex", "birth_year"])
        absorb.infusions.update(patient=keep)
        absorb.identifiers.update(patient=keep)
        absorb.drafts.update(patient=keep)
        absorb.referrals.update(patient=keep)
        numbers = [keep.registry_number, absorb.registry_number]
        absorb.delete()
        follow_doubts([keep.pk], before=before, by=by)
        if unexplained:
            ask_about_ages(keep, by=by)
        log_persons(by=by, action=AccessAction.MERGE, numbers=numbers)
        announce_change()
    return effect


def refuse_other_effect(seen: str | None, places: Sequence[Place], rows: Sequence[Row]) -> None:
    """Raise EffectChanged where the persons' cells, or the effect on the numbers, are not what the actor has seen.

    seen: as print_effect wrote it on the page; None where nothing was shown.
    """
    if seen is not None and seen != print_effect(places, rows):
        raise EffectChanged


def erase_patient(
    *, patient: Patient, by: Actor, reason: str, refuses: bool = True, seen: str | None = None
) -> Traces:
    """Remove a person and all that was recorded of them: rows, questions, drafts, what was sent to the
    steward, history, rows of uploaded files, kept answers.

    With refuses, a keyed token stays that stops a new entry (DOMAIN.md, "Law and duty").
    Published aggregates stay, and a line that someone was erased, when, by whom and why; so do the
    lines of the access log. seen: the effect that the actor has seen (print_effect). Returns what else was
    removed. Raises NotPermitted, NotFound, EffectChanged.
    """
    require(by, Permission.ERASE_PATIENTS)
    with acting_as(by, reason=check_reason(reason)):
        lock_entry()
        if not Patient.objects.select_for_update().filter(pk=patient.pk).exists():
            raise NotFound(_("This person is no longer there."))
        theirs = patient.infusions.select_related("centre", "product")
        places = places_of(theirs)
        refuse_other_effect(seen, places, compare(places, []))
        number, digests, referrals = patient.pk, digests_of(patient), referrals_of(patient)
        if refuses:
            for identifier in patient.identifiers.all():
                token = refusal_token(identifier.key_id, bytes(identifier.digest))
                Refusal.objects.get_or_create(key_id=identifier.key_id, token=token)
        log_persons(by=by, action=AccessAction.ERASE, numbers=[patient.registry_number])
        Referral.objects.filter(pk__in=referrals).delete()
        patient.infusions.all().delete()
        patient.delete()
        traces = erase_traces(patient=number, digests=digests, referrals=referrals)
        Erasure.objects.create(erased_by=by.username, reason=reason.strip())
        announce_change()
    return traces
