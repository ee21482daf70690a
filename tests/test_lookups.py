"""A look-up of a person by number is logged, and of whom one's centres do not know it has a budget."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.db.models import F

from registry.entry.lookups import forget_lookups
from registry.models import AccessLog, Infusion, Lookup
from tests import factories
from tests.calling import Program, refused
from tests.desk import address, sign_in, text

FORM = {
    "centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0", "infused_on": "2020-05-05",
    "sequence": "1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def small_budget(settings):
    settings.LOOKUPS_PER_HOUR = 5
    settings.LOOKUPS_PER_HOUR_IMPORT = 8


@pytest.fixture
def uppsala(lists):
    return factories.user("upp", lists.centres["UPP"])


def ask_form(user, number: str, do="check"):
    return sign_in(user).post(address("record"), FORM | {"patient_id": number, "do": do})


def ask_guidance(user, number: str):
    return sign_in(user).post(address("record-person"), FORM | {"patient_id": number})


def ask_search(user, number: str):
    return sign_in(user).post(address("infusions"), {"who": number})


def ask_api(user, number: str):
    """A request that is refused for its kind: a dry question."""
    return Program(user).enter(patient_id=number, kind="further_dose")


WAYS = (ask_form, ask_guidance, ask_search, ask_api)


def lines(user) -> list:
    found = AccessLog.objects.filter(action="search", actor=user.username).order_by("pk")
    return list(found.values_list("patient", flat=True))


def later(**passed) -> None:
    Lookup.objects.update(at=F("at") - timedelta(**passed))


def test_the_default_is_sixty_an_hour(settings, uppsala):
    settings.LOOKUPS_PER_HOUR = 60
    for place in range(60):
        assert WAYS[place % 4](uppsala, factories.nth_number(place)).status_code != 429, place
    answers = [ask(uppsala, factories.nth_number(60 + place)) for place, ask in enumerate(WAYS)]
    assert {answer.status_code for answer in answers} == {429}
    assert all(0 < int(answer["Retry-After"]) <= 3600 for answer in answers)
    assert len(lines(uppsala)) == 64
    assert not Infusion.objects.exists()


@pytest.mark.parametrize("ask", WAYS)
def test_beyond_the_budget_known_elsewhere_and_unknown_are_one_answer(lists, uppsala, ask):
    elsewhere = factories.record(lists, factories.nth_number(40), centre="STO").patient
    for place in range(5):
        ask(uppsala, factories.nth_number(place))
    first, second = (ask(uppsala, factories.nth_number(place)) for place in (40, 41))
    assert first.status_code == second.status_code == 429
    assert str(elsewhere.registry_number) not in text(first)
    assert "as many persons" in text(first) and "as many persons" in text(second)
    assert lines(uppsala)[-2:] == [None, None]


def test_the_interface_says_so_as_a_problem(uppsala):
    for place in range(5):
        ask_api(uppsala, factories.nth_number(place))
    assert (
        "Try again in 60 minutes"
        in refused(ask_api(uppsala, factories.nth_number(5)), 429, "too_many_lookups")["detail"]
    )


@pytest.mark.parametrize("ask", [ask_form, ask_search])
def test_nothing_typed_is_lost(uppsala, ask):
    for place in range(6):
        answer = ask(uppsala, factories.nth_number(place))
    assert answer.status_code == 429 and f'value="{factories.nth_number(5)}"' in text(answer)


def test_the_same_person_counts_once_an_hour_however_asked(uppsala):
    number = factories.nth_number(1)
    for ask in WAYS * 3:
        assert ask(uppsala, number).status_code != 429
    assert ask_form(uppsala, number, do="draft").status_code == 302
    assert ask_form(uppsala, number, do="submit").status_code == 302
    assert Infusion.objects.count() == 1
    assert Lookup.objects.count() == 1
    assert len(lines(uppsala)) == 14


def test_persons_of_ones_own_centre_are_free_and_logged(lists, uppsala):
    own = [factories.record(lists, factories.nth_number(place)).patient.registry_number for place in range(9)]
    for place in range(9):
        assert ask_guidance(uppsala, factories.nth_number(place)).status_code == 200
    assert lines(uppsala) == own and not Lookup.objects.exists()


def test_the_budget_is_ones_own_and_comes_back(lists, uppsala):
    other = factories.user("other", lists.centres["UPP"])
    for place in range(5):
        ask_api(uppsala, factories.nth_number(place))
        later(minutes=5)
    late = ask_api(uppsala, factories.nth_number(5))
    assert late.status_code == 429 and 2000 < int(late["Retry-After"]) <= 2100
    assert ask_api(other, factories.nth_number(5)).status_code != 429
    later(minutes=36)
    assert ask_api(uppsala, factories.nth_number(5)).status_code != 429
    assert ask_api(uppsala, factories.nth_number(6)).status_code == 429


def test_a_request_that_fails_is_no_free_question(uppsala):
    """Unreadable beside the number, refused, replayed: each is asked, and each counts."""
    wrong = ({"product": "Aspirin"}, {"infused_on": "2999-01-01"}, {"kind": "reinfusion", "category": "ACT"})
    for place, fields in enumerate(wrong):
        assert Program(uppsala).enter(patient_id=factories.nth_number(place), **fields).status_code == 400
    for place in (3, 4):
        Program(uppsala).enter({"idempotency_key": "one"}, patient_id=factories.nth_number(place))
    assert Lookup.objects.filter(refused=False).count() == 5 and len(lines(uppsala)) == 5


@pytest.mark.parametrize("role", ["steward", "auditor"])
def test_whoever_sees_the_nation_is_logged_and_has_no_budget(lists, role):
    user = factories.user(role, national_role=role)
    where = address("desk" if role == "steward" else "extract")
    for place in range(8):
        assert sign_in(user).post(where, {"who": factories.nth_number(place)}).status_code == 200
    assert lines(user) == [None] * 8 and not Lookup.objects.exists()


def test_who_refused_registration_is_told_at_once_and_nothing_else(uppsala):
    factories.refuse_registration(factories.nth_number(1))
    answer = Program(uppsala).enter(patient_id=factories.nth_number(1), product="Aspirin", infused_on="2999-01-01")
    problem = refused(answer, 409, "do_not_register")
    assert "errors" not in problem
    page = ask_form(uppsala, factories.nth_number(1), do="submit")
    assert page.context["form"].errors.keys() == {"__all__"}
    assert lines(uppsala) == [None, None]


def test_whom_a_look_up_was_of_is_forgotten_after_an_hour_and_that_it_was_after_a_day(uppsala):
    ask_api(uppsala, factories.nth_number(1))
    later(minutes=61)
    forget_lookups()
    assert Lookup.objects.get().token is None
    later(hours=24)
    forget_lookups()
    assert not Lookup.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_at_the_edge_eight_at_once_never_get_more(committed_lists):
    user = factories.user("upp", committed_lists.centres["UPP"])
    for place in range(3):
        ask_api(user, factories.nth_number(place))
    programs, answers = [Program(user) for _one in range(8)], []

    def ask(place: int) -> None:
        try:
            answers.append(
                programs[place].enter(patient_id=factories.nth_number(10 + place), kind="further_dose").status_code
            )
        finally:
            connection.close()

    threads = [Thread(target=ask, args=[place]) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [400, 400, *[429] * 6]
    assert AccessLog.objects.filter(action="search").count() == 11
