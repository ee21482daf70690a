"""The way to the registry's steward by program: a refusal names it, questions go both ways until closed."""

import io

import pytest
from django.urls import reverse

from registry.entry.questions import questions
from registry.models import AccessLog, ImportJob, Question, Referral
from tests import factories
from tests.desk import MAN, SECOND_WOMAN, WOMAN, sign_in, text
from tests.test_import import ROW, as_csv
from tests.test_import_jobs import run

API = "/api/v1"
JSON = "application/json"


@pytest.fixture
def people(lists):
    """Two nurses at Uppsala, one of Uppsala and Linköping, one elsewhere, and the steward, each signed in."""
    return {
        "nurse": sign_in(factories.user("nurse", lists.centres["UPP"])),
        "colleague": sign_in(factories.user("colleague", lists.centres["UPP"])),
        "two": sign_in(factories.user("two", lists.centres["UPP"], lists.centres["LIN"])),
        "other": sign_in(factories.user("other", lists.centres["STO"])),
        "steward": sign_in(factories.user("steward", national_role="steward")),
    }


@pytest.fixture
def ours(lists):
    """Uppsala's row of a woman whom Stockholm has treated before, and of one whom it alone knows."""
    factories.record(lists, WOMAN, centre="STO", infused_on="2021-05-05", product="Yescarta")
    return (
        factories.record(lists, WOMAN, infused_on="2022-03-04", kind="reinfusion"),
        factories.record(lists, MAN, infused_on="2020-02-03"),
    )


def seen(infusion) -> dict:
    version = type(infusion).objects.with_version().get(pk=infusion.pk).version
    return {"HTTP_IF_MATCH": f'"{version}"'}


def post(client, path, body=None):
    return client.post(f"{API}/{path}", body or {}, JSON)


def test_whatever_names_the_steward_names_the_way_for_a_program(people, ours):
    new = {
        "centre": "UPP", "patient_id": WOMAN, "category": "SOC", "product": "Kymriah", "indication": "C91.0",
        "infused_on": "2020-03-04", "kind": "first",
    }  # fmt: skip
    refused = post(people["nurse"], "infusions", new)
    assert (refused.status_code, refused.json()["code"]) == (409, "known_elsewhere")
    assert refused.json()["send_to"] == reverse("api:referrals")
    sent = post(people["nurse"], "referrals", new)
    assert sent.status_code == 201
    one = f"{API}/infusions/{ours[0].pk}"
    body = {"kind": "first", "infused_on": "2020-01-01", "age_at_infusion": 50, "reason": "Better source"}
    corrected = people["nurse"].patch(one, body, JSON, **seen(ours[0]))
    assert (corrected.status_code, corrected.json()["code"]) == (409, "known_elsewhere")
    assert corrected.json()["send_to"] == reverse("api:questions")
    asked = people["nurse"].post(
        corrected.json()["send_to"], {"infusion": str(ours[0].pk), "text": "Ours was the first, 2020-01-01."}, JSON
    )
    assert asked.status_code == 201
    # What is not for the steward names no way.
    wrong = people["nurse"].patch(one, {"product": "Aspirin", "reason": "x"}, JSON, **seen(ours[0]))
    assert "send_to" not in wrong.json()
    enter = post(people["nurse"], "referrals", new | {"kind": "reinfusion"})
    assert (enter.json()["code"], enter.json()["send_to"]) == ("nothing_to_refer", reverse("api:infusions"))


def test_a_row_of_a_file_that_is_refused_for_the_steward_names_the_way(people, ours, lists, monkeypatch):
    monkeypatch.setattr("registry.entry.importing.job.send", lambda *message: None)
    rows = [
        ROW | {"centre": "UPP", "patient_id": WOMAN, "kind": "first", "infused_on": "2019-01-02"},
        ROW | {"centre": "UPP", "patient_id": SECOND_WOMAN, "product": "Aspirin"},
    ]
    taken = people["nurse"].post(f"{API}/imports", {"file": io.BytesIO(as_csv(rows))})
    assert taken.status_code == 202
    run(ImportJob.objects.get())
    told = people["nurse"].get(taken["Location"]).json()
    ways = {(one["line"], one["code"]): one["send_to"] for one in told["problems"] if not one["warning"]}
    assert ways[2, "known_elsewhere"] == reverse("api:referrals")
    assert {way for (_line, code), way in ways.items() if code != "known_elsewhere"} == {None}


