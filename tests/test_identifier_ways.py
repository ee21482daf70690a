"""What a number is doubted or refused for stands in the form, in a file's report and in the interface alike."""

from datetime import date

import pytest
from django.test import Client

from registry.models import Centre, Infusion, Patient
from tests import factories
from tests.calling import Program
from tests.exchange_files import import_row

ROW = {
    "centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0", "infused_on": "2020-05-05",
    "age_at_infusion": "50",
}  # fmt: skip
INFANT = factories.number(date(2019, 6, 15), 980)[2:]
NUMBER = factories.number()
DOUBTED = {
    "reserve:19700615AB12": "reserve_number_unconfirmed",
    "uppsala:ABCD12345678": "reserve_number_unconfirmed",
    INFANT: "century_doubted",
}
REFUSED = {
    "19810829TB1F": "issuer_unclear",
    "19810829A123": "issuer_unclear",
    "19451399K088": "identifier_invalid",
    "ANNABENGTSON": "identifier_invalid",
    factories.made_wrong(NUMBER): "identifier_invalid",
    NUMBER.replace("1", "l", 1): "identifier_invalid",
}


@pytest.fixture
def nurse(lists):
    """A reporter of Uppsala, in the county of Uppsala."""
    Centre.objects.filter(code="UPP").update(county_code="03")
    return factories.user("nurse", lists.centres["UPP"])


def by_form(row, nurse, **_others) -> set[str]:
    client = Client()
    client.force_login(nurse)
    answer = client.post("/en/clinic/infusions/new", row | {"do": "submit"})
    refused = {error.code for errors in answer.context["form"].errors.as_data().values() for error in errors}
    proposal = answer.context["proposal"]
    doubted = {warning.code for warning in proposal.warnings} if proposal else set()
    return {code for code in refused if code} | doubted


def by_interface(row, nurse, **_others) -> set[str]:
    answer = Program(nurse).call("POST", "infusions", row | {"age_at_infusion": row["age_at_infusion"] or None})
    told = answer.json()
    return {one["code"] for one in told.get("warnings", told.get("errors", []))}


def by_file(row, manage, tmp_path, **_others) -> set[str]:
    _code, out = import_row(row, manage, tmp_path)
    return {code for code in {*DOUBTED.values(), *REFUSED.values()} if f"{code}:" in out}


def told(way, number: str, nurse, manage, tmp_path) -> set[str]:
    row = ROW | {"patient_id": number, "age_at_infusion": "" if number == INFANT else "50"}
    return way(row, nurse=nurse, manage=manage, tmp_path=tmp_path)


@pytest.mark.parametrize("way", [by_form, by_interface, by_file])
@pytest.mark.parametrize("number", DOUBTED)
def test_a_doubted_number_is_named_and_can_be_stored(number, way, nurse, manage, tmp_path):
    assert DOUBTED[number] in told(way, number, nurse, manage, tmp_path)
    assert Infusion.objects.count() == (0 if way is by_form else 1)  # the form asks first


@pytest.mark.parametrize("way", [by_form, by_interface, by_file])
@pytest.mark.parametrize("number", REFUSED)
def test_a_refused_number_is_named_and_nobody_is_stored(number, way, nurse, manage, tmp_path):
    assert REFUSED[number] in told(way, number, nurse, manage, tmp_path)
    assert not Patient.objects.exists()


def test_the_same_number_is_one_person_in_every_way_and_spelling(nurse, manage, tmp_path):
    spellings = ["reserve:19700615AB12", "uppsala: 19700615-ab12", "Reserve-Uppsala:19700615 AB12"]
    for year, (way, number) in enumerate(zip([by_interface, by_file, by_file], spellings, strict=True), 2020):
        kind = "first" if year == 2020 else "reinfusion"
        row = ROW | {"patient_id": number, "infused_on": f"{year}-05-05", "kind": kind}
        way(row | {"age_at_infusion": str(year - 1970)}, nurse=nurse, manage=manage, tmp_path=tmp_path)
    assert (Patient.objects.count(), Infusion.objects.count()) == (1, 3)


MOVES = {
    # The counties where the centre was and is, a number that both regions write, and what to write before it.
    "of published formats": ("04", "10", "19810829TB1F", {"sormland:", "blekinge:"}),
    "to an unpublished format": ("04", "03", "reserve:19810829TB1F", {"sormland:", "uppsala:"}),
    "of unpublished formats": ("08", "03", "reserve:19810829AB12", {"kalmar:", "uppsala:"}),
}


@pytest.mark.parametrize("way", [by_form, by_interface, by_file])
@pytest.mark.parametrize("move", MOVES)
def test_a_number_of_the_region_where_the_centre_was_before_is_asked_about(move, way, lists, manage, tmp_path):
    before, after, number, issuers = MOVES[move]
    centre = Centre.objects.create(
        code="NEW", name="N", city_sv="N", city_en="N", county="N", county_code=before, region="Mellansverige",
        latitude=60, longitude=15, status="active", position=90,
    )  # fmt: skip
    nurse = factories.user("nurse", centre)

    def tell(way, number: str) -> set[str]:
        row = ROW | {"centre": "NEW", "patient_id": number, "age_at_infusion": "50"}
        return way(row, nurse=nurse, manage=manage, tmp_path=tmp_path) & {"issuer_unclear", "identifier_invalid"}

    with factories.rolled_back():
        assert tell(by_interface, number) == set() and Patient.objects.exists(), "one region alone is meant"
    Centre.objects.filter(code="NEW").update(county_code=after)
    assert tell(way, number) == {"issuer_unclear"}
    assert not Patient.objects.exists()
    for issuer in issuers:
        with factories.rolled_back():
            assert tell(by_interface, issuer + number.rpartition(":")[2]) == set()
            assert Patient.objects.count() == 1
