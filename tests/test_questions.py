"""The question loop: the steward or a rule asks about a row, the clinic answers, whoever asked closes."""

import uuid

import pytest

from registry.access import Operator
from registry.entry.questions import questions
from registry.errors import IdentifierInText, NotFound, Problem
from registry.models import AccessLog, Question, User
from tests import factories
from tests.desk import address, sign_in, text

NUMBER = factories.number()
WRONG_TEXTS = {
    "": "This field is required.",
    " \n ": "This field is required.",
    "x" * 1001: "at most 1000 characters",
    f"Is {NUMBER} hers?": "This looks like an identity number.",
    "a\x00b": "Null characters are not allowed.",
}


@pytest.fixture
def world(lists):
    """An infusion of Uppsala; reporters of Uppsala and of Stockholm, two stewards, an auditor."""
    world = {
        "nurse": factories.user("nurse", lists.centres["UPP"]),
        "other": factories.user("other", lists.centres["STO"]),
        "outsider": factories.user("outsider"),
        **{name: factories.user(name, national_role="steward") for name in ("steward", "second")},
        "auditor": factories.user("auditor", national_role="auditor"),
    }
    world["infusion"] = factories.record(lists, by=world["nurse"])
    return world


def asked(world, words="Is the date right?", by="steward") -> Question:
    return questions.ask(infusion_id=world["infusion"].pk, text=words, by=world[by])


@pytest.mark.usefixtures("neighbours")
def test_a_question_is_asked_answered_and_closed_in_the_pages(world):
    steward, nurse = sign_in(world["steward"]), sign_in(world["nurse"])
    person = address("person", number=world["infusion"].patient.registry_number)
    ask = address("question-ask", infusion_id=world["infusion"].pk)
    assert ask in text(steward.get(person))
    assert ask not in text(nurse.get(person))
    assert steward.post(ask, {"text": "Is the <b>date</b> right?"}).url == person
    question = Question.objects.get()
    shown = text(nurse.get(address("questions")))
    assert "Is the &lt;b&gt;date&lt;/b&gt; right?" in shown
    assert f"{person}#infusion-{world['infusion'].pk}" in shown
    assert address("correct", infusion_id=world["infusion"].pk) in shown
    answer = address("question-answer", question_id=question.pk)
    assert answer in shown
    assert answer not in text(steward.get(address("questions")))
    sent = {f"answer-{question.pk}-text": "Yes, it is."}
    assert "The answer is stored." in text(nurse.post(answer, sent, follow=True))
    assert "Yes, it is." in text(steward.get(address("questions")))
    close = address("question-close", question_id=question.pk)
    assert close not in text(nurse.get(address("questions")))
    assert "The question is closed." in text(steward.post(close, follow=True))
    assert "No question is open." in text(nurse.get(address("questions")))
    question.refresh_from_db()
    assert (question.asked_by, question.answered_by, question.closed_by) == ("steward", "nurse", "steward")
    history = Question.pgh_event_model.objects.order_by("pgh_id").values_list("pgh_label", "acted_by")
    assert list(history) == [("insert", "steward"), ("update", "nurse"), ("update", "steward")]


@pytest.mark.parametrize("words", WRONG_TEXTS, ids=WRONG_TEXTS.values())
def test_a_wrong_text_gets_a_sentence_and_stores_nothing(world, words):
    question, sentence = asked(world), WRONG_TEXTS[words]
    for user, where, field in (
        ("steward", address("question-ask", infusion_id=world["infusion"].pk), "text"),
        ("nurse", address("question-answer", question_id=question.pk), f"answer-{question.pk}-text"),
    ):
        response = sign_in(world[user]).post(where, {field: words})
        assert response.status_code == 200
        form = response.context.get("refused") or response.context["form"]
        assert sentence in " ".join(form.errors["text"])
        shown = text(response)
        assert f'id="id_{field}_error"' in shown
        assert f'href="#id_{field}"' in shown
        assert form["text"].value() == words
    assert list(Question.objects.values_list("pk", "answer")) == [(question.pk, "")]


def test_a_field_that_is_missing_gets_a_sentence(world):
    question = asked(world)
    response = sign_in(world["nurse"]).post(address("question-answer", question_id=question.pk))
    assert "This field is required." in text(response)


@pytest.mark.parametrize("function", ["ask", "answer"])
def test_the_registry_refuses_wrong_texts_whoever_calls(world, function):
    for words, error in (
        (" ", questions.TextMissing),
        ("x" * 1001, questions.TextTooLong),
        (NUMBER, IdentifierInText),
    ):
        with pytest.raises(error):
            if function == "ask":
                asked(world, words)
            else:
                questions.answer(question_id=asked(world).pk, text=words, by=world["nurse"])


