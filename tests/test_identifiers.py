"""A person's numbers change: one is added, or was wrong. The course stays, and nothing is entered again."""

from datetime import date

import pytest

from registry.access import Operator
from registry.choices import IdentifierType, Sex
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.identifiers import (
    IdentifierContradicts,
    IdentifierKnown,
    IdentifierTaken,
    OnlyIdentifier,
    add_identifier,
    replace_identifier,
)
from registry.entry.patients.lookup import PatientRefused
from registry.errors import IdentifierInText, NotFound, NotPermitted, ReasonMissing
from registry.identity import read_identifier
from registry.models import AccessLog, Infusion, Patient, PatientIdentifier, Question, Refusal
from tests import factories
from tests.desk import address, sign_in, text

BY = Operator()
COORDINATION = factories.number(date(1970, 1, 1), 982, coordination=True)
PERSONAL = factories.number(date(1970, 1, 1), 984)
ANOTHER = factories.number(date(1970, 3, 4), 986)
MAN = factories.number(date(1970, 1, 1), 985)
OLDER = factories.number(date(1950, 1, 1), 984)
PARTIAL = f"19700060-982{factories.check_digit('700060982')}"


def read(number: str):
    return read_identifier(number, centre="UPP", county="03")


def types_of(patient) -> list[str]:
    return list(patient.identifiers.order_by("pk").values_list("type", flat=True))


@pytest.fixture
def person(lists):
    return factories.record(lists, COORDINATION).patient


@pytest.fixture
def client(lists):
    return sign_in(factories.user("steward", national_role="steward"))


def test_a_person_with_a_new_number_is_one_person_under_both(lists, person):
    assert add_identifier(patient=person, identifier=read(PERSONAL), by=BY, reason="registered") == []
    later = factories.record(lists, PERSONAL, infused_on="2021-05-05", kind="reinfusion")
    latest = factories.record(lists, COORDINATION, infused_on="2022-05-05", kind="reinfusion")
    assert later.patient == latest.patient == person
    assert types_of(person) == [IdentifierType.COORDINATION, IdentifierType.PERSONAL]
    history = PatientIdentifier.pgh_event_model.objects.order_by("pgh_id").last()
    assert (history.pgh_label, history.reason, history.acted_by) == ("insert", "registered", "operator")
    log = AccessLog.objects.filter(action="correct", patient=person.registry_number).get()
    assert (log.actor, log.detail) == ("operator", "an identifier was added")
    # That the number was looked for is logged too, in vain as it was.
    assert AccessLog.objects.filter(action="search", patient=None).exists()


def test_a_wrong_number_no_longer_finds_the_person_and_the_right_one_does(lists, person):
    [stored] = person.identifiers.all()
    replace_identifier(patient=person, wrong=stored.pk, identifier=read(ANOTHER), by=BY, reason="mistyped")
    assert factories.record(lists, ANOTHER, infused_on="2021-05-05", kind="reinfusion").patient == person
    assert factories.record(lists, COORDINATION).patient != person
    labels = PatientIdentifier.pgh_event_model.objects.filter(reason="mistyped").values_list(
        "pgh_label", flat=True
    )
    assert sorted(labels) == ["delete", "insert"]
    assert Infusion.objects.filter(patient=person).count() == 2


def test_the_year_of_birth_and_the_sex_follow_the_number(lists):
    person = factories.record(lists, "local:a", age_at_infusion=50, sex=Sex.UNKNOWN).patient
    assert (person.birth_year, person.sex) == (None, Sex.UNKNOWN)
    assert add_identifier(patient=person, identifier=read(PERSONAL), by=BY, reason="known now") == []
    person.refresh_from_db()
    assert (person.birth_year, person.sex) == (1970, Sex.FEMALE)


def test_a_coordination_number_of_an_unknown_day_gives_the_year(lists):
    person = factories.record(lists, PARTIAL, age_at_infusion=50).patient
    assert (person.birth_year, person.sex) == (1970, Sex.FEMALE)
    by_local = factories.record(lists, "local:b", age_at_infusion=50).patient
    add_identifier(
        patient=by_local, identifier=read(PARTIAL.replace("982", "984")[:-1] + str(
            factories.check_digit("700060984"))), by=BY, reason="known now",
    )  # fmt: skip
    by_local.refresh_from_db()
    assert by_local.birth_year == 1970


