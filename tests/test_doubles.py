"""Possible duplicate persons, and finding a person at the steward's desk."""

import logging
from datetime import date

import pytest
from django.db import ProgrammingError, connection, transaction

from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.patients.duplicates import MOST_PAIRS, NEAR_DAYS, find_doubles
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.kept_apart import end_keeping_apart, keep_apart
from registry.entry.patients.merge import merge_patients
from registry.errors import MergeImpossible, NotPermitted
from registry.models import AccessLog, KeptApart
from tests import factories
from tests.desk import BY, COORDINATION, MAN, SECOND_WOMAN, WOMAN, address, number, sign_in, text
from tests.test_traces import Everything, read_database, read_settled_valkey, traces_of


@pytest.fixture
def client(steward):
    return sign_in(steward)


# Possible duplicate persons.


def pairs() -> list[tuple[int, int, int]]:
    return [(pair.one.pk, pair.other.pk, pair.days) for pair in find_doubles(by=BY).pairs]


def test_a_person_under_a_coordination_number_and_a_personal_number_is_a_possible_double(lists):
    one = factories.record(lists, COORDINATION, infused_on="2020-05-05").patient
    other = factories.record(lists, WOMAN, infused_on="2020-05-25", centre="STO").patient
    assert pairs() == [(one.pk, other.pk, 20)]


UNLIKE = {
    "another sex": {"patient": MAN},
    "another year of birth": {"patient": factories.number(date(1971, 1, 1), 982)},
    "another product": {"product": "Yescarta"},
    "far apart": {"infused_on": "2020-06-05"},
}


@pytest.mark.parametrize("name", UNLIKE)
def test_unlike_persons_are_no_possible_doubles(lists, name):
    factories.record(lists, WOMAN, infused_on="2020-05-05")
    factories.record(lists, **{"patient": SECOND_WOMAN, "infused_on": "2020-06-04"} | UNLIKE[name])
    assert pairs() == []


def test_thirty_days_are_near_and_thirty_one_are_not(lists):
    assert NEAR_DAYS == 30
    factories.record(lists, WOMAN, infused_on="2020-05-05")
    second = factories.record(lists, SECOND_WOMAN, infused_on="2020-06-04")
    assert [days for *_pair, days in pairs()] == [30]
    correct_infusion(infusion_id=second.pk, changes={"infused_on": date(2020, 6, 5)}, by=BY, reason="typo")
    assert pairs() == []
    correct_infusion(
        infusion_id=second.pk,
        changes={"infused_on": date(2020, 4, 5), "age_at_infusion": 50},
        by=BY,
        reason="typo",
    )
    assert [days for *_pair, days in pairs()] == [30]


@pytest.mark.parametrize(
    ("day", "precision", "days"),
    [
        ("2020-05-01", "month", 0),
        ("2020-06-01", "month", 27),
        ("2020-01-01", "year", 0),
        ("2019-01-01", "year", None),
    ],
)
def test_a_date_known_by_month_or_year_is_near_where_its_period_is(lists, day, precision, days):
    factories.record(lists, WOMAN, infused_on="2020-05-05")
    factories.record(lists, SECOND_WOMAN, infused_on=day, date_precision=precision)
    assert [found for *_pair, found in pairs()] == ([] if days is None else [days])


@pytest.mark.parametrize(("age", "found"), [(49, True), (50, True), (48, False), (51, False)])
def test_what_is_not_known_of_a_person_matches_anything(lists, age, found):
    factories.record(lists, WOMAN, infused_on="2020-05-05")
    factories.record(lists, "local:a1", infused_on="2020-05-05", age_at_infusion=age)
    assert bool(pairs()) == found


def test_two_of_unknown_sex_and_year_are_one_pair_once(lists):
    factories.record(lists, "local:a1", infused_on="2020-05-05", age_at_infusion=50)
    factories.record(lists, "local:a2", infused_on="2020-05-06", age_at_infusion=50)
    assert [days for *_pair, days in pairs()] == [1]


def test_a_withdrawn_infusion_makes_no_possible_double(lists):
    factories.record(lists, WOMAN)
    withdraw_infusion(infusion_id=factories.record(lists, SECOND_WOMAN).pk, by=BY, reason="a mistake")
    assert pairs() == []


