"""The interface for signed-in callers: correcting, withdrawing, history, requests that are sent twice."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from api.records.openapi import infusions as schema
from registry.access import Operator
from registry.entry.idempotency import KEPT, prune_idempotency_keys
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.merge import merge_patients
from registry.models import IdempotencyKey, Infusion, Membership, Patient, User
from registry.numbers_in_text import holds_identity_number
from registry.publishing.publish import publish
from registry.publishing.verification import verify
from tests import factories
from tests.calling import NUMBER, Program, check, errors_of, refused
from tests.test_races import at_once

REASON = {"reason": "Typing error"}
KEY = {"idempotency_key": "3b6f0e4e"}


@pytest.fixture
def uppsala(lists) -> Program:
    return Program(factories.user("upp", lists.centres["UPP"]))


@pytest.fixture
def entered(uppsala) -> dict:
    """An infusion at Uppsala, as it was answered."""
    return uppsala.enter().json()


def change(program: Program, seen: dict, body: dict, method: str = "PATCH", **headers):
    """Change what was seen."""
    headers = headers or {"if_match": f'"{seen["version"]}"'}
    return program.call(method, f"infusions/{seen['id']}", body, **headers)


# Correcting and withdrawing


def test_a_correction_changes_what_it_names_and_moves_the_etag(uppsala, entered):
    answer = change(uppsala, entered, REASON | {"product": "Yescarta", "batch": None})
    assert answer.status_code == 200, answer.content
    document = answer.json()
    check(document, schema.INFUSION)
    assert answer["ETag"] == f'"{document["version"]}"' != f'"{entered["version"]}"'
    unchanged = {name: value for name, value in entered.items() if name not in {"warnings", "version"}}
    assert document == unchanged | {"product": "Yescarta", "batch": None, "version": document["version"]}
    assert uppsala.get(f"infusions/{entered['id']}").json() == document


def test_a_date_is_corrected_in_another_precision(uppsala, entered):
    document = change(uppsala, entered, REASON | {"infused_on": "2020-03", "age_at_infusion": 50}).json()
    assert (document["infused_on"], document["date_precision"]) == ("2020-03", "month")


def test_a_category_is_corrected_together_with_its_trial(uppsala, entered):
    problem = refused(change(uppsala, entered, REASON | {"category": "ACT"}), 400, "infusion_refused")
    assert errors_of(problem) == {("trial", "trial_missing")}
    document = change(uppsala, entered, REASON | {"category": "ACT", "trial": factories.ACADEMIC}).json()
    assert (document["category"], document["trial"]) == ("ACT", factories.ACADEMIC)


def test_a_withdrawn_infusion_stays_to_be_seen_and_no_more(uppsala, entered):
    answer = change(uppsala, entered, REASON, "DELETE")
    assert (answer.status_code, answer.content) == (204, b"")
    document = uppsala.get(f"infusions/{entered['id']}").json()
    assert document["status"] == "withdrawn"
    for method in ("PATCH", "DELETE"):
        refused(change(uppsala, document, REASON, method), 409, "not_submitted")
    publish()
    assert verify().differences == []


def test_without_if_match_nothing_is_changed(uppsala, entered):
    for method in ("PATCH", "DELETE"):
        for headers, status, code in (
            ({"accept": "*/*"}, 428, "precondition_required"),
            ({"if_match": '"0"'}, 412, "changed_meanwhile"),
            ({"if_match": f'W/"{entered["version"]}"'}, 412, "changed_meanwhile"),
            ({"if_match": str(entered["version"])}, 400, "etag_invalid"),
        ):
            refused(change(uppsala, entered, REASON | ({"batch": "C"} if method == "PATCH" else {}), method,
                           **headers), status, code)  # fmt: skip
    assert uppsala.get(f"infusions/{entered['id']}").json()["version"] == entered["version"]


def test_any_of_several_etags_or_a_star_will_do(uppsala, entered):
    several = f'"0", "{entered["version"]}"'
    assert change(uppsala, entered, REASON | {"batch": "C"}, if_match=several).status_code == 200
    assert change(uppsala, entered, REASON | {"batch": "D"}, if_match="*").status_code == 200


def test_an_unchanged_infusion_is_not_sent_again(uppsala, entered):
    etag = f'"{entered["version"]}"'
    answer = uppsala.get(f"infusions/{entered['id']}", if_none_match=etag)
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
    assert uppsala.get(f"infusions/{entered['id']}", if_none_match='"0"').status_code == 200


WRONG_REASONS = [
    ({}, "reason_missing"), ({"reason": ""}, "reason_missing"), ({"reason": " \n"}, "reason_missing"),
    ({"reason": None}, "reason_missing"), ({"reason": "x" * 501}, "body_invalid"),
    ({"reason": f"was {NUMBER}"}, "identifier_in_text"), ({"reason": ["x"]}, "body_invalid"),
    ({"reason": "a\x00b"}, "body_invalid"), ({"reason": "x", "surprise": 1}, "body_invalid"),
]  # fmt: skip


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("body, code", WRONG_REASONS, ids=lambda value: str(value)[:30])
def test_a_change_needs_a_reason_that_can_be_kept(uppsala, entered, method, body, code):
    problem = refused(change(uppsala, entered, body, method), 400, code)
    assert {error["field"] for error in problem["errors"]} <= {"reason", "surprise"}
    assert NUMBER not in json.dumps(problem)
    assert Infusion.objects.with_version().get().version == entered["version"]


@pytest.mark.parametrize("field", [
    "patient", "patient_id", "sex", "id", "status", "created_at", "version", "former_first_becomes",
])  # fmt: skip
def test_what_cannot_be_corrected_is_named(uppsala, entered, field):
    problem = refused(change(uppsala, entered, REASON | {field: "x"}), 400, "body_invalid")
    assert errors_of(problem) == {(field, "unknown_field")}


@pytest.mark.parametrize("fields, field, code", [
    ({"kind": None}, "kind", "missing"), ({"category": None}, "category", "missing"),
    ({"product": ""}, "product", "missing"), ({"infused_on": None}, "infused_on", "missing"),
    ({"age_at_infusion": None}, "age_at_infusion", "age_missing"),
    ({"age_at_infusion": 12}, "age_at_infusion", "age_contradicts_birth_year"),
    ({"centre": "STO"}, "centre", "unknown_centre"), ({"centre": "XXX"}, "centre", "unknown_centre"),
    ({"centre": "ORE"}, "centre", "unknown_centre"),
    ({"kind": "further_dose"}, "kind", "further_dose_without_earlier"),
    ({"infused_on": "2031-01-01"}, "infused_on", "date_in_future"),
    ({"modality": "TCR-T"}, "modality", "modality_contradicts_product"),
    ({"batch": NUMBER}, "batch", "identifier_in_text"),
    ({"date_precision": "month"}, "infused_on", "date_invalid"), ({"sequence": 0}, "sequence", "number_invalid"),
])  # fmt: skip
def test_a_wrong_correction_gets_a_code_and_stores_nothing(uppsala, entered, fields, field, code):
    problem = refused(change(uppsala, entered, REASON | fields), 400, "infusion_refused")
    assert errors_of(problem) == {(field, code)}
    assert Infusion.objects.with_version().get().version == entered["version"]


def test_whoever_may_see_and_not_change_is_told_so(uppsala, entered):
    steward = Program(factories.user("steward", national_role="steward"))
    assert steward.get(f"infusions/{entered['id']}").status_code == 200
    refused(change(steward, entered, REASON), 403, "not_permitted")
    refused(change(steward, entered, REASON, "DELETE"), 403, "not_permitted")
    refused(steward.enter(patient_id=factories.nth_number(3)), 403, "not_permitted")


# History


def test_the_history_tells_who_when_what_and_why(uppsala, entered):
    seen = change(uppsala, entered, REASON | {"product": "Yescarta", "infused_on": "2020-05"}).json()
    change(uppsala, seen, {"reason": "Recorded twice"}, "DELETE")
    document = uppsala.get(f"infusions/{entered['id']}/history").json()
    check(document, schema.HISTORY["responses"][(200, "application/json")])
    first, second, third = document["results"]
    assert [(one["action"], one["by"], one["reason"]) for one in document["results"]] == [
        ("recorded", "upp", ""), ("changed", "upp", "Typing error"), ("withdrawn", "upp", "Recorded twice"),
    ]  # fmt: skip
    stated = {one["field"]: one["after"] for one in first["changes"]}
    not_in_history = {"id", "modality", "sex", "created_at", "version", "warnings"}
    assert stated == {
        name: value for name, value in entered.items() if name not in not_in_history and value is not None
    }
    assert {one["field"]: (one["before"], one["after"]) for one in second["changes"]} == {
        "product": ("Kymriah", "Yescarta"), "infused_on": ("2020-05-05", "2020-05"),
        "date_precision": ("day", "month"),
    }  # fmt: skip
    assert third["changes"] == [{"field": "status", "before": "submitted", "after": "withdrawn"}]
    assert (first["version"], second["version"]) == (entered["version"], seen["version"]) == (1, 2)
    assert first["at"] <= second["at"] <= third["at"]
    assert "digest" not in json.dumps(document)


def test_a_merge_stands_in_the_history_by_registry_numbers(lists, uppsala, entered):
    absorbed = uppsala.enter(patient_id=factories.nth_number(3), infused_on="2021-01-04").json()
    keep, absorb = (Patient.objects.get(registry_number=one["patient"]) for one in (entered, absorbed))
    merge_patients(keep=keep, absorb=absorb, by=Operator(), reason="one person")
    *_earlier, last = uppsala.get(f"infusions/{absorbed['id']}/history").json()["results"]
    assert {"field": "patient", "before": absorbed["patient"], "after": entered["patient"]} in last["changes"]


# A request that is sent twice


def test_the_same_request_twice_is_carried_out_once_and_answered_alike(uppsala):
    first, again = uppsala.enter(KEY), uppsala.enter(KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert [first[name] for name in ("ETag", "Location")] == [again[name] for name in ("ETag", "Location")]
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    assert Infusion.objects.count() == 1


def test_without_a_key_the_same_infusion_is_a_duplicate(uppsala, entered):
    assert errors_of(refused(uppsala.enter(), 400, "infusion_refused")) == {("patient_id", "duplicate")}


def test_a_key_used_for_another_request_is_refused(uppsala):
    uppsala.enter(KEY)
    refused(uppsala.enter(KEY, batch="C"), 422, "idempotency_key_reused")
    assert Infusion.objects.count() == 1


def test_a_key_is_its_owners_own(lists, uppsala):
    colleague = Program(factories.user("colleague", lists.centres["UPP"]))
    uppsala.enter(KEY)
    answer = colleague.enter(KEY, patient_id=factories.nth_number(3))
    assert answer.status_code == 201
    assert Infusion.objects.count() == 2


def test_the_key_of_a_refused_request_is_free_again(uppsala):
    refused(uppsala.enter(KEY, category="ACT"), 400, "infusion_refused")
    assert not IdempotencyKey.objects.exists()
    assert uppsala.enter(KEY).status_code == 201


@pytest.mark.parametrize(
    "key", ["x" * 201, "a b", "å", "a\x7f", NUMBER], ids=["long", "space", "letter", "sign", "nr"]
)
def test_a_key_that_cannot_be_kept_is_refused(uppsala, key):
    problem = refused(uppsala.enter({"idempotency_key": key}), 400, "idempotency_key_invalid")
    assert problem["parameter"] == "Idempotency-Key"
    assert not Infusion.objects.exists()


@pytest.mark.parametrize("key", ["84732b1f-8ec1-4de0-8b78-aaa3aec2dc13", "2F0370AC-4118-4D90-8176-BFAD1F836261"])
def test_a_uuid_is_a_key_whatever_its_digits_look_like(uppsala, key):
    """One in sixty holds what could be an identity number."""
    assert holds_identity_number(key)
    assert [uppsala.enter({"idempotency_key": key}).status_code for _time in range(2)] == [201, 201]
    assert Infusion.objects.count() == 1


def test_what_is_kept_of_a_request_holds_no_identifier(uppsala):
    uppsala.enter(KEY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(kept)::text FROM registry_idempotencykey AS kept")
        kept = cursor.fetchone()[0]
    bare = NUMBER.replace("-", "")
    assert not any(part in kept for part in (NUMBER, bare, bare[2:], bare[-4:] + '"'))


def test_an_answer_is_given_again_only_to_whoever_may_still_see_it(lists, uppsala):
    entered = uppsala.enter(KEY)
    place = Membership.objects.filter(user=uppsala.owner)
    place.update(centre=lists.centres["STO"])
    refused(uppsala.enter(KEY), 401, "token_invalid")  # it has ended with the role
    moved = Program(User.objects.get(pk=uppsala.owner.pk))
    again = refused(moved.enter(KEY), 404, "not_found")
    assert entered.json()["id"] not in json.dumps(again)
    place.delete()
    refused(Program(User.objects.get(pk=uppsala.owner.pk)).enter(KEY), 403, "not_permitted")


def test_an_answer_is_given_again_only_while_its_row_is_there(uppsala):
    entered = uppsala.enter(KEY).json()
    patient = Patient.objects.get(registry_number=entered["patient"])
    erase_patient(patient=patient, by=Operator(), reason="on request")
    assert not IdempotencyKey.objects.exists()
    refused(uppsala.enter(KEY), 409, "do_not_register")


def test_answers_are_forgotten_after_a_day(uppsala):
    uppsala.enter(KEY)
    assert prune_idempotency_keys() == 0
    IdempotencyKey.objects.update(created_at=timezone.now() - KEPT + timedelta(minutes=1))
    assert prune_idempotency_keys() == 0
    IdempotencyKey.objects.update(created_at=timezone.now() - KEPT - timedelta(seconds=1))
    assert prune_idempotency_keys() == 1


# At the same moment


@pytest.fixture
def clinics(committed_lists) -> tuple[Program, Program]:
    centres = committed_lists.centres
    return tuple(Program(factories.user(code, centres[code.upper()])) for code in ("upp", "sto"))


@pytest.mark.parametrize("round", range(3))
def test_two_clinics_that_enter_the_same_new_person_leave_one_person_and_one_first(clinics, round):
    uppsala, stockholm = clinics
    answers = at_once(
        uppsala.enter, lambda: stockholm.enter(centre="STO", infused_on="2020-05-06", kind="first")
    )  # fmt: skip
    stored = [answer for answer in answers if answer.status_code == 201]
    assert len(stored) == 1
    (lost,) = (answer for answer in answers if answer not in stored)
    assert lost.status_code == 409, lost.content
    assert {error["code"] for error in lost.json()["errors"]} == {"known_elsewhere"}
    assert Patient.objects.count() == 1
    assert Infusion.objects.filter(kind="first", status="submitted").count() == 1


def test_of_two_corrections_of_what_both_have_seen_one_is_lost(clinics):
    uppsala, _stockholm = clinics
    seen = uppsala.enter().json()
    answers = at_once(*(
        lambda batch=batch: change(uppsala, seen, REASON | {"batch": batch}) for batch in ("C", "D", "E")
    ))  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert Infusion.objects.get(pk=UUID(seen["id"])).batch == won["batch"]


def test_of_a_correction_and_a_withdrawal_at_once_one_is_lost(clinics):
    uppsala, _stockholm = clinics
    seen = uppsala.enter().json()
    answers = at_once(
        lambda: change(uppsala, seen, REASON | {"batch": "C"}), lambda: change(uppsala, seen, REASON, "DELETE")
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 412], [204, 412], [204, 409])


def test_the_same_request_twice_at_once_is_carried_out_once(clinics):
    uppsala, _stockholm = clinics
    answers = at_once(*[lambda: uppsala.enter(KEY)] * 3)
    assert [answer.status_code for answer in answers] == [201] * 3, [answer.content for answer in answers]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Infusion.objects.count() == 1