def test_ages_that_contradict_the_new_number_are_named_and_asked_about(lists):
    person = factories.record(lists, "local:a", age_at_infusion=50).patient
    factories.record(lists, "local:a", age_at_infusion=51, infused_on="2021-05-05", kind="reinfusion")
    factories.record(lists, "local:a", age_at_infusion=53, infused_on="2023-01-01", kind="reinfusion")
    named = add_identifier(patient=person, identifier=read(PERSONAL), by=BY, reason="known now")
    assert named == []
    other = factories.record(lists, "local:c", age_at_infusion=30).patient
    named = add_identifier(patient=other, identifier=read(ANOTHER), by=BY, reason="known now")
    assert named == list(other.infusions.all())
    question = Question.objects.filter(infusion__in=named).get(rule="age_contradicts_identifier")
    assert question.answered_at is None


@pytest.mark.parametrize("number", [OLDER, MAN])
def test_a_number_that_contradicts_is_refused_unless_it_is_stated_why_it_is_right(lists, number):
    person = factories.record(lists, PERSONAL).patient
    change = {"patient": person, "identifier": read(number), "by": BY, "reason": "new number"}
    with pytest.raises(IdentifierContradicts):
        add_identifier(**change)
    assert types_of(person) == ["personal"]
    add_identifier(**change, despite="as the decision says")
    person.refresh_from_db()
    identifier = read(number)
    assert (person.birth_year, person.sex) == (identifier.birth_year, identifier.sex)
    reasons = PatientIdentifier.pgh_event_model.objects.values_list("reason", flat=True)
    assert "new number: as the decision says" in reasons


def test_what_only_the_wrong_number_said_goes_with_it(lists, person):
    add_identifier(patient=person, identifier=read("uppsala:ABCD12345678"), by=BY, reason="another")
    wrong = person.identifiers.get(type="coordination").pk
    replace_identifier(patient=person, wrong=wrong, identifier=None, by=BY, reason="another person's")
    person.refresh_from_db()
    assert (person.birth_year, person.sex) == (None, Sex.UNKNOWN)
    assert types_of(person) == ["reserve_regional"]
    with pytest.raises(OnlyIdentifier):
        replace_identifier(
            patient=person, wrong=person.identifiers.get().pk, identifier=None, by=BY, reason="wrong too"
        )


def test_what_another_number_says_too_stays(lists, person):
    add_identifier(patient=person, identifier=read(PERSONAL), by=BY, reason="another")
    wrong = person.identifiers.get(type="coordination").pk
    replace_identifier(patient=person, wrong=wrong, identifier=None, by=BY, reason="mistyped")
    person.refresh_from_db()
    assert (person.birth_year, person.sex) == (1970, Sex.FEMALE)


def test_a_number_of_someone_is_not_given_to_another(lists, person):
    other = factories.record(lists, PERSONAL).patient
    stored = person.identifiers.get().pk
    for attempt in (
        lambda: add_identifier(patient=person, identifier=read(PERSONAL), by=BY, reason="new"),
        lambda: replace_identifier(patient=person, wrong=stored, identifier=read(PERSONAL), by=BY, reason="new"),
    ):
        with pytest.raises(IdentifierTaken) as taken:
            attempt()
        assert taken.value.registry_number == other.registry_number
    with pytest.raises(IdentifierKnown):
        add_identifier(patient=person, identifier=read(COORDINATION), by=BY, reason="again")
    assert types_of(person) == ["coordination"]


def test_whoever_is_not_to_be_registered_is_not_by_another_way(lists, person):
    factories.refuse_registration(PERSONAL)
    with pytest.raises(PatientRefused):
        add_identifier(patient=person, identifier=read(PERSONAL), by=BY, reason="new")
    assert types_of(person) == ["coordination"]


def test_an_erased_person_is_refused_under_every_number_they_had(lists, person):
    add_identifier(patient=person, identifier=read(PERSONAL), by=BY, reason="new")
    add_identifier(patient=person, identifier=read("uppsala:ABCD12345678"), by=BY, reason="new")
    erase_patient(patient=person, by=BY, reason="asked for it")
    assert Refusal.objects.count() == 3
    assert not PatientIdentifier.pgh_event_model.objects.exists()
    for number in (COORDINATION, PERSONAL):
        with pytest.raises(PatientRefused):
            factories.record(lists, number)


