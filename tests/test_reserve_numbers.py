"""Reserve numbers: each issuer's published examples, and whose number one is."""

import re
from collections import Counter

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st
from personnummer.personnummer import valid

from registry.choices import IdentifierType
from registry.identity import IdentifierUnusable, IssuerUnclear, read_identifier, read_possible
from registry.infusion_rules import check_input
from registry.models import Patient
from registry.reserve_numbers import BY_NAME, ISSUERS
from tests import factories

COUNTY = {"STO": "01", "UPP": "03", "LIN": "05", "LUN": "12", "HAL": "13", "GOT": "14", "ORE": "18", "UME": "24"}
# As HL7 Sweden's base profiles and Inera's pages print them.
EXAMPLES = {
    "national": ["22950606-FH20", "25780404-KHD5", "00342145-BZ31", "00749852-BZK0", "98240301AA06"],
    "stockholm": ["991981000010", "991945000023", "991993000032", "992004920019", "991965950320"],
    "vastra-gotaland": ["19810829M071", "19450829K088", "19930829X802", "19561110-K064", "20121212M714"],
    "varmland": ["19810829SU3A", "19450829SF2B", "19930829SX0C"],
    "carelink": ["198108320014"],
    "orebro": ["19810829TB1F"],
    "skane": ["810829DA1B", "19810829DA1B"],
    "blekinge": ["20200501-AA8A"],
    "vasternorrland": ["20100101014R"],
    "sormland": ["19600606AA1G", "18500101N123"],
    "vasterbotten": ["19810829R123", "20010203E001"],
    "dalarna": ["19810829H123"],
    "halland": ["198108320019"],
    "gavleborg": ["19810829-12K3"],
}
# Of the same formats, each with one thing wrong.
WRONG = {
    "national": [
        "22950606-FH21",
        "98240301AA07",
        "22951399FH20",
        "22950606-FI20",
        "19950606-FH20",
        "00341145-BZ31",
    ],
    "stockholm": ["991981000015", "99198100001", "99198100001A"],
    "vastra-gotaland": ["19810829M072", "19810829K071", "19811329M071", "19810230M073"],
    "varmland": ["19810829SA3A", "19811329SU3A", "19810829SU3V"],
    "carelink": ["198108320015", "198113320014", "198108600014"],
    "orebro": ["19810829TB1K", "19810231TB1F"],
    "skane": ["810829GA1B", "811329DA1B", "810829DA2B"],
    "vasternorrland": ["20100101014K", "20101301014R"],
    "vasterbotten": ["19810829B123", "19810230R123"],
    "gavleborg": ["19810829-1243", "19811329-12K3"],
}


@pytest.fixture(autouse=True)
def english():
    """The sentences, as the code has them."""
    with override("en"):
        yield


def at(centre: str, text: str):
    return read_identifier(text, centre=centre, county=COUNTY[centre])


def issuer_of(identifier) -> str:
    return identifier.canonical.split(":")[1]


def examples(of: dict[str, list[str]]):
    return [(issuer, number) for issuer, numbers in of.items() for number in numbers]


@pytest.mark.parametrize(("issuer", "number"), examples(EXAMPLES))
def test_a_published_example_is_its_issuers(issuer, number):
    for spelling in (number, number.lower(), number.replace("-", ""), f" {number[:4]} {number[4:]} "):
        identifier = at("UPP", f"{issuer}:{spelling}")
        assert issuer_of(identifier) == issuer
        assert not identifier.unconfirmed
        assert (identifier.born_on, identifier.birth_year, identifier.sex) == (None, None, None)
        assert identifier == at("STO", f"reserve-{issuer}: {spelling}")


@pytest.mark.parametrize(("issuer", "number"), examples(WRONG))
def test_a_number_that_breaks_its_issuers_format_is_refused_with_and_without_prefix(issuer, number):
    for written in (number, f"reserve-{issuer}:{number}"):
        try:
            identifier = at("UPP", written)
        except IdentifierUnusable as refused:
            assert number not in str(refused)
        else:  # an old number of the region, never read without the prefix
            assert identifier.unconfirmed
            assert (issuer, ":" in written) == ("vastra-gotaland", True)