@pytest.mark.parametrize("who", ["other", "outsider", "auditor"])
@pytest.mark.usefixtures("neighbours")
def test_another_centres_question_and_a_made_up_one_are_the_same(world, who):
    question, client = asked(world), sign_in(world[who])
    infusion = world["infusion"].pk
    pairs = [
        ("post", "question-answer", {"question_id": question.pk}, {"question_id": 2**40}),
        ("post", "question-close", {"question_id": question.pk}, {"question_id": 2**40}),
        ("get", "question-ask", {"infusion_id": infusion}, {"infusion_id": uuid.uuid4()}),
        ("post", "question-ask", {"infusion_id": infusion}, {"infusion_id": uuid.uuid4()}),
    ]
    before = AccessLog.objects.count()
    for method, name, real, made_up in pairs:
        seen = [
            getattr(client, method)(address(name, **kwargs), {f"answer-{question.pk}-text": "x", "text": "x"})
            for kwargs in (real, made_up)
        ]
        assert [response.status_code for response in seen] == [404, 404], name
        assert seen[0].content == seen[1].content
    assert Question.objects.filter(answered_at=None, closed_at=None).count() == 1
    assert AccessLog.objects.count() == before
    listed = client.get(address("questions"))
    assert "Is the date right?" not in text(listed)
    assert listed.status_code == (200 if who == "other" else 404)


def test_the_second_answer_is_refused_with_what_was_typed(world):
    question, nurse = asked(world), sign_in(world["nurse"])
    where, field = address("question-answer", question_id=question.pk), f"answer-{question.pk}-text"
    nurse.post(where, {field: "first"})
    again = nurse.post(where, {field: "second"})
    assert again.status_code == 200
    assert "Someone else has answered or closed this question meanwhile" in text(again)
    assert "second" in text(again)
    questions.close(question_id=question.pk, by=world["steward"])
    assert "Someone else has answered or closed" in text(nurse.post(where, {field: "third"}))
    question.refresh_from_db()
    assert question.answer == "first"


def test_only_the_asker_closes_unless_a_rule_asked_or_the_asker_may_ask_no_longer(world):
    question, second = asked(world), sign_in(world["second"])
    close = address("question-close", question_id=question.pk)
    assert close not in text(second.get(address("questions")))
    assert "Whoever asked closes the question." in text(second.post(close, follow=True))
    assert not Question.objects.get().closed_at
    User.objects.filter(username="steward").update(is_active=False)
    assert close in text(second.get(address("questions")))
    second.post(close)
    assert Question.objects.get().closed_by == "second"
    old = Problem("age", "age_old", "Old.", warning=True)
    questions.ask_by_rules([(world["infusion"].pk, old)], by=Operator())
    ruled = Question.objects.get(rule="age_old")
    assert "A rule asks" in text(second.get(address("questions")))
    second.post(address("question-close", question_id=ruled.pk))
    ruled.refresh_from_db()
    assert ruled.closed_by == "second"


def test_a_rule_asks_once_while_its_question_is_unclosed(world):
    old = Problem("age", "age_old", "Old.", warning=True)
    long = Problem("date", "gap_long", "Long ago. " * 200, warning=True)
    for _twice in range(2):
        questions.ask_by_rules([(world["infusion"].pk, one) for one in (old, long, old)], by=Operator())
    assert sorted(Question.objects.values_list("rule", flat=True)) == ["age_old", "gap_long"]
    questions.close(question_id=Question.objects.get(rule="age_old").pk, by=Operator())
    questions.ask_by_rules([(world["infusion"].pk, old)], by=Operator())
    assert Question.objects.filter(rule="age_old").count() == 2


def test_closing_twice_changes_nothing(world):
    question = asked(world)
    questions.close(question_id=question.pk, by=world["steward"])
    closed_at = Question.objects.get().closed_at
    questions.close(question_id=question.pk, by=world["steward"])
    assert Question.objects.get().closed_at == closed_at
    with pytest.raises(NotFound):
        questions.close(question_id=question.pk, by=world["nurse"])


def test_reading_asking_answering_and_closing_are_logged(world, neighbours):
    question = asked(world)
    AccessLogged = AccessLog.objects.order_by("pk").values_list("actor", "unit", "action", "detail")
    sign_in(world["nurse"]).get(address("questions"))
    questions.answer(question_id=question.pk, text="Yes.", by=world["nurse"])
    questions.close(question_id=question.pk, by=world["steward"])
    recorded = 1 + len(neighbours)
    assert list(AccessLogged)[recorded:] == [
        ("steward", "steward", "read", "asked about it"),
        ("nurse", "UPP", "read", "questions"),
        ("nurse", "UPP", "read", "answered a question"),
        ("steward", "steward", "read", "closed a question"),
    ]
    assert set(AccessLogged.values_list("infusion", flat=True)[recorded:]) == {world["infusion"].pk}


@pytest.mark.parametrize(("who", "queries"), [("nurse", 11), ("steward", 14)])
def test_the_list_asks_no_more_of_the_database_when_it_is_longer(
    world, lists, who, queries, django_assert_num_queries, purpose_known
):
    client = sign_in(world[who])
    for more in (1, 8):
        for place in range(more):
            infusion = factories.record(lists, factories.nth_number(place + 10 * more), by=world["nurse"])
            questions.ask(infusion_id=infusion.pk, text="?", by=world["second"])
        with django_assert_num_queries(queries):
            client.get(address("questions"))
