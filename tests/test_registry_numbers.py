"""A person's registry number says nothing of when they came, and is nobody else's, ever.

The oracle for the check digits is the standard itself: the whole number leaves 1 when divided by 97.
"""

import itertools
import random
from importlib import import_module
from threading import Thread

import pytest
from django.db import IntegrityError, connection, transaction
from scipy.stats import spearmanr

from registry.access import Operator
from registry.entry.patients.erasure import erase_patient, numbers_of
from registry.entry.patients.merge import merge_patients
from registry.entry.patients.search import is_registry_number
from registry.identity import may_be_identifier
from registry.models import Patient
from registry.models.access_log import log_persons
from registry.numbers_in_text import holds_identity_number
from tests import factories
from tests.test_import import ROW, as_csv

BY = Operator()
ALL_NUMBERS = (
    import_module("registry.migrations.0037_many_registry_numbers").NEW_NUMBERS.replace(
        "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
    )
    + import_module("registry.migrations.0054_numbers_of_all").DRAWN
)  # left so for the tests that follow
DRAW_ONE = "CREATE OR REPLACE FUNCTION new_registry_number() RETURNS bigint LANGUAGE sql AS 'SELECT 1 / 0::bigint'"


def draw(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT new_registry_number() FROM generate_series(1, %s)", [count])
        return [number for (number,) in cursor.fetchall()]


def draw_from_nine() -> None:
    """Only nine numbers can be drawn before they become longer."""
    narrow = ALL_NUMBERS.replace("% 499200", "% 9")
    assert narrow != ALL_NUMBERS
    with connection.cursor() as cursor:
        cursor.execute(narrow)


def draw_from_all() -> None:
    with connection.cursor() as cursor:
        cursor.execute(ALL_NUMBERS)


@pytest.mark.django_db
def test_numbers_can_be_read_aloud_checked_and_taken_for_nothing_else():
    found = draw(2_000)
    for number in found:
        assert len(str(number)) == 8 and number % 97 == 1
        assert is_registry_number(str(number)) and not may_be_identifier(str(number))
    # A slip of one digit, or two neighbours the wrong way round, is no registry number.
    chance = random.Random(1)
    for number in found[:200]:
        text, place = str(number), chance.randrange(8)
        for digit in "0123456789":
            other = text[:place] + digit + text[place + 1 :]
            assert other == text or not is_registry_number(other)
        if place and text[place] != text[place - 1]:
            assert not is_registry_number(text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :])


@pytest.mark.django_db
def test_a_sentence_with_a_registry_number_and_a_date_holds_no_identity_number():
    texts = (
        "Person {}, 2020-03-04",
        "{} 12",
        "20 {}",
        "1980 {}",
        "2020-03-04 {}",
        "{}, {}",
        "no. {} of 12 May",
        "{} ST 12",
        "{}AB12",
        "{}A123",
    )
    for number in draw(2_000):
        for text in texts:
            assert not holds_identity_number(text.format(number, number)), text.format(number, number)


def test_numbers_do_not_rise_with_entry_one_by_one_or_in_a_file(lists, bring):
    for place in range(40):
        factories.record(lists, factories.nth_number(place), centre=("UPP", "STO")[place % 2])
    bring(as_csv([ROW | {"patient_id": factories.nth_number(100 + place)} for place in range(300)]))
    for persons, at_least in (
        (Patient.objects.order_by("pk")[:40], 40),
        (Patient.objects.order_by("pk")[40:], 300),
    ):
        numbers = [person.registry_number for person in persons]
        assert len(set(numbers)) == len(numbers) >= at_least
        assert spearmanr(range(len(numbers)), numbers).pvalue > 1e-6
        steps = {after - before for before, after in itertools.pairwise(numbers)}
        assert len(steps) > 0.9 * len(numbers)


@pytest.mark.django_db
def test_two_registries_give_one_person_two_numbers(lists):
    given = set()
    for _registry in range(5):
        with factories.rolled_back():
            given.add(factories.record(lists, factories.nth_number(1)).patient.registry_number)
    assert len(given) == 5


