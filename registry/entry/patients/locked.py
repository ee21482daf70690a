"""A person, and what is stored of them, locked until the commit."""

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from registry.access import Actor, Permission, acting_as
from registry.choices import Sex
from registry.entry.locks import lock_entry
from registry.entry.patients.lookup import holder_of, person_with, refuse_refused, refuse_retired_pseudonym
from registry.errors import NotFound
from registry.infusion_input import Identified, InfusionInput
from registry.models import Infusion, Patient, PatientIdentifier
from registry.models.patient_identifier import GIVES_BIRTH_DATE


def lock_patient(draft: InfusionInput) -> Patient:
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
    refuse_retired_pseudonym(identifier)
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
    return holder_of(identifier)


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


def fill_sex(patient: Patient, draft: InfusionInput, *, by: Actor) -> None:
    """Give a locked person whose sex is not known the one that a draft states.

    What was stated with infusions that have all been withdrawn elsewhere is no longer known; what a personal
    identity or coordination number says is. One statement, whatever other centres have stated.
    """
    stated = draft.sex or Sex.UNKNOWN
    fillable = Q(sex=Sex.UNKNOWN)
    if draft.identifier:
        of_person = {"patient": OuterRef("pk")}
        here = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).filter(**of_person)
        told = PatientIdentifier.objects.filter(**of_person, type__in=GIVES_BIRTH_DATE)  # which gives the sex too
        stand = Infusion.objects.counted().filter(**of_person)
        fillable |= Q(~Exists(here), ~Exists(stand), ~Exists(told))
    with acting_as(by, reason=_("Stated with an infusion")):
        if Patient.objects.filter(fillable, pk=patient.pk).exclude(sex=stated).update(sex=stated):
            patient.sex = stated
