"""The interface for signed-in callers: who is let in, what is entered, listed and refused."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from api.records import infusions
from api.records.openapi import caller
from api.records.openapi import infusions as schema
from registry.choices import Scope
from registry.entry import idempotency
from registry.entry.infusions.record import withdraw_infusion
from registry.errors import Busy
from registry.models import AccessLog, Infusion, Patient, Question
from swecar.postgresql.together import BETWEEN
from tests import factories
from tests.calling import MADE_UP, NEW, NUMBER, Program, check, errors_of, refused
from tests.test_known_elsewhere import RESERVE


@pytest.fixture
def uppsala(lists) -> Program:
    return Program(factories.user("upp", lists.centres["UPP"]))


@pytest.fixture
def stockholm(lists) -> Program:
    return Program(factories.user("sto", lists.centres["STO"]))


@pytest.fixture
def entered(uppsala) -> dict:
    """An infusion at Uppsala, as it was answered."""
    answer = uppsala.enter()
    assert answer.status_code == 201, answer.content
    return answer.json()


# Who is let in


@pytest.mark.parametrize("method, address", [
    ("GET", "infusions"), ("POST", "infusions"),
    ("GET", f"infusions/{MADE_UP}"), ("PATCH", f"infusions/{MADE_UP}"),
    ("DELETE", f"infusions/{MADE_UP}"), ("GET", f"infusions/{MADE_UP}/history"), ("POST", "imports"),
    ("GET", f"imports/{MADE_UP}"), ("GET", "me"), ("GET", "infusions?surprise=1"),
])  # fmt: skip
def test_whoever_is_not_signed_in_learns_nothing_but_that(db, method, address):
    answer = Client().generic(method, f"/api/v1/{address}", json.dumps(NEW), content_type="application/json")
    refused(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Token"


def test_a_token_is_read_as_a_bearer_too(uppsala):
    text = uppsala.headers["authorization"].removeprefix("Token ")
    for scheme in ("Bearer", "bearer", "TOKEN", "token"):
        assert uppsala.get("me", authorization=f"{scheme} {text}").status_code == 200
    answer = uppsala.get("me", authorization="Bearer made-up")
    refused(answer, 401, "token_invalid")
    assert answer["WWW-Authenticate"] == "Bearer"
    refused(uppsala.get("me", authorization=f"Basic {text}"), 401, "token_invalid")


def test_a_problem_names_the_resource_and_never_the_row(uppsala, lists):
    number = factories.nth_number(40)
    for address in (f"infusions/{MADE_UP}", f"infusions/{number}", "infusions/x/history"):
        assert refused(uppsala.get(address), 404, "not_found")["instance"] == "/api/v1/infusions"
    assert uppsala.get(number).json()["instance"] == "/api/v1/"
    assert uppsala.get("map?lang=xx").json()["instance"] == "/api/v1/map"


def test_a_wrong_a_revoked_an_old_token_and_a_closed_account_are_answered_alike(uppsala):
    def ask(**headers):
        answer = uppsala.get("me", **headers)
        refused(answer, 401, "token_invalid")
        assert answer["WWW-Authenticate"] == "Token"
        return answer.content

    assert uppsala.get("me").status_code == 200
    answers = {ask(authorization="Token made-up"), ask(authorization="Token "), ask(authorization="Token é")}
    token, owner = uppsala.token, uppsala.owner
    now = timezone.now()
    token.created_at, token.expires_at = now - timedelta(days=2), now - timedelta(seconds=1)
    token.save()
    answers.add(ask())
    token.expires_at, token.revoked_at = now + timedelta(days=1), now
    token.save()
    answers.add(ask())
    token.revoked_at = None
    token.save()
    assert uppsala.get("me").status_code == 200
    owner.is_active = False
    owner.save()
    answers.add(ask())
    assert len(answers) == 1


def test_another_scheme_is_refused_and_not_taken_for_no_scheme(uppsala):
    refused(uppsala.get("me", authorization="Basic dXBwOng="), 401, "token_invalid")


def test_a_token_that_may_read_writes_nothing(uppsala, entered):
    reader = Program(uppsala.owner, Scope.READ)
    assert reader.get(f"infusions/{entered['id']}").status_code == 200
    seen = {"if_match": f'"{entered["version"]}"'}
    for method, address, body in (
        ("POST", "infusions", NEW | {"patient_id": factories.nth_number(3)}),
        ("PATCH", f"infusions/{entered['id']}", {"batch": "C", "reason": "x"}),
        ("DELETE", f"infusions/{entered['id']}", {"reason": "x"}),
        ("POST", "imports", None),
    ):
        refused(reader.call(method, address, body, **seen), 403, "scope_insufficient")
    assert (Infusion.objects.count(), Infusion.objects.get().batch) == (1, "B-7")


def test_a_session_needs_the_token_of_its_forms_to_write(uppsala):
    client = Client(enforce_csrf_checks=True)
    client.force_login(uppsala.owner)

    def enter(**headers):
        return client.post("/api/v1/infusions", NEW, content_type="application/json", headers=headers)

    assert client.get("/api/v1/me").json()["username"] == "upp"
    refused(enter(), 403, "csrf_failed")
    assert not Infusion.objects.exists()
    client.get("/en/clinic/tokens/")
    assert enter(**{"x-csrftoken": client.cookies["csrftoken"].value}).status_code == 201


def test_the_use_of_a_token_is_noted_once_a_minute(uppsala, django_assert_num_queries):
    assert uppsala.token.last_used_at is None
    uppsala.get("me")
    uppsala.token.refresh_from_db()
    first = uppsala.token.last_used_at
    assert abs(timezone.now() - first) < timedelta(seconds=20)
    uppsala.get("me")
    uppsala.token.refresh_from_db()
    assert uppsala.token.last_used_at == first
    type(uppsala.token).objects.update(last_used_at=first - timedelta(seconds=61))
    uppsala.get("me")
    uppsala.token.refresh_from_db()
    assert uppsala.token.last_used_at > first


def test_a_session_of_a_password_alone_opens_nothing(uppsala, settings):
    settings.SECOND_FACTOR = "required"
    client = Client()
    client.force_login(uppsala.owner)
    refused(client.get("/api/v1/me"), 401, "not_authenticated")
    assert uppsala.get("me").status_code == 200


def test_me_tells_the_centres_the_permissions_and_the_token(lists, uppsala):
    document = uppsala.get("me").json()
    check(document, caller.CALLER)
    assert document["centres"] == [
        {
            "code": "UPP",
            "name": "Sjukhuset UPP",
            "role": "reporter",
            "permissions": ["read_records", "write_records"],
        }
    ]
    assert (document["national_role"], document["permissions"]) == (None, [])
    assert (document["token"]["scope"], document["token"]["name"]) == ("write", "program")
    client = Client()
    client.force_login(factories.user("steward", national_role="steward"))
    document = client.get("/api/v1/me").json()
    check(document, caller.CALLER)
    assert (document["national_role"], document["centres"], document["token"]) == ("steward", [], None)
    assert "merge_patients" in document["permissions"]


def test_nothing_is_kept_by_anyone_on_the_way(uppsala, entered):
    for address in ("infusions", f"infusions/{entered['id']}", "me", f"infusions/{MADE_UP}"):
        answer = uppsala.get(address)
        assert answer["Cache-Control"] == "no-store"
        assert {"Authorization", "Cookie"} <= {name.strip() for name in answer["Vary"].split(",")}
        assert answer["Content-Language"] == "en"


# Entering


def test_an_entered_infusion_is_read_back_without_its_identifier(uppsala):
    answer = uppsala.enter()
    assert answer.status_code == 201
    document = answer.json()
    check(document, schema.STORED)
    stored = Infusion.objects.get()
    assert {name: document[name] for name in document if name not in {"created_at", "version"}} == {
        "id": str(stored.pk), "centre": "UPP", "patient": stored.patient.registry_number, "category": "SOC",
        "kind": "first", "product": "Kymriah", "indication": "C91.0", "trial": None, "manufacturing_site": None,
        "infused_on": "2020-05-05", "date_precision": "day", "sequence": 1, "age_at_infusion": 50,
        "batch": "B-7", "status": "submitted", "modality": "CAR-T", "sex": "female", "warnings": [],
    }  # fmt: skip
    assert answer["Location"] == f"/api/v1/infusions/{stored.pk}"
    read = uppsala.get(f"infusions/{stored.pk}")
    check(read.json(), schema.INFUSION)
    assert read["ETag"] == answer["ETag"] == f'"{document["version"]}"'
    del document["warnings"]
    assert read.json() == document
    assert NUMBER[-4:] not in answer.content.decode() + read.content.decode()


EARLIER = {"infused_on": "2019-05-05", "kind": "first", "former_first_becomes": "reinfusion"}
LATER = {"infused_on": "2021-05-05", "kind": "reinfusion"}
SEXES = {"sex": "female", "age_at_infusion": 50}


@pytest.mark.parametrize("fields", [
    {"patient_id": factories.nth_number(4)},
    {"patient_id": NUMBER} | LATER,
    {"patient_id": NUMBER} | EARLIER,
    {"patient_id": "local:4"} | SEXES,
    {"patient_id": RESERVE, "kind": "reinfusion"} | SEXES,
    {"patient_id": RESERVE, "kind": "reinfusion", "age_at_infusion": 50},
])  # fmt: skip
def test_an_entry_is_answered_as_it_is_read(uppsala, stockholm, entered, fields):
    """Also where another centre has stated the sex of the person."""
    elsewhere = stockholm.enter(centre="STO", patient_id=RESERVE, sex="male", age_at_infusion=50, batch="S")
    assert elsewhere.status_code == 201, elsewhere.content
    answer = uppsala.enter(**{"batch": "B-8"} | fields)
    assert answer.status_code == 201, answer.content
    document = answer.json()
    read = uppsala.get(f"infusions/{document['id']}")
    assert document == read.json() | {"warnings": document["warnings"]}
    assert answer["ETag"] == read["ETag"]


def test_a_key_that_is_pruned_while_it_is_asked_about_is_asked_again(uppsala, monkeypatch):
    """As between two statements: the key was there, and is not."""
    columns = "(owner_id, key, request_digest, secret_mark)"
    taken = f"SELECT id FROM registry_idempotencykey WHERE {columns} = (%s, %s, %s, %s)"
    monkeypatch.setattr(idempotency, "CLAIM", taken)
    refused(uppsala.enter({"idempotency_key": "one"}), 503, "busy")
    assert not Infusion.objects.exists()


def test_the_person_is_named_by_registry_number_too(uppsala, entered):
    answer = uppsala.enter(
        patient_id=None, patient=entered["patient"], infused_on="2021-06", kind="reinfusion", age_at_infusion=51
    )
    assert answer.status_code == 201, answer.content
    assert (answer.json()["patient"], answer.json()["infused_on"]) == (entered["patient"], "2021-06")
    assert Patient.objects.count() == 1


def test_a_sex_is_filled_in_and_doubted_however_the_person_is_named(uppsala):
    entered = uppsala.enter(patient_id="local:1", age_at_infusion=50).json()
    later = {"patient_id": None, "patient": entered["patient"], "age_at_infusion": 51, "kind": "reinfusion"}
    filled = uppsala.enter(**later, infused_on="2021-05-05", sex="female").json()
    assert (filled["sex"], filled["warnings"]) == ("female", [])
    later |= {"patient_id": "local:1", "patient": None}
    other = uppsala.enter(**later, infused_on="2021-06-06", sex="male").json()
    assert other["sex"] == "female"
    assert ("sex", "sex_differs") in [(one["field"], one["code"]) for one in other["warnings"]]


def test_what_is_improbable_is_stored_said_and_asked_about_unless_confirmed(uppsala):
    document = uppsala.enter(infused_on="2018-05-07").json()
    assert [(one["field"], one["code"]) for one in document["warnings"]] == [
        ("product", "product_before_authorisation")
    ]
    assert Question.objects.unanswered().filter(infusion=document["id"]).exists()
    confirmed = uppsala.enter(
        patient_id=factories.nth_number(3),
        batch="",
        infused_on="2018-05-07",
        confirmed="product_before_authorisation",
    ).json()
    assert len(confirmed["warnings"]) == 1
    assert not Question.objects.unanswered().filter(infusion=confirmed["id"]).exists()


def test_which_is_the_first_is_asked_and_answered(uppsala, entered):
    refused(uppsala.enter(infused_on="2021-05-05"), 409, "kind_unclear")
    earlier = {"infused_on": "2019-05-06", "kind": "first"}
    problem = refused(uppsala.enter(**earlier), 409, "kind_unclear")
    assert errors_of(problem) == {("kind", "kind_unclear")}
    answer = uppsala.enter(**earlier, former_first_becomes="reinfusion")
    assert answer.status_code == 201, answer.content
    kinds = {row["infused_on"]: row["kind"] for row in uppsala.get("infusions").json()["results"]}
    assert kinds == {"2020-05-05": "reinfusion", "2019-05-06": "first"}


def test_a_person_who_refuses_is_not_stored(uppsala):
    factories.refuse_registration(NUMBER)
    refused(uppsala.enter(), 409, "do_not_register")
    assert not Infusion.objects.exists()


def test_while_an_import_writes_the_caller_is_told_to_come_again(uppsala, monkeypatch):
    def refuse(**_arguments):
        raise Busy

    monkeypatch.setattr(infusions, "record_infusion", refuse)
    answer = uppsala.enter()
    refused(answer, 503, "busy")
    assert answer["Retry-After"] == "60"


def test_an_identity_number_among_the_parameters_is_not_repeated(uppsala):
    for query in (f"{NUMBER}=1", f"centre={NUMBER}", f"patient={NUMBER}", f"cursor={NUMBER}"):
        answer = uppsala.get(f"infusions?{query}")
        assert answer.status_code == 400
        assert NUMBER not in answer.content.decode()


LONG = "x" * 201
WRONG = [
    *(({name: None}, name, "missing") for name in ("centre", "patient_id", "category", "product", "infused_on")),
    *(({name: "<script>alert(1)</script>"}, name, code) for name, code in (
        ("centre", "unknown_centre"), ("patient_id", "identifier_invalid"), ("category", "unknown_category"),
        ("kind", "unknown_kind"), ("product", "unknown_product"), ("indication", "unknown_indication"),
        ("trial", "unknown_trial"), ("manufacturing_site", "unknown_manufacturing_site"),
        ("infused_on", "date_invalid"), ("date_precision", "unknown_date_precision"),
        ("sequence", "number_invalid"), ("age_at_infusion", "number_invalid"), ("sex", "unknown_sex"),
        ("modality", "modality_contradicts_product"), ("former_first_becomes", "former_first_becomes_invalid"),
        ("patient", "patient_ambiguous"),
    )),
    *(({name: LONG}, name, "too_long") for name in (
        "centre", "patient_id", "category", "kind", "product", "indication", "trial", "manufacturing_site",
        "infused_on", "date_precision", "sequence", "age_at_infusion", "batch", "sex", "modality",
    )),
    ({"centre": "STO"}, "centre", "unknown_centre"),
    ({"centre": "XXX"}, "centre", "unknown_centre"),
    ({"patient_id": None, "patient": 10**30}, "patient", "unknown_patient"),
    ({"patient_id": None, "patient": "9" * 5000}, "patient", "unknown_patient"),
    ({"patient_id": None, "patient": -1}, "patient", "unknown_patient"),
    ({"infused_on": "2031-01-01"}, "infused_on", "date_in_future"),
    ({"category": "ACT"}, "trial", "trial_missing"),
    ({"sequence": 10}, "sequence", "number_invalid"),
    ({"age_at_infusion": 12}, "age_at_infusion", "age_contradicts_identifier"),
    ({"sex": "male"}, "sex", "sex_contradicts_identifier"),
    ({"batch": "x" * 61}, "batch", "too_long"),
    ({"batch": f"of {NUMBER}"}, "batch", "identifier_in_text"),
]  # fmt: skip


@pytest.mark.parametrize("fields, field, code", WRONG, ids=lambda value: str(value)[:40])
def test_a_field_missing_wrong_too_long_or_elsewheres_gets_a_code_and_stores_nothing(uppsala, fields, field, code):
    problem = refused(uppsala.enter(**fields), 400, "infusion_refused")
    assert (field, code) in errors_of(problem)
    assert all(error["detail"] for error in problem["errors"])
    assert "script" not in json.dumps(problem)
    assert NUMBER[-4:] not in json.dumps(problem)
    assert not Patient.objects.exists()


MISFIT = [
    (b"{", "parse_error", None), (b"[" * 90_000, "parse_error", None), (b'{"age": NaN}', "parse_error", None),
    (b"\xff\xfe{}", "parse_error", None), (b"[]", "body_invalid", ("", "not_an_object")),
    (b'"text"', "body_invalid", ("", "not_an_object")), (b"null", "body_invalid", ("", "not_an_object")),
    ({"surprise": 1}, "body_invalid", ("surprise", "unknown_field")),
    ({"id": MADE_UP}, "body_invalid", ("id", "unknown_field")),
    ({NUMBER: "x"}, "body_invalid", ("…", "unknown_field")),
    ({"batch": "a\x00b"}, "body_invalid", ("batch", "character_invalid")),
    ({"batch": "a\ud800b"}, "body_invalid", ("batch", "character_invalid")),
    *(({"sequence": wrong}, "body_invalid", ("sequence", "wrong_type")) for wrong in (True, 1.5, [1], {"a": 1})),
    *(({"patient_id": [NUMBER]}, "body_invalid", ("patient_id", "wrong_type")) for _once in (1,)),
]  # fmt: skip


@pytest.mark.parametrize("body, code, error", MISFIT, ids=lambda value: str(value)[:40])
def test_a_body_that_is_none_is_refused_and_never_repeated(uppsala, body, code, error):
    sent = body if isinstance(body, bytes) else NEW | body
    problem = refused(uppsala.call("POST", "infusions", sent), 400, code)
    assert error is None or error in errors_of(problem)
    assert NUMBER not in json.dumps(problem)
    assert not Infusion.objects.exists()


def test_a_refusal_of_the_framework_speaks_in_our_words(uppsala):
    """The library's sentences may quote the request, and say nothing of what to do."""
    json_type = uppsala.headers | {"Content-Type": "application/json"}
    for response, status, code, words in (
        (Client().get("/api/v1/infusions"), 401, "not_authenticated", "Send a token"),
        (uppsala.call("POST", "infusions", b"{"), 400, "parse_error", "send valid JSON"),
        (Client().put("/api/v1/infusions", headers=json_type), 405, "method_not_allowed", "the header Allow"),
        (Client().post("/api/v1/infusions", {"a": "b"}, headers=uppsala.headers), 415, "unsupported_media_type",
         "Content-Type"),
    ):  # fmt: skip
        assert words in refused(response, status, code)["detail"]


