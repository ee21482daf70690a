"""The steward's pages of a person's numbers, attacked: forged, raced, by others, and in words."""

import threading
from datetime import date

import pytest
from django.db import connection
from django.test import Client

from registry.access import Operator
from registry.choices import Sex
from registry.entry.patients.identifiers import add_identifier, replace_identifier
from registry.errors import RegistryError
from registry.identity import read_identifier
from registry.models import AccessLog, Patient, PatientIdentifier
from tests import factories
from tests.desk import address, sign_in, text
from tests.test_number_search import SPELLINGS, WOMAN

BY = Operator()
FIRST = factories.number(date(1970, 6, 15), 982, coordination=True)
MAN = factories.number(date(1970, 6, 15), 985)
UNKNOWN_DAY = f"19700060-986{factories.check_digit('700060986')}"
SAID = "As the Tax Agency writes."


def read(number: str):
    return read_identifier(number, centre="UPP", county="03")


@pytest.fixture
def person(lists):
    return factories.record(lists, FIRST).patient


@pytest.fixture
def client(lists):
    return sign_in(factories.user("steward", national_role="steward"))


def numbers_of(person) -> int:
    return PatientIdentifier.objects.filter(patient=person).count()


@pytest.mark.parametrize("role", ["", "auditor", "reporter", "nobody"])
def test_nobody_else_reaches_them(lists, person, role):
    wrong = person.identifiers.get().pk
    places = [
        address("identifiers", number=person.registry_number),
        address("identifier-wrong", number=person.registry_number, identifier_id=wrong),
    ]
    someone = Client()
    if role != "nobody":
        centres = [lists.centres["UPP"]] if role == "reporter" else []
        national = role if role not in {"reporter", ""} else ""
        someone = sign_in(factories.user("someone", *centres, national_role=national))
    for place in places:
        for method in (someone.get, someone.post):
            data = {"number": WOMAN, "text": SAID} if method == someone.post else None
            assert method(place, data).status_code in {302, 401, 403, 404}
    assert numbers_of(person) == 1
    assert someone.get(places[0]).status_code != 302 or role == "nobody"


@pytest.mark.parametrize("key", [0, 2**31, 2**63, 10**30])
def test_a_forged_key_is_not_found(person, client, key):
    for number in (person.registry_number, key):
        where = address("identifier-wrong", number=number, identifier_id=key)
        assert client.get(where).status_code == 404
        assert client.post(where, {"number": WOMAN, "text": SAID}).status_code == 404
    assert client.post(address("identifiers", number=key), {"number": WOMAN, "text": SAID}).status_code == 404
    assert numbers_of(person) == 1


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_any_spelling_is_the_same_number(person, spelling):
    add_identifier(patient=person, identifier=read(SPELLINGS[spelling]), by=BY, reason="known now")
    with pytest.raises(RegistryError):
        add_identifier(patient=person, identifier=read(WOMAN), by=BY, reason="again")
    assert numbers_of(person) == 2


TYPED = ["", " ", "-", "\x00", "x" * 81, "17", "local:", "reserve:", "19700615-980", "Anna", "anna@region.example",
         "19700615-98O5", "19810829TB1F", "\u202e" + "9" * 30, "<script>", "20991231-9805"]  # fmt: skip


def test_what_is_no_number_is_refused_and_never_a_fault(person, client):
    places = [
        address("identifiers", number=person.registry_number),
        address("identifier-wrong", number=person.registry_number, identifier_id=person.identifiers.get().pk),
    ]
    for place in places:
        for typed in TYPED:
            answer = client.post(place, {"number": typed, "text": SAID, "centre": "UPP"})
            assert answer.status_code == 200, typed
            assert answer.context["form"].errors.get("number"), typed
        for method in (client.put, client.delete, client.patch):
            assert method(place).status_code == 405
        assert client.post(place, {"number": WOMAN, "text": SAID, "centre": "NOWHERE"}).status_code == 200
    assert numbers_of(person) == 1