def test_the_likeliest_pairs_stand_first_and_the_list_is_bounded(lists, django_assert_num_queries):
    for place in range(12):
        factories.record(lists, factories.nth_number(2 * place), infused_on=date(2020, 1, 1 + place))
    unlike = factories.record(lists, COORDINATION, infused_on="2020-01-29")
    nearest = find_doubles(by=BY).pairs
    assert len(nearest) == MOST_PAIRS < 12 * 11 / 2
    of_other_types = [unlike.patient in (pair.one, pair.other) for pair in nearest]
    assert of_other_types == [True] * 12 + [False] * (MOST_PAIRS - 12)
    days = [pair.days for pair in nearest[12:]]
    assert days == sorted(days)
    with django_assert_num_queries(7):
        find_doubles(by=BY)


def test_the_desk_shows_the_pairs_and_logs_that_they_were_seen(lists, client):
    one = factories.record(lists, COORDINATION).patient
    other = factories.record(lists, WOMAN, infused_on="2020-05-06").patient
    shown = text(client.get(address("desk")))
    assert address("merge", number=number(one), other=number(other)) in shown
    assert "Coordination number" in shown
    lines = AccessLog.objects.filter(actor="steward").order_by("patient")
    assert [(line.unit, line.action, line.patient) for line in lines] == [
        ("steward", "read", seen) for seen in sorted([number(one), number(other)])
    ]


def test_the_list_has_pages_and_two_personal_numbers_at_one_centre_come_last(lists, client):
    for place in range(11):
        factories.record(lists, factories.nth_number(2 * place), infused_on=date(2020, 1, 1 + place))
    there = factories.record(lists, factories.nth_number(40), infused_on="2020-01-30", centre="STO").patient
    first, second = (find_doubles(by=BY, page=page) for page in (1, 2))
    assert (first.page.paginator.count, len(first.pairs), len(second.pairs)) == (66, MOST_PAIRS, 16)
    assert first.are_all
    of_two_centres = [there in (pair.one, pair.other) for pair in [*first.pairs, *second.pairs]]
    assert of_two_centres == [True] * 11 + [False] * 55
    shown = text(client.get(address("desk"), {"page": 2}))
    assert "66 pairs</caption>" in shown and "Page 2 of 2" in shown and 'rel="prev"' in shown


def test_a_pair_that_is_decided_not_to_be_one_leaves_the_list_for_good(lists, client, steward):
    one = factories.record(lists, COORDINATION).patient
    other = factories.record(lists, WOMAN, infused_on="2020-05-06").patient
    compare = address("merge", number=number(one), other=number(other))
    where = address("apart", number=number(one), other=number(other))
    assert where in text(client.get(compare))
    refused = client.post(where, {"apart-text": "", "do": "keep"})
    assert refused.status_code == 200 and "This field is required." in text(refused)
    done = client.post(where, {"apart-text": "Two sisters.", "do": "keep"})
    assert done.url == address("desk")
    assert pairs() == [] and compare not in text(client.get(address("desk")))
    correct_infusion(
        infusion_id=other.infusions.get().pk, changes={"infused_on": date(2020, 5, 7)}, by=BY, reason="typo"
    )
    assert pairs() == []  # whatever changes
    kept = text(client.get(address("kept-apart")))
    assert "Two sisters." in kept and compare in kept
    with pytest.raises(MergeImpossible, match="not the same person"):
        merge_patients(keep=one, absorb=other, by=steward, reason="the same")
    shown = text(client.get(address("merge", number=number(other), other=number(one))))
    assert "Two sisters." in shown and "not the same person: end that decision first" in shown
    assert client.post(where, {"apart-text": "The chart says one.", "do": "end"}).url == compare
    assert len(pairs()) == 1 and "Two sisters." not in text(client.get(address("kept-apart")))
    again = text(client.get(compare))  # the history stays
    assert "Two sisters." in again and "The chart says one." in again
    keep_apart(one=other, other=one, by=steward, reason="Sisters after all.")
    assert pairs() == [] and text(client.get(compare)).count("<strong>Decided: not the same person") == 2


def test_a_decision_is_kept_once_never_changed_and_goes_with_its_persons(lists, steward):
    one = factories.record(lists, COORDINATION).patient
    other = factories.record(lists, WOMAN, infused_on="2020-05-06").patient
    first = keep_apart(one=one, other=other, by=steward, reason="Sisters.")
    assert keep_apart(one=other, other=one, by=steward, reason="Again.") == first
    with pytest.raises(ProgrammingError), transaction.atomic():
        KeptApart.objects.update(reason="Rewritten.")
    end_keeping_apart(one=one, other=other, by=steward, reason="One.")
    end_keeping_apart(one=one, other=other, by=steward, reason="Once more.")
    assert KeptApart.objects.get().ended_reason == "One."
    with pytest.raises(ProgrammingError), transaction.atomic():
        KeptApart.objects.update(ended_at=None, ended_by="", ended_reason="")
    erase_patient(patient=one, by=BY, reason="asked for it")
    assert not KeptApart.objects.exists()