def test_a_body_too_large_or_of_another_kind_is_refused(uppsala):
    refused(uppsala.call("POST", "infusions", b'"' + b"x" * 100_000 + b'"'), 413, "body_too_large")
    answer = Client().post("/api/v1/infusions", {"centre": "UPP"}, headers=uppsala.headers)
    refused(answer, 415, "unsupported_media_type")
    answer = Client().generic(
        "POST", "/api/v1/infusions", json.dumps(NEW), content_type="application/json; charset=zlib",
        headers=uppsala.headers,
    )  # fmt: skip
    assert answer.status_code == 201  # JSON is UTF-8, whatever else is said


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just(NUMBER),
    st.sampled_from(["UPP", "STO", "SOC", "ACT", "first", "Kymriah", "2020", "2020-13", "C91.0", "0", "²"]),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip
BODIES = st.one_of(
    VALUES,
    st.dictionaries(st.one_of(st.sampled_from([*NEW, "patient", "reason", "kind"]), st.text(max_size=9)), VALUES),
    st.dictionaries(st.sampled_from([*NEW, "kind", "sequence", "age_at_infusion"]), VALUES).map(NEW.__or__),
)


@given(body=BODIES, raw=st.binary(max_size=40), key=st.text(max_size=9))
def test_no_body_whatever_is_a_fault_of_ours(lists, body, raw, key):
    with factories.rolled_back():
        program = Program(factories.user("upp", lists.centres["UPP"]))
        entered = program.enter().json()
        address, seen = f"infusions/{entered['id']}", {"if_match": f'"{entered["version"]}"'}
        printable = key.isascii() and key.isprintable()
        for sent in (raw, body):
            answers = [
                program.call("POST", "infusions", sent, **({"idempotency_key": key} if printable else {})),
                program.call("PATCH", address, sent, **seen),
                program.call("DELETE", address, sent, **seen),
            ]
            for answer in answers:
                assert answer.status_code < 500, answer.content
                assert answer.status_code < 300 or answer.json()["code"]


