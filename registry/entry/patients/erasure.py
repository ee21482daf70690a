"""Erasing a person: the rows, and their traces in history, uploaded files, referrals and stored responses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import pgtrigger
from django.db import connection
from django.db.models import Q

from registry.access import Actor, Permission, acting_as, require
from registry.choices import AccessAction, ReferralState
from registry.entry.patients.count_effect import compare, places_of, refuse_other_effect
from registry.entry.patients.locked import lock_stored_patient
from registry.entry.publish_request import announce_change
from registry.entry.reasons import check_reason
from registry.identity_keys import DIGEST_BYTES, key_ids
from registry.keyed_digests import refusal_token
from registry.models import Centre, Erasure, Patient, Question, Referral, Refusal
from registry.models.access_log import log_persons

# History of persons, of their infusions and of their referrals, by key.
HISTORY = (
    ("registry_questionhistory", "referral_id", "referrals"),
    ("registry_questionhistory", "infusion_id", "infusions"),
    ("registry_infusionhistory", "patient_id", "persons"),
    ("registry_patientidentifierhistory", "patient_id", "persons"),
    ("registry_patienthistory", "pgh_obj_id", "persons"),
)
GUARDS_OF_HISTORY = (
    "registry.QuestionHistory:append_only",
    "registry.InfusionHistory:append_only",
    "registry.PatientIdentifierHistory:append_only",
    "registry.PatientHistory:append_only",
)
MERGED = """
    SELECT patient_id FROM registry_infusionhistory WHERE pgh_obj_id IN
        (SELECT pgh_obj_id FROM registry_infusionhistory WHERE patient_id = %(patient)s)
    UNION
    SELECT patient_id FROM registry_patientidentifierhistory WHERE pgh_obj_id IN
        (SELECT pgh_obj_id FROM registry_patientidentifierhistory WHERE patient_id = %(patient)s)
    UNION SELECT %(patient)s
"""
# A row with a chain belongs to a person if one of their digests is at any step of it.
IS_THEIRS = f"""EXISTS (
        SELECT FROM generate_series(1, length(chain), {DIGEST_BYTES}) AS step
        WHERE substr(chain, step, {DIGEST_BYTES}) = ANY(%s))"""
ROWS_OF_FILES = f"SELECT job_id, line FROM registry_importrow WHERE {IS_THEIRS}"
# A settled referral has no chain, and refers to its person.
REFERRALS = f"SELECT id FROM registry_referral WHERE patient_id = %s OR {IS_THEIRS}"
# A stored response names an infusion, or belongs to one.
RESPONSES = """
    DELETE FROM registry_idempotencykey
    WHERE body ->> 'id' = ANY(%s) OR body ->> 'patient' = ANY(%s)