def test_a_number_in_the_words_is_refused_and_in_no_table(person, client):
    where = address("identifiers", number=person.registry_number)
    for name in ("text", "despite"):
        answer = client.post(where, {"number": WOMAN, "text": SAID} | {name: f"was {MAN}"})
        assert answer.context["form"].errors.keys() == {name}
    assert numbers_of(person) == 1


def test_a_refused_persons_number_is_given_to_nobody(person, client):
    factories.refuse_registration(WOMAN)
    for place in (
        address("identifiers", number=person.registry_number),
        address("identifier-wrong", number=person.registry_number, identifier_id=person.identifiers.get().pk),
    ):
        answer = client.post(place, {"number": WOMAN, "text": SAID})
        assert {one.code for one in answer.context["form"].errors.as_data()["number"]} == {"do_not_register"}
    assert numbers_of(person) == 1


def test_every_attempt_is_a_line_of_the_log(person, client):
    where = address("identifiers", number=person.registry_number)
    before = AccessLog.objects.count()
    client.post(where, {"number": MAN, "text": SAID})  # another sex: refused
    searched = AccessLog.objects.order_by("pk")[before:]
    assert "search" in {line.action for line in searched}
    assert numbers_of(person) == 1


def test_the_history_keeps_no_digest(person, client):
    digests = {bytes(one.digest) for one in person.identifiers.all()}
    wrong = person.identifiers.get().pk
    replace_identifier(patient=person, wrong=wrong, identifier=read(WOMAN), by=BY, reason="mistyped")
    digests |= {bytes(one.digest) for one in person.identifiers.all()}
    assert len(digests) == 2
    event = PatientIdentifier.pgh_event_model
    assert event.objects.count() >= 3
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT row_to_json(one)::text FROM {event._meta.db_table} AS one")
        kept = " ".join(row for (row,) in cursor.fetchall())
    for digest in digests:
        assert digest.hex() not in kept
    assert WOMAN not in text(client.get(address("identifiers", number=person.registry_number)))


def test_a_coordination_number_of_which_only_the_year_is_known_makes_way_for_a_personal_one(lists):
    person = factories.record(lists, UNKNOWN_DAY, age_at_infusion=49).patient
    assert (person.birth_year, person.sex) == (1970, Sex.FEMALE)
    assert add_identifier(patient=person, identifier=read(WOMAN), by=BY, reason="registered") == []
    later = factories.record(lists, WOMAN, infused_on="2021-07-01", kind="reinfusion", age_at_infusion=None)
    assert (later.patient, later.age_at_infusion) == (person, 51)
    old = factories.record(lists, UNKNOWN_DAY, infused_on="2022-07-01", kind="reinfusion", age_at_infusion=52)
    assert old.patient == person


def in_threads(*work) -> list:
    outcomes: list = [None] * len(work)
    gate = threading.Barrier(len(work))

    def run(place: int) -> None:
        gate.wait(30)
        try:
            outcomes[place] = work[place]()
        except RegistryError as refused:
            outcomes[place] = refused.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_two_stewards_at_once_leave_a_person_one_number(lists):
    person = factories.record(lists, FIRST).patient
    add_identifier(patient=person, identifier=read(WOMAN), by=BY, reason="known now")
    one, other = person.identifiers.values_list("pk", flat=True)

    def remove(key: int):
        return lambda: replace_identifier(patient=person, wrong=key, identifier=None, by=BY, reason="wrong")

    outcomes = in_threads(remove(one), remove(other))
    assert sorted(map(str, outcomes)) == ["[]", "only_identifier"]
    assert numbers_of(person) == 1


@pytest.mark.django_db(transaction=True)
def test_two_stewards_at_once_give_a_number_to_one_person(lists):
    persons = [factories.record(lists, number, age_at_infusion=49).patient for number in (FIRST, UNKNOWN_DAY)]
    outcomes = in_threads(*(
        lambda person=person: add_identifier(patient=person, identifier=read(WOMAN), by=BY, reason="known now")
        for person in persons
    ))  # fmt: skip
    assert sorted(map(str, outcomes)) == ["[]", "identifier_taken"]
    assert sorted(map(numbers_of, persons)) == [1, 2]
    assert Patient.objects.count() == 2