# Listing


def test_a_list_holds_the_callers_centres_alone(uppsala, stockholm, entered):
    elsewhere = stockholm.enter(centre="STO", patient_id=factories.nth_number(5)).json()
    document = uppsala.get("infusions").json()
    check(document, schema.LIST["responses"][(200, "application/json")])
    assert [row["id"] for row in document["results"]] == [entered["id"]]
    assert [row["id"] for row in stockholm.get("infusions").json()["results"]] == [elsewhere["id"]]
    outsider = Program(factories.user("outsider"))
    assert outsider.get("infusions").json() == {"results": [], "next": None, "previous": None}


def test_pages_follow_each_other_and_lose_and_repeat_nothing(uppsala):
    for place in range(7):
        # Three on one day: the cursor stands between rows, not between days.
        day = f"2020-05-{1 + max(0, place - 2):02}"
        assert uppsala.enter(patient_id=factories.nth_number(place), infused_on=day).status_code == 201
    whole = [row["id"] for row in uppsala.get("infusions").json()["results"]]
    expected = Infusion.objects.order_by("-infused_on", "-id").values_list("pk", flat=True)
    assert whole == [str(key) for key in expected]
    page = uppsala.get("infusions?limit=2&category=SOC").json()
    assert page["previous"] is None
    seen, pages = [row["id"] for row in page["results"]], [page]
    while page["next"]:
        page = uppsala.get(page["next"].removeprefix("http://testserver/api/v1/")).json()
        seen += [row["id"] for row in page["results"]]
        pages.append(page)
    assert seen == whole
    for before in reversed(pages[:-1]):
        page = uppsala.get(page["previous"].removeprefix("http://testserver/api/v1/")).json()
        assert page["results"] == before["results"]
    assert page["previous"] is None
    assert page["next"] == pages[0]["next"]


