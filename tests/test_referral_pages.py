"""The way from a refusal to the registry's steward and back, in the pages."""

import re

import pytest

from registry.entry.questions import questions
from registry.models import Infusion, Question, Referral, User
from registry.publishing.publish import publish
from tests import factories
from tests.desk import MAN, WOMAN, address, national, sign_in, text

FORM = {
    "centre": "UPP", "patient_id": WOMAN, "category": "SOC", "product": "Kymriah", "indication": "C91.0",
    "infused_on": "2020-03-04", "kind": "first", "batch": "B17",
}  # fmt: skip


@pytest.fixture
def nurse(lists):
    return sign_in(factories.user("nurse", lists.centres["UPP"]))


@pytest.fixture
def steward(lists):
    return sign_in(factories.user("steward", national_role="steward"))


@pytest.fixture
def elsewhere(lists):
    return factories.record(lists, WOMAN, centre="STO", infused_on="2021-05-05", product="Yescarta")


def refer(nurse, **more):
    return nurse.post(address("record"), FORM | {"do": "refer"} | more)


def test_a_refusal_leads_to_the_steward_and_back_and_is_counted_once(nurse, steward, elsewhere, neighbours):
    publish()
    before = national()
    refused = nurse.post(address("record"), FORM | {"do": "submit"})
    assert "registry&#x27;s steward" in text(refused)
    assert 'value="refer"' in text(refused)
    sent = refer(nurse, message="Our journal says 2020.")
    referral = Referral.objects.get()
    page = address("referral", referral_id=referral.pk)
    assert sent.url == page
    shown = text(nurse.get(page))
    assert "Our journal says 2020." in shown
    assert "B17" in shown
    assert page in text(nurse.get(address("start")))
    assert page in text(steward.get(address("desk")))
    settle = address("referral-settle", referral_id=referral.pk)
    assert settle not in shown
    assert settle in text(steward.get(page))
    said = {"row-sent": "first", f"row-{elsewhere.pk}": "reinfusion"}
    told = text(steward.post(settle, said | {"do": "check"}))
    seen = re.search(r'name="shown" value="(\w+)"', told)
    assert seen, "the effect is shown before"
    assert elsewhere.patient.infusions.count() == 1
    assert steward.post(settle, said | {"do": "settle", "shown": seen[1], "text": "It was yours."}).url == page
    steward.post(settle, said | {"do": "settle", "shown": seen[1], "text": "It was yours."})
    publish()
    assert national() == before | {"infusions": before["infusions"] + 1, "reinfusions": before["reinfusions"] + 1}
    answered = text(nurse.get(page))
    assert "It was yours." in answered
    assert "2020-03-04" in text(nurse.get(address("person", number=elsewhere.patient.registry_number)))
    for words in ("2021-05-05", "Yescarta", "Sjukhuset STO"):
        assert words not in answered


def test_the_clinic_sees_the_same_whatever_the_others_have(nurse, elsewhere, lists):
    """Two registries that differ in another centre's rows alone answer alike at every step."""

    def walk() -> list[str]:
        answers = [nurse.post(address("record"), FORM | {"do": "submit"})]
        answers.append(refer(nurse))
        referral = Referral.objects.get()
        page = address("referral", referral_id=referral.pk)
        answers += [nurse.get(page), nurse.get(address("referrals")), nurse.get(address("questions"))]
        taken = nurse.post(address("referral-take-back", referral_id=referral.pk), follow=True)
        seen = [text(answer) for answer in (*answers, taken)]
        Referral.objects.all().delete()
        changing = (
            rf"{referral.pk}|question(-|s/)\d+|answer-\d+|\d\d:\d\d|csrfmiddlewaretoken\" value=\"\w+|nonce-\S+"
            r"|autosave\" value=\"[\w-]+|/drafts/[\w-]+"
        )
        return [re.sub(changing, "", one) for one in seen]

    first = walk()
    Infusion.objects.filter(pk=elsewhere.pk).update(
        infused_on="2012-01-01", product=lists.products["Kymriah"], centre=lists.centres["LIN"], category="CUP"
    )
    factories.record(lists, WOMAN, centre="STO", infused_on="2022-02-02", kind="further_dose")
    assert walk() == first


def test_what_may_be_stored_has_no_button_and_is_not_sent(nurse, elsewhere):
    assert 'value="refer"' not in text(nurse.post(address("record"), FORM | {"patient_id": MAN, "do": "check"}))
    refer(nurse, patient_id=MAN)
    assert not Referral.objects.exists()


def test_a_message_with_a_number_is_refused_and_stays_on_the_page_without_being_stored(nurse, elsewhere):
    answer = refer(nurse, message=f"It is {MAN}.")
    assert answer.status_code == 200
    assert not Referral.objects.exists()
    assert not Question.objects.exists()