def test_both_sides_write_by_program_until_the_clinic_closes(people, ours):
    nurse, steward = people["nurse"], people["steward"]
    asked = [
        post(nurse, "questions", {"infusion": str(ours[0].pk), "text": "Which of them was the first?"}),
        post(nurse, "questions", {"centre": "UPP", "text": "May a batch be left empty?"}),
        post(nurse, "questions", {"text": "And the site?"}),
    ]
    assert [one.status_code for one in asked] == [201] * 3
    first = asked[0].json()
    assert (first["infusion"], first["centre"], first["referral"]) == (str(ours[0].pk), "UPP", None)
    assert (first["asks"], first["waits_for"], first["closed_at"]) == ("clinic", "steward", None)
    assert nurse.get(asked[0]["Location"]).json() == first
    address = f"questions/{first['id']}/messages"
    for client, words in ((steward, "Stockholm's."), (nurse, "Are you sure?"), (steward, "Yes.")):
        assert post(client, address, {"text": words}).status_code == 201
    told = nurse.get(asked[0]["Location"]).json()
    assert [(one["side"], one["by"], one["text"]) for one in told["messages"]] == [
        ("clinic", "nurse", "Which of them was the first?"),
        ("steward", "steward", "Stockholm's."),
        ("clinic", "nurse", "Are you sure?"),
        ("steward", "steward", "Yes."),
    ]
    assert told["waits_for"] == "clinic"
    assert post(steward, f"questions/{first['id']}/close").status_code == 404
    assert post(people["colleague"], f"questions/{first['id']}/close").status_code == 200
    late = post(nurse, address, {"text": "One more"})
    assert (late.status_code, late.json()["code"]) == (409, "question_closed")
    assert nurse.get(asked[0]["Location"]).json()["closed_by"] == "colleague"


def test_what_the_steward_asks_is_read_and_answered_by_program(people, ours):
    steward = factories.user("second", national_role="steward")
    question = questions.ask(infusion_id=ours[1].pk, text="Is the date right?", by=steward)
    [read] = people["nurse"].get(f"{API}/questions?waits_for=clinic").json()["results"]
    assert (read["id"], read["asks"]) == (question.pk, "steward")
    assert post(people["nurse"], f"questions/{question.pk}/messages", {"text": "Yes."}).status_code == 201
    question.refresh_from_db()
    assert (question.answer, question.answered_by, question.waits_for) == ("Yes.", "nurse", "steward")


def test_the_list_has_ones_own_by_cursor_and_filter(people, ours):
    for number in range(5):
        post(people["nurse"], "questions", {"text": f"Number {number}?"})
    post(people["other"], "questions", {"text": "Stockholm's?"})
    post(people["two"], "questions", {"centre": "LIN", "text": "Linköping's?"})
    post(people["nurse"], "questions", {"infusion": str(ours[0].pk), "text": "About a row?"})
    closed = Question.objects.get(text="Number 3?").pk
    post(people["nurse"], f"questions/{closed}/close")

    def texts(client, query=""):
        found, path = [], f"{API}/questions?limit=2{query}"
        while path:
            page = client.get(path).json()
            found += [one["messages"][0]["text"] for one in page["results"]]
            path = page["next"]
        return found

    own = ["About a row?", "Number 4?", "Number 3?", "Number 2?", "Number 1?", "Number 0?"]
    assert texts(people["nurse"]) == own
    assert texts(people["two"]) == [own[0], "Linköping's?", *own[1:]]
    assert texts(people["two"], "&centre=LIN") == ["Linköping's?"]
    assert texts(people["steward"]) == [own[0], "Linköping's?", "Stockholm's?", *own[1:]]
    assert texts(people["nurse"], "&state=closed") == ["Number 3?"]
    assert texts(people["nurse"], f"&infusion={ours[0].pk}&state=open") == ["About a row?"]
    for query, parameter in (
        ("state=x", "state"), ("waits_for=x", "waits_for"), ("centre=STO", "centre"), ("infusion=x", "infusion"),
        ("limit=0", "limit"), ("cursor=x", "cursor"), ("unknown=1", "unknown"),
    ):  # fmt: skip
        answer = people["nurse"].get(f"{API}/questions?{query}")
        assert (answer.status_code, answer.json()["parameter"]) == (400, parameter)
    page = people["nurse"].get(f"{API}/questions?limit=2").json()
    back = people["nurse"].get(people["nurse"].get(page["next"]).json()["previous"]).json()
    assert back["results"] == page["results"]