def test_what_is_stored_between_two_pages_shifts_nothing(uppsala):
    for place in range(3):
        uppsala.enter(patient_id=factories.nth_number(place), infused_on=f"2020-05-0{1 + place}")
    page = uppsala.get("infusions?limit=2").json()
    uppsala.enter(patient_id=factories.nth_number(9), infused_on="2020-06-01")
    rest = uppsala.get(page["next"].removeprefix("http://testserver/api/v1/")).json()["results"]
    assert [row["infused_on"] for row in rest] == ["2020-05-01"]


@pytest.mark.parametrize("query, found", [
    ("centre=UPP", 3), ("category=ACT", 1), ("category=SOC,ACT", 3), ("status=withdrawn", 1),
    ("status=submitted,withdrawn", 3), ("patient={patient}", 2), ("patient=97", 0), ("from=2020-05-05", 2),
    ("to=2020-05-05", 2), ("from=2020-05-05&to=2020-05-05", 1), ("from=2020-05-05&status=withdrawn", 0),
    ("format=json", 3),
])  # fmt: skip
def test_a_filter_filters(lists, uppsala, entered, query, found):
    uppsala.enter(infused_on="2021-05-05", kind="reinfusion", category="ACT", trial=factories.ACADEMIC)
    other = uppsala.enter(patient_id=factories.nth_number(4), infused_on="2019-05-06").json()
    withdraw_infusion(infusion_id=UUID(other["id"]), by=uppsala.owner, reason="x")
    answer = uppsala.get("infusions?" + query.format(patient=entered["patient"]))
    assert len(answer.json()["results"]) == found, answer.content


