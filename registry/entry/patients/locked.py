"""Locking a person until the commit."""

from collections.abc import Callable
from typing import TypeVar

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.access import Actor, Permission, acting_as, open_persons
from registry.choices import GIVES_BIRTH_AND_SEX, Sex
from registry.entry.locks import lock_entry
from registry.entry.patients.lookup import (
    PatientRefused,
    ask_refused,
    holder_of,
    named_by,
    person_with,
    refuse_retired_pseudonym,
)
from registry.errors import NotFound
from registry.infusion_input import Identified, InfusionInput
from registry.models import Infusion, Patient, PatientIdentifier
from registry.models.by_hand import columns_of, row_of, store_later
from registry.sentences import STATED_WITH_INFUSION
from swecar.postgresql.together import Waiting, send_later

Asked = TypeVar("Asked")
LOCKED = f"SELECT {columns_of(Patient, 'person')} FROM registry_patient AS person WHERE id = %s FOR UPDATE"
DRAW_KEY = "SELECT nextval('registry_patient_id_seq')"
STORE = """
INSERT INTO registry_patient (id, registry_number, sex, birth_year, created_at)
VALUES (%s, DEFAULT, %s, %s, %s) RETURNING registry_number
"""


def lock_patient(stated: InfusionInput) -> Patient:
    """The person of a stated infusion, stored if new, locked until the commit. Not logged as a look-up: the
    caller has made it before, outside this transaction. Raises PatientRefused, PseudonymUsed.
    """
    return lock_and_ask(stated, ask=lambda _key: None)[0]


def lock_and_ask(
    stated: InfusionInput, *, ask: Callable[[int], Asked], expect_new: bool = False
) -> tuple[Patient, Asked | None]:
    """The same, and what was asked of the locked person, by their key; None for a new one, of whom there is
    nothing. expect_new: where the look-up has found nobody, what a new person takes is asked for at once.

    Concurrent entries of the same new person wait for the digest's lock: the second finds the person that the
    first has stored.
    """
    identifier = stated.identifier
    if identifier is None:
        raise ValueError("an infusion stated without an identifier has no person to lock")
    lock_entry()
    refused = ask_refused([identifier]) if expect_new else None
    key = send_later(DRAW_KEY, is_asked=True) if expect_new else None
    found = named_by(identifier, claim_identifier(identifier))
    while found:
        # While waiting for the lock, the person may have been merged into another, or erased.
        open_persons([found.pk])
        lock, asked = _ask_locked(found), ask(found.pk)
        found, locked = person_with(identifier), _read_locked(lock)
        if locked and found == locked:
            return locked, asked
    refused, key = refused or ask_refused([identifier]), key or send_later(DRAW_KEY, is_asked=True)
    if refused.row[0]:
        raise PatientRefused
    refuse_retired_pseudonym(identifier)
    patient = _store_patient(
        Patient(
            pk=key.row[0],
            sex=stated.sex or Sex.UNKNOWN,
            birth_year=identifier.birth_year,
            created_at=timezone.now(),
        )
    )
    give_identifier(patient, identifier)
    return patient, None


def _store_patient(patient: Patient) -> Patient:
    """Store a new person, opened: a row that no centre has an infusion of is nobody's to see."""
    open_persons([patient.pk])
    with connection.cursor() as cursor:
        cursor.execute(STORE, [patient.pk, patient.sex, patient.birth_year, patient.created_at])
        patient.registry_number = cursor.fetchone()[0]
    patient._state.adding, patient._state.db = False, connection.alias
    return patient


def claim_identifier(identifier: Identified) -> Patient | None:
    """Lock a number until the commit; returns its holder, also of a retired pseudonym. Not logged as a look-up:
    the caller has made it.
    """
    # Under every key, oldest first: another process may have one key less, a stored row the newest digest alone.
    locks = [int.from_bytes(digest[:8], signed=True) for _key_id, digest in identifier.digests()]
    send_later("SELECT pg_advisory_xact_lock(lock) FROM unnest(%s::bigint[]) AS lock", [locks])
    return holder_of(identifier)


def give_identifier(patient: Patient, identifier: Identified) -> None:
    """Store a claimed number as the person's."""
    key_id, digest = identifier.digests()[-1]
    store_later(
        PatientIdentifier(
            patient=patient,
            type=identifier.type,
            key_id=key_id,
            digest=digest,
            birth_digest=identifier.birth_digest(),
        )
    )


def lock_known_patient(patient: Patient, by: Actor) -> Patient:
    """The person as stored now, locked until the commit. Raises NotFound, also for a person unknown to the actor's
    centres.
    """
    lock_entry()
    locked = lock_if_there(patient)
    if (
        locked is None
        or not Patient.objects.visible_to(by, Permission.WRITE_RECORDS).filter(pk=locked.pk).exists()
    ):
        raise NotFound(_("There is no such person at your centre."))
    return locked


def lock_stored_patient(patient: Patient | None) -> Patient:
    """The person as stored now, locked until the commit. Raises NotFound for a person erased or merged."""
    lock_entry()
    locked = lock_if_there(patient) if patient else None
    if locked is None:
        raise NotFound(_("This person is no longer there."))
    return locked


def lock_if_there(patient: Patient) -> Patient | None:
    """The person as stored now, locked until the commit; None for a person erased or merged."""
    open_persons([patient.pk])
    return _read_locked(_ask_locked(patient))


def _ask_locked(patient: Patient) -> Waiting:
    return send_later(LOCKED, [patient.pk], is_asked=True)


def _read_locked(answer: Waiting) -> Patient | None:
    return row_of(Patient, answer.rows[0]) if answer.rows else None


def fill_sex(patient: Patient, stated: InfusionInput, *, by: Actor) -> None:
    """Set the sex stated with an infusion for a locked person whose sex is not known.

    A sex that was stated only with infusions since withdrawn at other centres counts as not known, unless a
    personal identity or coordination number gives it. It is one statement, so that its cost does not reveal other
    centres' records; none where the stated number gives the sex and it is stored already.
    """
    if stated.identifier and stated.identifier.type in GIVES_BIRTH_AND_SEX and patient.sex != Sex.UNKNOWN:
        return
    sex = stated.sex or Sex.UNKNOWN
    fillable = Q(sex=Sex.UNKNOWN)
    if stated.identifier:
        of_person = {"patient": OuterRef("pk")}
        here = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).filter(**of_person)
        numbers = PatientIdentifier.objects.filter(**of_person, type__in=GIVES_BIRTH_AND_SEX)
        stand = Infusion.objects.counted().filter(**of_person)
        fillable |= Q(~Exists(here), ~Exists(stand), ~Exists(numbers))
    with acting_as(by, reason=STATED_WITH_INFUSION):
        if Patient.objects.filter(fillable, pk=patient.pk).exclude(sex=sex).update(sex=sex):
            patient.sex = sex


def lock_both(keep: Patient, absorb: Patient) -> tuple[Patient, Patient]:
    """The two persons as stored now, locked until the commit in the order of their keys. Raises NotFound."""
    lock_entry()
    found = Patient.objects.select_for_update().filter(pk__in=[keep.pk, absorb.pk]).order_by("pk")
    locked = {person.pk: person for person in found}
    if not {keep.pk, absorb.pk} <= locked.keys():
        raise NotFound(_("One of the two persons is no longer there."))
    return locked[keep.pk], locked[absorb.pk]