@pytest.mark.parametrize(
    ("centre", "number", "issuer"),
    [
        ("GOT", "19450829K088", "vastra-gotaland"),
        ("UME", "19450829K088", "vasterbotten"),
        ("UPP", "19450829K088", "vastra-gotaland"),  # which the check digit says
        ("ORE", "19810829TB1F", "orebro"),
        ("LUN", "19810829DA1B", "skane"),
        ("LUN", "810829DA1B", "skane"),
        ("UPP", "810829DA1B", "skane"),
        ("HAL", "198108320014", "halland"),
        ("UPP", "198108320014", "carelink"),
        ("UPP", "991981000010", "stockholm"),
        ("GOT", "22950606FH20", "national"),
    ],
)
def test_the_centres_region_decides_whose_number_it_is(centre, number, issuer):
    assert issuer_of(at(centre, number)) == issuer


@pytest.mark.parametrize(
    ("centre", "number", "named"),
    [
        ("UPP", "19810829TB1F", {"orebro", "blekinge", "sormland"}),
        ("STO", "19810829A123", {"dalarna", "vasterbotten"}),
        ("GOT", "19600606AA1G", {"blekinge", "sormland"}),
        ("UPP", "198108320015", {"halland"}),  # or a mistyped one of the whole country's
    ],
)
def test_where_it_is_not_clear_whose_number_it_is_one_is_asked(centre, number, named):
    with pytest.raises(IssuerUnclear) as asked:
        at(centre, number)
    assert asked.value.code == "issuer_unclear"
    assert {issuer.key for issuer in asked.value.issuers} == named
    for issuer in named:
        assert f"{issuer}:" in str(asked.value)
        assert issuer_of(at(centre, f"{issuer}:{number}")) == issuer


def test_one_number_of_two_regions_is_two_persons(lists):
    for centre, county in (("UME", "24"), ("STO", "14")):
        lists.centres[centre].county_code = county
        lists.centres[centre].save()
        identifier = read_identifier("19450829K088", centre=centre, county=county)
        stated = factories.stated(lists, "local:x", centre=centre, age_at_infusion=74)
        stated.identifier = identifier
        factories.record_stated(stated)
    assert Patient.objects.count() == 2
    types = Counter(patient.identifiers.get().type for patient in Patient.objects.all())
    assert types == {IdentifierType.RESERVE_REGIONAL: 1, IdentifierType.RESERVE_VASTRA_GOTALAND: 1}


def test_a_short_number_of_skane_is_the_long_one():
    assert at("LUN", "810829DA1B").digests() == at("UPP", "skåne: 19810829-DA1B").digests()
    assert at("LUN", "810829DA1B") != at("LUN", "18810829DA1B")


@pytest.mark.parametrize(
    "prefix",
    [
        "vgr", "VGR", "vastra-gotaland", "Västra Götaland", "reserve-vastra-gotaland", "region-vastra-gotaland",
        "Region Västra_Götaland",
    ],
)  # fmt: skip
def test_a_region_may_be_named_in_many_ways(prefix):
    assert issuer_of(at("UPP", f"{prefix}: 19450829K088")) == "vastra-gotaland"


# Formats that nobody has published.


@pytest.mark.parametrize(
    ("centre", "written", "issuer"),
    [
        ("UPP", "reserve:ABCD12345678", "uppsala"),
        ("LIN", "Reserv: 19701101-ab12", "ostergotland"),
        ("STO", "reserve-uppsala:ABCD12345678", "uppsala"),
        ("STO", "kronoberg:1970110112", "kronoberg"),
        ("GOT", "reserve:19450829B123", "vastra-gotaland"),
        ("UPP", "vgr:19450829-K089", "vastra-gotaland"),
    ],
)
def test_an_unconfirmed_format_is_read_with_a_prefix_and_doubted(lists, centre, written, issuer):
    identifier = at(centre, written)
    assert (issuer_of(identifier), identifier.unconfirmed) == (issuer, True)
    stated = factories.stated(lists, age_at_infusion=50)
    stated.identifier = identifier
    [doubt] = check_input(stated)
    assert (doubt.field, doubt.code, doubt.warning) == ("patient_id", "reserve_number_unconfirmed", True)
    with pytest.raises(IdentifierUnusable):
        at(centre, written.rpartition(":")[2])