@pytest.mark.parametrize("query, code, parameter", [
    ("surprise=1", "unknown_parameter", "surprise"), ("lang=sv", "unknown_parameter", "lang"),
    ("limit=0", "unknown_value", "limit"), ("limit=201", "unknown_value", "limit"),
    ("limit=x", "unknown_value", "limit"), ("category=soc", "unknown_value", "category"),
    ("centre=XXX", "unknown_value", "centre"), ("status=draft", "unknown_value", "status"),
    ("patient=x", "unknown_value", "patient"), ("patient=9999999999999999999", "unknown_value", "patient"),
    ("from=2020", "unknown_value", "from"), ("to=x", "unknown_value", "to"),
    ("format=csv", "unknown_value", "format"),
    ("cursor=x", "cursor_invalid", "cursor"), ("cursor=bjIwMjA", "cursor_invalid", "cursor"),
    ("cursor=%00", "cursor_invalid", "cursor"), ("cursor=%C3%A5", "cursor_invalid", "cursor"),
    ("limit=1&limit=2", "parameter_repeated", "limit"), ("category=", "unknown_value", "category"),
])  # fmt: skip
def test_an_unknown_parameter_or_value_is_named(uppsala, query, code, parameter):
    assert refused(uppsala.get(f"infusions?{query}"), 400, code)["parameter"] == parameter