"""


@dataclass(frozen=True)
class Traces:
    """How many rows of each kind there are."""

    history: int
    rows_of_files: int
    responses: int


def persons_merged_into(patient: int) -> list[int]:
    """Keys of a person and of all persons merged into them."""
    with connection.cursor() as cursor:
        cursor.execute(MERGED, {"patient": patient})
        return [person for (person,) in cursor.fetchall()]


def numbers_of(patient: Patient) -> list[int]:
    """The registry numbers of a person and of all persons merged into them."""
    return list(registry_numbers_of(persons_merged_into(patient.pk)).values())


def registry_numbers_of(patients: Iterable[int]) -> dict[int, int]:
    """Registry numbers by key, including persons who were merged into others."""
    history = Patient.pgh_event_model.objects  # type: ignore[attr-defined]  # made by keeps_history
    return dict(history.filter(pgh_obj_id__in=set(patients)).values_list("pgh_obj_id", "registry_number"))


def count_traces(patient: Patient) -> Traces:
    """What an erasure would remove besides the rows, for the confirmation page."""
    with connection.cursor() as cursor:
        history, keys_of = 0, _keys(patient.pk) | {"referrals": referrals_of(patient)}
        persons, infusions = keys_of["persons"], keys_of["infusions"]
        for table, column, keys in HISTORY:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = ANY(%s)", [keys_of[keys]])
            history += cursor.fetchone()[0]
        cursor.execute(f"SELECT count(*) FROM ({ROWS_OF_FILES}) AS row", [digests_of(patient)])
        rows_of_files = cursor.fetchone()[0]
        cursor.execute(RESPONSES.replace("DELETE", "SELECT count(*)"), _names(persons, infusions))
        return Traces(history, rows_of_files, cursor.fetchone()[0])


@dataclass(frozen=True)
class Written:
    """What belongs to a person besides the infusions: referrals, questions about either, drafts."""

    referrals: int
    questions: int
    drafts: int


def count_written(patient: Patient, *, centre: Centre | None = None) -> Written:
    """Counts at all centres, or at one: its open referrals, the questions about its infusions, its drafts."""
    infusions, drafts = patient.infusions.all(), patient.drafts.all()
    referrals = Referral.objects.filter(pk__in=referrals_of(patient))
    questions = Question.objects.filter(Q(infusion__in=infusions) | Q(referral__in=referrals))
    if centre:
        referrals = referrals.filter(centre=centre, state=ReferralState.OPEN)
        questions = Question.objects.filter(infusion__in=infusions.filter(centre=centre))
        drafts = drafts.filter(centre=centre)
    return Written(referrals.count(), questions.count(), drafts.count())


def digests_of(patient: Patient) -> list[bytes]:
    return [bytes(digest) for digest in patient.identifiers.values_list("digest", flat=True)]


def referrals_of(patient: Patient) -> list[UUID]:
    """Keys of the referrals about a person."""
    with connection.cursor() as cursor:
        cursor.execute(REFERRALS, [patient.pk, digests_of(patient)])
        return [referral for (referral,) in cursor.fetchall()]


def erase_traces(*, patient: int, digests: Sequence[bytes], referrals: Sequence[UUID] = ()) -> Traces:
    """Delete all traces, including those of persons merged into this person and of the deletion itself.

    Called after the rows are deleted, within the same transaction. The trigger that forbids deleting history is
    lifted for these statements alone.
    """
    keys_of = _keys(patient) | {"referrals": list(referrals)}
    persons, infusions = keys_of["persons"], keys_of["infusions"]
    with connection.cursor() as cursor:
        cursor.execute(ROWS_OF_FILES, [list(digests)])
        rows = cursor.fetchall()
        for table in ("registry_importproblem", "registry_importrow"):
            cursor.executemany(f"DELETE FROM {table} WHERE job_id = %s AND line = %s", rows)
        cursor.execute(RESPONSES, _names(persons, infusions))
        responses, history = cursor.rowcount, 0
    # Within ignore() only positional parameters work: pgtrigger puts its own before them.
    with pgtrigger.ignore(*GUARDS_OF_HISTORY), connection.cursor() as cursor:
        for table, column, keys in HISTORY:
            cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [keys_of[keys]])
            history += cursor.rowcount
    return Traces(history, len(rows), responses)


def _keys(patient: int) -> dict[str, list]:
    """Keys of the person and everyone merged into them, and of all infusions that were ever theirs."""
    persons = persons_merged_into(patient)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT pgh_obj_id FROM registry_infusionhistory WHERE patient_id = ANY(%s)", [persons]
        )
        return {"persons": persons, "infusions": [infusion for (infusion,) in cursor.fetchall()]}


def _names(persons: Sequence[int], infusions: Sequence) -> list[list[str]]:
    return [
        [str(infusion) for infusion in infusions],
        [str(number) for number in registry_numbers_of(persons).values()],
    ]


def erase_patient(
    *, patient: Patient, by: Actor, reason: str, refuses: bool = True, seen: str | None = None
) -> Traces:
    """Remove a person and everything recorded about them: rows, questions, drafts, referrals, history, rows of
    uploaded files, stored responses.

    With refuses, a keyed token is kept that blocks a new registration (DOMAIN.md, "Law and duty"). Published
    aggregates are kept, as are the access log and a record that a person was erased, when, by whom and why.
    seen: the effect that the actor has seen (print_effect). Returns what else was removed. Raises NotPermitted,
    NotFound, EffectChanged.
    """
    require(by, Permission.ERASE_PATIENTS)
    with acting_as(by, reason=check_reason(reason)):
        patient = lock_stored_patient(patient)
        places = places_of(patient.infusions.with_codes())
        refuse_other_effect(seen, places, compare(places, []))
        number, digests, referrals = patient.pk, digests_of(patient), referrals_of(patient)
        if refuses:
            for identifier in patient.identifiers.all():
                token = refusal_token(identifier.key_id, bytes(identifier.digest))
                Refusal.objects.get_or_create(key_id=key_ids()[-1], token=token)
        # Those of persons merged into this one too: a restore of an earlier backup brings them back apart.
        log_persons(by=by, action=AccessAction.ERASE, numbers=numbers_of(patient))
        Referral.objects.filter(pk__in=referrals).delete()
        patient.infusions.all().delete()
        patient.delete()
        traces = erase_traces(patient=number, digests=digests, referrals=referrals)
        Erasure.objects.create(erased_by=by.username, reason=reason.strip())
        announce_change()
    return traces
