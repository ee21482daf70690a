"""Populations: those that are shipped add up, a region is made of its parts, and a file is all or nothing."""

import pytest

from registry.areas import AREAS, MUNICIPALITIES, REGION_PARTS
from registry.choices import County, HealthcareRegion
from registry.models import Population, Snapshot
from registry.national_lists.population_rows import PERSONS, SOURCE, YEAR
from registry.publishing.populations import read_populations
from registry.publishing.publish import publish
from tests.admin_browser import form_of, page, sign_in

pytestmark = pytest.mark.django_db

# What Statistics Sweden published of the country for the year; of Halland as its region printed it.
NATION, HALLAND = 10_551_707, 343_746
HEAD = "area,year,persons,source\n"


def state(year=2023, **persons) -> None:
    Population.objects.bulk_create(
        Population(area=area.removeprefix("a"), year=year, persons=number, source=f"SCB {year}")
        for area, number in persons.items()
    )


@pytest.fixture
def load(manage, tmp_path):
    def run(text: str, encoding="utf-8") -> tuple[int, str, str]:
        (tmp_path / "populations.csv").write_bytes(text.encode(encoding))
        return manage("load_populations", str(tmp_path / "populations.csv"))

    return run


def test_the_counties_that_are_shipped_add_up_to_the_country_and_the_municipalities_to_halland():
    assert set(PERSONS) == {code for code, _name in AREAS}
    assert sum(PERSONS[county] for county in County.values) == PERSONS["00"] == NATION
    assert sum(PERSONS[code] for code in MUNICIPALITIES) == PERSONS[County.HALLAND] == HALLAND
    assert str(YEAR) in SOURCE


def test_every_county_is_in_one_region_and_halland_in_two_by_municipality():
    parts = [part for parts in REGION_PARTS.values() for part in parts]
    assert set(REGION_PARTS) == set(HealthcareRegion)
    assert sorted(parts) == sorted({*County.values, *MUNICIPALITIES} - {County.HALLAND})
    western = {MUNICIPALITIES[part] for part in REGION_PARTS[HealthcareRegion.WESTERN] if part in MUNICIPALITIES}
    southern = {MUNICIPALITIES[part] for part in REGION_PARTS[HealthcareRegion.SOUTHERN] if part in MUNICIPALITIES}
    assert western == {"Kungsbacka", "Varberg", "Falkenberg"}
    assert southern == {"Halmstad", "Hylte", "Laholm"}


def test_a_snapshot_holds_the_country_the_regions_and_the_counties(lists, manage):
    manage("load_code_lists")
    publish()
    rows = Snapshot.objects.get().code_lists["populations"]
    told = {(row["level"], row["area"]): row["persons"] for row in rows}
    assert len(told) == len(rows) == 1 + 6 + 21
    assert told["nation", "00"] == NATION == sum(told["region", region] for region in HealthcareRegion)
    # By hand: 1,767,016 + 47,108 + 85,653 + 68,325, and 203,686 + 157,973 + 1,421,781 + 105,796 + 10,299 + 26,565.
    assert (told["region", "Västra"], told["region", "Södra"]) == (1_968_102, 1_926_100)
    assert told["county", "13"] == HALLAND
    assert {(row["year"], row["source"]) for row in rows} == {(2023, SOURCE)}


def test_an_older_snapshot_keeps_the_populations_that_it_was_built_with(lists):
    state(a03=100)
    publish()
    Population.objects.update(persons=200)
    publish()
    persons = [one.code_lists["populations"][0]["persons"] for one in Snapshot.objects.order_by("number")]
    assert persons == [100, 200]


def test_a_region_of_which_a_part_is_missing_has_no_population(db):
    state(a01=2_000_000)
    assert [row["area"] for row in read_populations()] == ["01"]
    state(a09=60_000)
    assert [(row["area"], row["persons"]) for row in read_populations() if row["level"] == "region"] == [
        ("Stockholm–Gotland", 2_060_000)
    ]


def test_a_file_is_stored_changed_and_recognised(load, db):
    code, out, err = load(HEAD + "03,2024,400 000,SCB\n\n1384,2024,85653,SCB\n")
    assert (code, out, err) == (0, "populations: 2 stored, 0 changed, 0 already there\n", "")
    _code, out, _err = load("\ufeffyear;area;persons;source\r\n2024;03;400001;SCB\r\n2024;1384;85653;SCB")
    assert out == "populations: 0 stored, 1 changed, 1 already there\n"
    assert list(Population.objects.values_list("area", "persons")) == [("03", 400_001), ("1384", 85_653)]
    history = Population.pgh_event_model.objects.values_list("acted_by", "reason")
    assert set(history) == {("operator", "populations")}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("03,2024,388394\n", "line 2: it has 3 columns, not 4."),
        ("02,2024,5,SCB\n", "line 2, area: Value '02' is not a valid choice."),
        ("03,2024,many,SCB\n", "line 2, persons: “many” value must be an integer."),
        ("03,2024,0,SCB\n", "line 2, persons: Ensure this value is greater than or equal to 1."),
        ("03,1024,5,SCB\n", "line 2, year: Ensure this value is greater than or equal to 1900."),
        ("03,2024,5,\n", "line 2, source: This field cannot be blank."),
        ("03,2024,5,19700101-9806\n", "line 2, source: This looks like an identity number."),
    ],
)
def test_a_file_with_a_wrong_line_stores_nothing_and_says_which(load, db, lines, said):
    code, out, err = load(HEAD + lines + "03,2024,388394,SCB\n")
    assert (code, out) == (2, "")
    assert said in err
    assert not Population.objects.exists()


def test_a_file_without_its_columns_is_refused(load, db):
    assert load("area,year\n03,2024\n")[0] == 2
    assert load("", "utf-16")[0] == 2
    assert load(HEAD + "03,2024,5,Källa\n", "latin-1")[0] == 2


def test_parts_that_do_not_add_up_are_refused(load, db):
    parts = "".join(f"{area},2024,{persons},SCB\n" for area, persons in PERSONS.items())
    assert load(HEAD + parts)[0] == 0
    code, _out, err = load(HEAD + f"03,2024,{PERSONS['03'] + 1},SCB\n")
    assert code == 2
    assert "2024: the parts of Sverige (00) add up to 10551708, not 10551707." in err
    code, _out, err = load(HEAD + "1384,2024,85654,SCB\n")
    assert code == 2
    assert "the parts of Halland (13) add up to 343747, not 343746." in err
    assert Population.objects.get(area="03").persons == PERSONS["03"]


def test_a_new_year_is_entered_in_the_administration(lists):
    client = sign_in()
    sent = {"area": "03", "year": "2024", "persons": "408211", "source": "SCB"}
    assert client.post(page(Population, "add"), sent).status_code == 302
    row = Population.objects.get()
    assert (row.area, row.year, row.persons) == ("03", 2024, 408_211)
    again = client.post(page(Population, "add"), sent)
    assert again.status_code == 200
    assert "Population with this Area and Year already exists." in again.content.decode()
    address = page(Population, "change", row.pk)
    assert client.post(address, form_of(client, address) | {"persons": "5"}).status_code == 200  # without a reason
    assert client.post(address, form_of(client, address) | {"persons": "5", "reason": "typo"}).status_code == 302
    assert Population.objects.get().persons == 5