def test_another_centre_is_as_unknown_as_one_that_is_none(uppsala, stockholm, entered):
    elsewhere = refused(uppsala.get("infusions?centre=STO"), 400, "unknown_value")
    made_up = refused(uppsala.get("infusions?centre=XXX"), 400, "unknown_value")
    assert elsewhere["detail"].replace("STO", "XXX") == made_up["detail"]
    others = stockholm.enter(centre="STO", patient_id=factories.nth_number(5)).json()["patient"]
    assert uppsala.get(f"infusions?patient={others}").content == uppsala.get("infusions?patient=97").content
    by_number = [
        uppsala.enter(
            patient_id=None, patient=number, kind="reinfusion", infused_on="2021-01-04", age_at_infusion=51
        )
        for number in (others, 97)
    ]
    assert by_number[0].content == by_number[1].content
    assert errors_of(refused(by_number[0], 400, "infusion_refused")) == {("patient", "unknown_patient")}
    by_centre = [uppsala.enter(centre=code).content for code in ("STO", "XXX")]
    assert by_centre[0] == by_centre[1]


@pytest.mark.parametrize("address", ["", "/history"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "DELETE"])
def test_another_centres_row_and_a_made_up_id_are_one_and_the_same(uppsala, stockholm, entered, method, address):
    if address and method not in {"GET", "HEAD"}:
        method = "GET"
    answers = [
        stockholm.call(method, f"infusions/{key}{address}", body, **headers)
        for key in (entered["id"], MADE_UP, "no-id", "%00", NUMBER)
        for body, headers in (
            (None, {}), ({"reason": "x", "batch": "y"}, {"if_match": f'"{entered["version"]}"'}), (b"{", {}),
        )
    ]  # fmt: skip
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({str(sorted({**answer.headers, "X-Request-ID": ""}.items())) for answer in answers}) == 1
    assert Infusion.objects.get().batch == "B-7"
    assert not AccessLog.objects.filter(actor="sto").exists()


