"""The list of questions: one's own turn first and marked, filtered; closed ones stay readable."""

import pytest

from registry.entry.questions import questions
from registry.errors import NotFound
from registry.models import Question
from tests import factories
from tests.desk import MAN, WOMAN, address, sign_in, text

MARK = '<span class="badge warn">Your turn</span>'


@pytest.fixture
def world(lists):
    """Six questions: of each direction, answered or not, one closed, at two centres."""
    users = {code: factories.user(code.lower(), lists.centres[code]) for code in ("UPP", "STO")}
    steward = factories.user("steward", national_role="steward")
    row = factories.record(lists, WOMAN, centre="STO", infused_on="2020-05-05")
    ours = factories.record(lists, MAN, infused_on="2020-05-05")
    Question.objects.all().delete()
    asked = {
        "to the clinic": questions.ask(infusion_id=ours.pk, text="Is the date right?", by=steward),
        "about a row": questions.ask(infusion_id=row.pk, text="Of Stockholm?", by=users["STO"], side="clinic"),
        "about none": questions.ask_steward(centre=lists.centres["UPP"], text="May we?", by=users["UPP"]),
        "answered": questions.ask_steward(centre=lists.centres["UPP"], text="And this?", by=users["UPP"]),
        "closed": questions.ask_steward(centre=lists.centres["UPP"], text="Long ago?", by=users["UPP"]),
        "other": questions.ask_steward(centre=lists.centres["STO"], text="Theirs?", by=users["STO"]),
    }
    questions.answer(question_id=asked["answered"].pk, text="Yes.", by=steward)
    questions.answer(question_id=asked["closed"].pk, text="Read me again.", by=steward)
    questions.close(question_id=asked["closed"].pk, by=users["UPP"])
    return {name: sign_in(user) for name, user in {**users, "steward": steward}.items()}, asked


def listed(world, who: str, query: str = "") -> list[str]:
    clients, asked = world
    answer = clients[who].get(address("questions") + query)
    assert answer.status_code == 200
    names = {question.pk: name for name, question in asked.items()}
    return [names[row.question.pk] for row in answer.context["rows"]]


def test_ones_own_turn_comes_first_the_oldest_before(world):
    assert listed(world, "steward") == ["about a row", "about none", "other", "to the clinic", "answered"]
    assert listed(world, "UPP") == ["to the clinic", "answered", "about none"]


def test_they_are_filtered_by_turn_state_and_centre(world):
    assert listed(world, "steward", "?state=mine") == ["about a row", "about none", "other"]
    assert listed(world, "steward", "?centre=UPP") == ["about none", "to the clinic", "answered"]
    assert listed(world, "steward", "?state=mine&centre=STO") == ["about a row", "other"]
    assert listed(world, "UPP", "?state=mine") == ["to the clinic", "answered"]
    assert listed(world, "UPP", "?state=closed") == ["closed"]
    assert listed(world, "STO", "?state=closed") == []
    assert listed(world, "UPP", "?centre=STO") == []
    for query in ("?state=x", "?centre='", "?state=mine&page=99"):
        listed(world, "UPP", query)


def test_what_waits_is_marked_and_counted(world):
    clients, _asked = world
    page = text(clients["UPP"].get(address("questions")))
    assert page.count(MARK) == 2
    assert MARK not in text(clients["UPP"].get(address("questions") + "?state=closed"))
    assert "Read me again." in text(clients["UPP"].get(address("questions") + "?state=closed"))
    assert text(clients["steward"].get(address("questions"))).count(MARK) == 3


def test_a_steward_who_registers_for_a_centre_has_the_turn_of_that_clinic_alone(world, lists):
    """Of the steward's questions to clinics only those to the own one wait for whoever is both."""
    clients, asked = world
    both = factories.user("both", lists.centres["STO"], lists.centres["LIN"], national_role="steward")
    clients["both"] = sign_in(both)
    row = Question.objects.get(pk=asked["about a row"].pk).infusion
    asked["to Stockholm"] = questions.ask(infusion_id=row.pk, text="Is this one right?", by=both)
    mine = ["about a row", "about none", "other", "to Stockholm"]  # "to the clinic" and "answered" are Uppsala's
    assert listed(world, "both", "?state=mine") == mine
    assert listed(world, "both") == [*mine, "to the clinic", "answered"]
    page = clients["both"].get(address("questions"))
    assert text(page).count(MARK) == len(mine) == page.context["open_questions"]
    assert listed(world, "UPP", "?state=mine") == ["to the clinic", "answered"]
    with pytest.raises(NotFound):
        questions.answer(question_id=asked["to the clinic"].pk, text="x", by=both)
    assert [one.text for one in clients["both"].get(address("start")).context["asked"]] == ["Is this one right?"]