def test_a_decline_says_why_and_another_centre_sees_nothing(nurse, steward, elsewhere, lists):
    refer(nurse)
    referral = Referral.objects.get()
    steward.post(address("referral-decline", referral_id=referral.pk), {"decline-text": "It was registered."})
    assert "It was registered." in text(nurse.get(address("referral", referral_id=referral.pk)))
    other = sign_in(factories.user("other", lists.centres["STO"]))
    assert other.get(address("referral", referral_id=referral.pk)).status_code == 404


def test_the_clinic_asks_and_both_go_on_until_the_clinic_closes(nurse, steward, lists):
    infusion = factories.record(lists, MAN)
    about = address("ask-steward-about", infusion_id=infusion.pk)
    for where in (about, address("ask-steward")):
        assert nurse.post(where, {"text": "May a batch be empty?"}).status_code == 302
    for question in Question.objects.filter(asks="clinic"):
        field = f"answer-{question.pk}-text"
        assert "May a batch be empty?" in text(steward.get(address("questions")))
        steward.post(address("question-answer", question_id=question.pk), {field: "Yes, if nobody knows it."})
        assert "Yes, if nobody knows it." in text(nurse.get(address("questions")))
        for writer, words in ((nurse, "And later?"), (steward, "Then too.")):
            writer.post(address("question-write", question_id=question.pk), {field: words})
        assert "Then too." in text(nurse.get(address("questions")))
        assert steward.post(address("question-close", question_id=question.pk)).status_code == 404
        nurse.post(address("question-close", question_id=question.pk))
        question.refresh_from_db()
        assert question.closed_by == "nurse"
        with pytest.raises(questions.QuestionClosed):
            questions.write(question_id=question.pk, text="x", by=User.objects.get(username="nurse"))


@pytest.mark.usefixtures("neighbours")
def test_a_program_sends_what_is_refused_and_reads_what_became_of_it(nurse, elsewhere):
    body = FORM | {"message": "Our journal says 2020."}
    refused = nurse.post("/api/v1/infusions", FORM, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "known_elsewhere")
    sent = nurse.post("/api/v1/referrals", body, "application/json")
    assert sent.status_code == 201
    again = nurse.post("/api/v1/referrals", body, "application/json")
    assert again.json() == sent.json()
    assert nurse.get(sent["Location"]).json() == sent.json() | {"state": "open"}
    for one, status in ((FORM | {"patient_id": MAN}, 409), (body | {"message": f"It is {MAN}."}, 400)):
        answer = nurse.post("/api/v1/referrals", one, "application/json")
        assert answer.status_code == status
        assert MAN not in text(answer)
    assert Referral.objects.count() == 1


def test_a_refused_correction_is_sent_as_a_question_with_what_was_typed(nurse, steward, elsewhere, lists):
    ours = factories.record(lists, WOMAN, infused_on="2022-03-04", kind="reinfusion", batch="B1")
    page = address("correct", infusion_id=ours.pk)
    shown = nurse.get(page)
    assert 'value="refer"' not in text(shown)
    typed = {
        "centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0", "sequence": "1",
        "infused_on": "2020-03-04", "kind": "first", "batch": "B2", "why": "better_source", "words": "",
        "version": str(shown.context["version"]), "age_at_infusion": "50", "age_for": "2020-03-04",
    }  # fmt: skip
    refused = text(nurse.post(page, typed))
    assert 'value="refer"' in refused
    assert 'value="2020-03-04"' in refused
    wrong = nurse.post(page, typed | {"do": "refer", "message": f"It is {MAN}."})
    assert wrong.status_code == 200
    assert 'value="refer"' in text(wrong)
    assert not Question.objects.filter(asks="clinic").exists()
    for _press in range(2):
        sent = nurse.post(page, typed | {"do": "refer", "message": "Our journal says March 2020."})
        assert sent.url == address("questions")
    [question] = Question.objects.filter(asks="clinic")
    assert (question.infusion, question.waits_for) == (ours, "steward")
    read = text(steward.get(address("questions")))
    for words in ("2022-03-04", "2020-03-04", "Reinfusion", "First", "B1", "B2", "Our journal says March 2020."):
        assert words in read
    ours.refresh_from_db()
    assert (ours.kind, ours.batch, str(ours.infused_on)) == ("reinfusion", "B1", "2022-03-04")
    for words in ("2021-05-05", "Yescarta", "Sjukhuset STO"):
        assert words not in question.text


def test_whoever_asked_writes_a_message_and_whoever_was_asked_an_answer(nurse, steward, elsewhere):
    refer(nurse)
    for client, label in ((nurse, "Message"), (steward, "Answer")):
        shown = client.get(address("questions"))
        [row] = shown.context["rows"]
        assert row.form.fields["text"].label == label