def test_each_reading_and_writing_is_logged_once(uppsala, entered):
    address, seen = f"infusions/{entered['id']}", {"if_match": "*"}
    uppsala.get("infusions")
    uppsala.get(f"{address}/history")
    uppsala.call("PATCH", address, {"batch": "C", "reason": "x"}, **seen)
    uppsala.get(address)
    uppsala.call("DELETE", address, {"reason": "x"}, **seen)
    found = AccessLog.objects.order_by("id").values_list("actor", "unit", "action", "patient", "detail")
    row = ("upp", "UPP")
    assert list(found) == [
        (*row, "search", None, ""),
        (*row, "record", entered["patient"], ""),
        (*row, "read", entered["patient"], "API"),
        (*row, "read", entered["patient"], "API: history"),
        (*row, "correct", entered["patient"], ""),
        (*row, "read", entered["patient"], "API"),
        (*row, "withdraw", entered["patient"], ""),
    ]


LIST_QUERIES = 6
QUERIES = {"me": 2, "infusions/{id}": 5, "infusions/{id}/history": 10}


def test_the_number_of_queries_of_a_list_does_not_grow_with_it(uppsala, entered, django_assert_num_queries):
    uppsala.get("me")  # the use of the token is noted
    with django_assert_num_queries(LIST_QUERIES):
        uppsala.get("infusions")
    for place in range(1, 9):
        uppsala.enter(patient_id=factories.nth_number(place))
    with django_assert_num_queries(LIST_QUERIES):
        assert len(uppsala.get("infusions").json()["results"]) == 9