def test_no_clinic_decides_or_sees_what_was_decided(lists, nurse, steward):
    one = factories.record(lists, COORDINATION).patient
    other = factories.record(lists, WOMAN, infused_on="2020-05-06").patient
    with pytest.raises(NotPermitted):
        keep_apart(one=one, other=other, by=nurse, reason="Sisters.")
    keep_apart(one=one, other=other, by=steward, reason="Sisters.")
    assert "Sisters" not in text(sign_in(nurse).get(address("person", number=number(one))))
    assert sign_in(nurse).get(address("kept-apart")).status_code == 404


def test_nobody_but_the_steward_may_look_for_doubles(lists, nurse):
    with pytest.raises(NotPermitted):
        find_doubles(by=nurse)


# Finding a person.


@pytest.mark.parametrize("where", ["desk", "merge-with"])
def test_a_person_is_found_by_registry_number_and_by_identifier(lists, client, where):
    infusion = factories.record(lists, WOMAN)
    local = factories.record(lists, "local:a1", age_at_infusion=50, centre="STO")
    kwargs = {} if where == "desk" else {"number": number(local.patient)}
    for typed, found in (
        (WOMAN, infusion.patient), (str(number(infusion.patient)), infusion.patient), ("local:a1", local.patient),
    ):  # fmt: skip
        answer_ = client.post(address(where, **kwargs), {"who": typed})
        to = {"number": number(found)}
        target = address("person", **to) if where == "desk" else address("merge", **kwargs, other=number(found))
        assert answer_.url == target
    searched = AccessLog.objects.filter(action="search", actor="steward").values_list("patient", flat=True)
    assert list(searched) == [number(local.patient), number(infusion.patient)]


def test_one_pseudonym_at_two_centres_names_no_one(lists, client):
    for centre in ("UPP", "STO"):
        factories.record(lists, "local:a1", age_at_infusion=50, centre=centre)
    answer_ = client.post(address("desk"), {"who": "local:a1"})
    assert "Nobody in the registry has this number." in text(answer_)


@pytest.mark.parametrize("typed", ["", "nobody", MAN, "x" * 81, "98", "a\x00b", "<script>"])
def test_a_search_in_vain_says_so_and_keeps_what_was_typed(lists, client, typed):
    answer_ = client.post(address("desk"), {"who": typed})
    assert answer_.status_code == 200
    assert answer_.context["search"].errors["who"]
    assert 'id="id_who_error"' in text(answer_)
    assert answer_.context["search"]["who"].value() == typed and "no-store" in answer_["Cache-Control"]
    assert "<script>" not in text(answer_).replace('<script src="', "")


@pytest.fixture
def everything_logged():
    """All that is logged, the statements that go to the database among it."""
    handler, loggers = Everything(), [logging.getLogger(name) for name in ("", "django", "django.db.backends")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    for logger in loggers[:2]:
        logger.addHandler(handler)
    connection.force_debug_cursor = True
    yield handler.lines
    connection.force_debug_cursor = False
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


def test_an_identity_number_that_was_searched_for_is_nowhere_afterwards(lists, client, everything_logged):
    patient = factories.record(lists, WOMAN).patient
    auditor = sign_in(factories.user("auditor", national_role="auditor"))
    shown = []
    for typed in (WOMAN, MAN, WOMAN.replace("-", ""), f"{MAN} x"):
        for browser, name, kwargs, field in (
            (client, "desk", {}, "who"),
            (client, "merge-with", {"number": number(patient)}, "who"),
            (client, "extract", {}, "who"),
            (auditor, "access-log", {}, "patient"),
            (auditor, "access-log", {}, "actor"),
        ):
            found = browser.post(address(name, **kwargs), {field: typed})
            assert found.status_code in {200, 302}
            # Only the field itself shows it again, in this one answer.
            shown += [text(found).replace(f'name="who" value="{typed}"', ""), str(found.headers)]
    places = {
        "database": read_database(),
        "Valkey": read_settled_valkey(),
        "log": everything_logged,
        "pages": shown,
    }
    for place, texts in places.items():
        joined = "\n".join(texts).lower()
        assert joined or place == "Valkey"
        for searched in (WOMAN, MAN):
            assert [trace for trace in traces_of(searched) if trace in joined] == [], place