def test_who_may_and_what_has_to_be_said(lists, person):
    nurse = factories.user("nurse", lists.centres["UPP"])
    with pytest.raises(NotPermitted):
        add_identifier(patient=person, identifier=read(PERSONAL), by=nurse, reason="new")
    with pytest.raises(NotPermitted):
        replace_identifier(patient=person, wrong=0, identifier=None, by=nurse, reason="wrong")
    with pytest.raises(ReasonMissing):
        add_identifier(patient=person, identifier=read(PERSONAL), by=BY, reason=" ")
    with pytest.raises(IdentifierInText):
        add_identifier(patient=person, identifier=read(PERSONAL), by=BY, reason="new", despite=f"is {MAN}")
    with pytest.raises(NotFound):
        replace_identifier(patient=person, wrong=0, identifier=read(PERSONAL), by=BY, reason="wrong")
    assert types_of(person) == ["coordination"]


# The pages.


@pytest.mark.usefixtures("neighbours")
def test_the_steward_adds_a_number_from_the_persons_page(person, client):
    where = address("identifiers", number=person.registry_number)
    assert where in text(client.get(address("person", number=person.registry_number)))
    assert "Coordination number" in text(client.get(where))
    done = client.post(where, {"number": PERSONAL, "text": "Registered in Sweden."}, follow=True)
    assert "The number is added." in text(done)
    assert types_of(person) == ["coordination", "personal"]
    assert Patient.objects.count() == 3


def test_a_refused_number_says_what_to_do(lists, person, client):
    other = factories.record(lists, PERSONAL).patient
    where = address("identifiers", number=person.registry_number)
    taken = text(client.post(where, {"number": PERSONAL, "text": "Registered."}))
    assert address("merge", number=person.registry_number, other=other.registry_number) in taken
    wrong = client.post(where, {"number": "19700101-9801", "text": "Registered."})
    assert "check the digits" in text(wrong)
    contradicts = client.post(where, {"number": OLDER, "text": "Registered."})
    assert "another year of birth" in text(contradicts)
    assert contradicts.context["form"].errors.keys() == {"despite"}
    agreed = {"number": OLDER, "text": "Registered.", "despite": "The first year was a guess."}
    client.post(where, agreed, follow=True)
    row = person.infusions.get()
    assert row.age_at_infusion == 70  # the coordination number gave the age before
    typed = factories.record(lists, "local:typed", age_at_infusion=30).patient
    where = address("identifiers", number=typed.registry_number)
    done = text(client.post(where, {"number": ANOTHER, "text": "Registered."}, follow=True))
    assert "The age no longer agrees with the number at these infusions" in done
    assert "2020-05-05" in done


def test_a_pseudonym_needs_its_centre(person, client):
    where = address("identifiers", number=person.registry_number)
    assert "Choose the centre" in text(client.post(where, {"number": "local:17", "text": "Journal."}))
    assert client.post(where, {"number": "local:17", "centre": "STO", "text": "Journal."}).status_code == 200
    assert client.post(where, {"number": "local:17", "centre": "UPP", "text": "Journal."}).status_code == 302
    assert types_of(person) == ["coordination", "local"]


@pytest.mark.usefixtures("neighbours")
def test_the_steward_replaces_and_removes_a_wrong_number(person, client):
    [stored] = person.identifiers.all()
    where = address("identifier-wrong", number=person.registry_number, identifier_id=stored.pk)
    assert where in text(client.get(address("identifiers", number=person.registry_number)))
    assert "This field is required." in text(client.post(where, {"text": "Mistyped."}))
    assert client.post(where, {"number": PERSONAL, "text": "Mistyped."}).status_code == 302
    assert types_of(person) == ["personal"]
    assert client.get(where).status_code == 404
    add_identifier(patient=person, identifier=read(ANOTHER), by=BY, reason="new", despite="another date is right")
    wrong = person.identifiers.order_by("pk").last().pk
    where = address("identifier-wrong", number=person.registry_number, identifier_id=wrong)
    assert client.post(where, {"text": "Another's."}).status_code == 302
    assert types_of(person) == ["personal"]


def test_another_persons_identifier_is_not_reached_by_its_key(lists, person, client):
    other = factories.record(lists, MAN).patient
    where = address("identifier-wrong", number=person.registry_number, identifier_id=other.identifiers.get().pk)
    assert client.get(where).status_code == 404