def test_a_number_is_never_given_again(lists):
    draw_from_nine()
    merged, erased, kept = (factories.record(lists, factories.nth_number(n), infused_on=f"2020-05-0{n}", kind=kind)
                            for n, kind in ((1, "reinfusion"), (2, "first"), (3, "first")))  # fmt: skip
    gone = [one.patient.registry_number for one in (merged, erased)]
    log_persons(by=BY, action="read", numbers=gone)
    merge_patients(keep=kept.patient, absorb=merged.patient, by=BY, reason="one person", explanation="the same")
    erase_patient(patient=erased.patient, by=BY, reason="asked for it")
    short = set()
    for place in range(10, 16):
        short.add(factories.record(lists, factories.nth_number(place)).patient.registry_number)
    assert len(short) == 6 and all(number < 10**8 for number in short)
    assert not short & {*gone, kept.patient.registry_number}
    assert factories.record(lists, factories.nth_number(20)).patient.registry_number > 10**8
    assert set(numbers_of(Patient.objects.get(pk=kept.patient_id))) == {kept.patient.registry_number, gone[0]}


def test_a_file_draws_all_its_numbers_at_once(lists, bring):
    with connection.cursor() as cursor:
        cursor.execute(DRAW_ONE)
    bring(as_csv([ROW | {"patient_id": factories.nth_number(place)} for place in range(30)]))
    numbers = set(Patient.objects.values_list("registry_number", flat=True))
    assert len(numbers) == 30 and all(len(str(number)) == 8 and number % 97 == 1 for number in numbers)


def test_a_file_is_given_no_number_that_anyone_had(lists, bring):
    """Of the nine short numbers some belong to a person, were merged or erased, or are named in the log."""
    draw_from_nine()
    kept, absorbed, erased = (
        factories.record(lists, factories.nth_number(place), infused_on=f"2020-05-0{place}", kind=kind)
        for place, kind in ((1, "first"), (2, "reinfusion"), (3, "first"))
    )
    taken = [one.patient.registry_number for one in (kept, absorbed, erased)]
    merge_patients(keep=kept.patient, absorb=absorbed.patient, by=BY, reason="one person", explanation="the same")
    erase_patient(patient=erased.patient, by=BY, reason="asked for it")
    (named,) = draw(1)
    log_persons(by=BY, action="read", numbers=[*taken, named])
    bring(as_csv([ROW | {"patient_id": factories.nth_number(place)} for place in range(10, 60)]))
    given = [person.registry_number for person in Patient.objects.exclude(pk=kept.patient_id)]
    assert len(set(given)) == len(given) == 50
    assert not set(given) & {*taken, named}
    assert any(number > 10**8 for number in given)


@pytest.mark.django_db
@pytest.mark.parametrize("count", (0, 1, 2, 999, 1_000))
def test_as_many_are_drawn_as_asked_for(count):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM new_registry_numbers(%s)", [count])
        numbers = [number for (number,) in cursor.fetchall()]
    assert len(set(numbers)) == len(numbers) == count


@pytest.mark.django_db(transaction=True)
def test_many_at_once_have_a_number_each(committed_lists):
    """Where there are nine numbers to draw from, those who store at once would often draw the same."""
    draw_from_nine()
    failed = []

    def enter(place: int) -> None:
        try:
            factories.record(committed_lists, factories.nth_number(place))
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [Thread(target=enter, args=[place]) for place in range(8)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        draw_from_all()
    assert failed == []
    assert len(set(Patient.objects.values_list("registry_number", flat=True))) == 8


def test_the_database_keeps_numbers_apart_and_whole(lists):
    one, other = (factories.record(lists, factories.nth_number(n)).patient for n in (1, 2))
    for number in (other.registry_number, one.registry_number + 1, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            Patient.objects.filter(pk=one.pk).update(registry_number=number)