def test_another_centres_question_and_a_made_up_one_are_answered_alike(people, ours):
    mine = post(people["nurse"], "questions", {"text": "Mine?"}).json()["id"]
    row = post(people["nurse"], "questions", {"infusion": str(ours[1].pk), "text": "A row?"}).json()["id"]
    for path in ("questions/{}", "questions/{}/messages", "questions/{}/close"):
        answers = set()
        for key in (mine, row, 999_999_999, "9" * 30, "x"):
            where = f"{API}/{path.format(key)}"
            reply = (
                people["other"].get(where)
                if path == "questions/{}"
                else people["other"].post(where, {"text": "x"} if "messages" in path else {}, JSON)
            )
            answers.add((reply.status_code, reply.content))
        assert len(answers) == 1
        assert next(iter(answers))[0] == 404
    unknown = {
        text(post(people["other"], "questions", {"infusion": key, "text": "Mine?"}))
        for key in (str(ours[1].pk), "00000000-0000-4000-8000-000000000000", "x")
    }
    assert len(unknown) == 1
    assert "unknown_infusion" in unknown.pop()
    assert post(people["other"], "questions", {"centre": "UPP", "text": "x"}).json()["errors"][0]["code"] == (
        "unknown_centre"
    )


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "text", "missing"),
        ({"text": "  "}, "text", "missing"),
        ({"text": "x" * 1001}, "text", "too_long"),
        ({"text": f"It is {MAN}."}, "text", "identifier_in_text"),
        ({"text": "x", "file": "y"}, "file", "unknown_field"),
        ({"text": ["x"]}, "text", "wrong_type"),
        ({"text": "x", "centre": "UPP", "infusion": "y"}, "centre", "about_both"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_field_and_nothing_is_stored(people, ours, body, field, code):
    before = Question.objects.count()
    answer = post(people["nurse"], "questions", body)
    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]
    assert MAN not in text(answer)
    assert Question.objects.count() == before


def test_of_several_centres_one_is_named(people):
    answer = post(people["two"], "questions", {"text": "Which?"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "missing")


def test_that_a_row_was_read_with_its_question_is_in_the_log(people, ours):
    post(people["nurse"], "questions", {"infusion": str(ours[1].pk), "text": "Is it?"})
    for path in ("questions", f"questions/{Question.objects.get(asks='clinic').pk}"):
        before = AccessLog.objects.filter(actor="steward").count()
        people["steward"].get(f"{API}/{path}")
        assert AccessLog.objects.filter(actor="steward").count() == before + 1


def test_a_referral_names_its_thread_and_is_taken_back_by_program(people, ours):
    new = {
        "centre": "UPP", "patient_id": WOMAN, "category": "SOC", "product": "Kymriah", "indication": "C91.0",
        "infused_on": "2020-03-04", "kind": "first", "message": "Our journal says 2020.",
    }  # fmt: skip
    sent = post(people["nurse"], "referrals", new)
    thread = people["nurse"].get(f"{API}/questions/{sent.json()['question']}").json()
    assert (thread["referral"], thread["messages"][0]["text"]) == (sent.json()["id"], "Our journal says 2020.")
    post(people["steward"], f"questions/{thread['id']}/messages", {"text": "Which source?"})
    post(people["nurse"], f"questions/{thread['id']}/messages", {"text": "The ward's."})
    assert people["other"].delete(sent["Location"]).status_code == 404
    assert people["steward"].delete(sent["Location"]).status_code == 403
    assert people["nurse"].delete(sent["Location"]).status_code == 204
    again = people["nurse"].delete(sent["Location"])
    assert (again.status_code, again.json()["code"]) == (409, "referral_settled")
    kept = Referral.objects.get()
    assert (kept.state, kept.fields, kept.chain) == ("taken_back", {}, None)


def test_a_question_with_a_number_in_it_is_not_called_a_reason(people, ours):
    for body in ({"text": f"Is {MAN} yours?", "infusion": str(ours[1].pk)}, {"text": f"{MAN[2:]}?"}):
        problem = post(people["nurse"], "questions", body).json()
        assert problem["code"] == "identifier_in_text"
        assert problem["title"].startswith("The text holds an identity number") and MAN[2:] not in str(problem)