@pytest.mark.parametrize(
    ("centre", "written"),
    [
        ("UPP", "reserve:19451399K088"),
        ("UPP", "uppsala:19450231A123"),
        ("UPP", "reserve:98240301AA07"),  # a mistyped national one
        ("UPP", "reserve:991981000015"),
        ("UPP", "reserve:ANNABENGTSON"),
        ("UPP", "reserve:12345"),
        ("UPP", "reserve:"),
        ("UPP", "reserve:1234567890123"),
        ("UPP", "stockholm:ABCD12345678"),
        ("STO", "reserve:ABCD12345678"),  # not as Stockholm writes them: whose is it?
        ("UPP", "reserve-elsewhere:ABCD12345678"),
        ("UPP", "uppsala:" + factories.number()),
        ("UPP", "reserve:" + factories.number()),
        ("UPP", "reserve:" + factories.number(coordination=True)),
    ],
)
def test_a_prefix_does_not_make_a_number_of_anything(centre, written):
    with pytest.raises(IdentifierUnusable):
        at(centre, written)


CHECK_DIGIT, WHAT_TO_WRITE, NO_DAY, WHOSE = (
    "The check digit of this reserve number", "Write a personal identity", "not in the calendar",
    "Several regions have reserve numbers like this one",
)  # fmt: skip


@pytest.mark.parametrize(
    ("centre", "written", "sentence"),
    [
        ("UPP", "stockholm:991981000015", CHECK_DIGIT),
        ("STO", "stockholm:991981000011", CHECK_DIGIT),
        ("UPP", "national:98240301AA07", CHECK_DIGIT),
        ("UPP", "reserve:98240301AA07", WHOSE),
        ("GOT", "19810829M072", CHECK_DIGIT),
        ("UPP", "vgr:19810829M07", WHAT_TO_WRITE),
        ("UPP", "stockholm:ABCD12345678", WHAT_TO_WRITE),
        ("UPP", "reserve:12345", WHAT_TO_WRITE),
        ("UPP", "dalarna:19810229H123", NO_DAY),
        ("GOT", "19811329M071", NO_DAY),
        ("UPP", "19810829TB1F", WHOSE),
        ("STO", "reserve:ABCD12345678", WHOSE),
    ],
)
def test_a_refused_reserve_number_is_told_what_is_wrong_with_it(centre, written, sentence):
    with pytest.raises(IdentifierUnusable) as refused:
        at(centre, written)
    named = [one for one in (CHECK_DIGIT, WHAT_TO_WRITE, NO_DAY, WHOSE) if one in str(refused.value)]
    assert named == [sentence]


def test_whose_number_it_may_be_is_named_or_else_how_a_region_is_written():
    for centre, written, expected in (
        ("UPP", "19600606AA1G", {"blekinge:", "sormland:"}),
        ("STO", "reserve:ABCD12345678", {"uppsala:", "kalmar:"}),
    ):
        with pytest.raises(IssuerUnclear) as asked:
            at(centre, written)
        named = str(asked.value).rpartition(" as ")[2]
        assert {word.strip(",.") for word in named.split() if ":" in word} == expected


def test_a_short_number_of_another_region_is_left_as_it_is():
    """Only Skåne writes one number with and without its century."""
    for region in ("kronoberg", "kalmar", "uppsala"):
        assert at("UPP", f"{region}:1970110112").canonical == f"reserve:{region}:1970110112"
    assert at("LUN", "210829DA1B") == at("LUN", "20210829DA1B")
    assert at("LUN", "810829DA1B") == at("LUN", "19810829DA1B")