@pytest.mark.parametrize("address", QUERIES)
def test_the_number_of_queries_of_an_address_is_known(uppsala, entered, address, django_assert_num_queries):
    uppsala.get("me")
    with django_assert_num_queries(QUERIES[address]):
        assert uppsala.get(address.format(**entered)).status_code == 200


@pytest.mark.parametrize(("person", "messages", "statements"), [("new", 12, 35), ("known", 12, 31)])
def test_the_number_of_queries_of_an_entry_is_known(committed_lists, purpose_known, person, messages, statements):
    """In a transaction of its own, as a program's. Several statements go in one message."""
    program = Program(factories.user("upp", committed_lists.centres["UPP"]))
    first = program.enter(patient_id=factories.nth_number(1))
    assert first.status_code == 201
    body = NEW | {"patient_id": factories.nth_number(2), "batch": "B-8"}
    if person == "known":
        body |= {"patient_id": factories.nth_number(1), "infused_on": "2021-05-05", "kind": "reinfusion"}
    with CaptureQueriesContext(connection) as asked:
        answer = program.call("POST", "infusions", body, idempotency_key="1")
    assert answer.status_code == 201, answer.content
    sent = [one["sql"] for one in asked if one["sql"] not in {"BEGIN", "COMMIT"}]
    assert (len(sent), sum(one.count(BETWEEN) + 1 for one in sent)) == (messages, statements)