@pytest.mark.parametrize(
    "text",
    [
        "197O0615-9805", "1970o615-9805", "l9700615-9805", "I9700615-9805", "1970061S-9805", "19700615-9B05",
        "19700615-980S", "19700615-98O5", "Z9700615-9805", "197006l59805", "19700G15-9805", "7OO615-9805",
        "19700615-q805",
    ],
)  # fmt: skip
@pytest.mark.parametrize("centre", ["UPP", "GOT", "LUN", "STO"])
def test_a_letter_typed_for_a_digit_is_named(text, centre):
    with pytest.raises(IdentifierUnusable) as refused:
        at(centre, text)
    assert "letter where a personal identity number has a digit" in str(refused.value)


@pytest.mark.parametrize("birth", ["19700615", "19851212", "20010915", "1944-04-04", "20040302-"])
@pytest.mark.parametrize("letter", ["g", "q"])
def test_a_letter_that_makes_the_own_regions_number_of_a_personal_number_is_named(birth, letter):
    """Dalarna writes a letter there: those whose check digit is right as a personal number's are asked about."""
    named = set()
    lasts = [f"{rest}" for rest in range(800, 1000)]
    for last in lasts:
        written = f"{birth}{letter}{last}"
        assert issuer_of(read_identifier(f"reserve: {written}", centre="X", county="20")) == "dalarna"
        try:
            assert issuer_of(read_identifier(written, centre="X", county="20")) == "dalarna"
        except IdentifierUnusable as refused:
            named.add(last)
            assert "letter where a personal identity number has a digit" in str(refused)
            assert "write it as reserve:" in str(refused)
    assert named == {last for last in lasts if valid(f"{birth.replace('-', '')}9{last}")}
    assert len(named) == 20


@pytest.mark.parametrize(
    "name", ["ANNABENGTSON", "Anna Bengtsson", "Bo", "Åsa-Märta Öberg", "O'Neill", "Bengtsson, A."]
)
def test_a_name_is_not_a_number(name):
    with pytest.raises(IdentifierUnusable) as refused:
        at("UPP", name)
    assert "This is a name, not a number" in str(refused.value)


def test_where_the_centre_is_not_known_all_that_a_number_may_be_is_looked_for():
    centres = list(COUNTY.items())
    named = {issuer_of(one) for one in read_possible("19810829TB1F", centres=centres)}
    assert named == {"orebro", "blekinge", "sormland"}
    assert {issuer_of(one) for one in read_possible("19450829K088", centres=centres)} == {
        "vastra-gotaland",
        "vasterbotten",
    }
    assert len(read_possible(factories.number(), centres=centres)) == 1
    unpublished = {issuer_of(one) for one in read_possible("reserve:ABCD12345678", centres=centres)}
    assert unpublished == {"uppsala", "ostergotland"}
    assert len(read_possible("local:17", centres=centres)) == len(centres)


def test_every_region_is_an_issuer_once_and_every_format_has_a_source():
    counties = [issuer.county for issuer in ISSUERS if issuer.county]
    assert len(counties) == len(set(counties)) == 21
    assert all(re.fullmatch(r"[a-z-]+", name) for name in BY_NAME)
    assert len(BY_NAME) == sum(1 + len(issuer.aliases) for issuer in ISSUERS)
    assert all(each.source for issuer in ISSUERS for each in issuer.formats)


WRITTEN = st.tuples(
    st.sampled_from(["", "", "reserve:", "vgr:", "local:", "Region Skåne: ", "uppsala:"]),
    st.sampled_from([number for _issuer, number in examples(EXAMPLES)] + [factories.number(), "ANNABENGTSON"]),
    st.lists(st.tuples(st.integers(0, 13), st.sampled_from("0189OlSKTX-+. \u00ad\u200b１²Å\x00:")), max_size=3),
)


@given(WRITTEN, st.sampled_from(sorted(COUNTY)))
def test_whatever_is_written_is_a_number_or_refused_without_repeating_it(written, centre):
    prefix, number, changes = written
    for place, char in changes:
        number = number[:place] + char + number[place + place % 2 :]
    digits = "".join(char for char in number if char.isdigit())
    try:
        identifier = at(centre, prefix + number)
    except IdentifierUnusable as refused:
        assert len(digits) < 5 or digits not in str(refused)
    else:
        assert identifier.canonical.isprintable()
        assert at(centre, f"\u200e{prefix}{number} ") == identifier
