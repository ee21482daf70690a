"""What is typed in the place of a number is named for what it is, in every way, and never repeated."""

from datetime import date

import pytest
from django.utils.translation import override

from registry.identity import IdentifierUnusable, read_identifier
from registry.models import Patient
from tests import factories
from tests.test_identifier_ways import by_file, by_form, by_interface, nurse, told  # noqa: F401

WOMAN = factories.number(date(1970, 6, 15), 980)
MAIL, PHONE, REGISTRY, DATE, LETTER, NAME, DIGITS = (
    "e-mail address", "telephone", "registry number", "date of birth alone", "letter where", "a name",
    "check the digits",
)  # fmt: skip
LOOK_ALIKES = {
    "anna.b@region.example": MAIL, "070-123 45 67": PHONE, "+46 70 123 45 67": PHONE, "018-611 00 00": PHONE,
    "98": REGISTRY, "970 098": REGISTRY, "19700615": DATE, "700615": DATE, "1970-06-15": DATE,
    "19700615-": DATE, "19700615-XXXX": DATE, "700615-****": DATE, "Anna Bengtsson": NAME,
    "19700615-98O5": LETTER, "19700615-q805": LETTER, "l9700615-9805": LETTER, "556016-0680": DIGITS,
}  # fmt: skip


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_what_is_no_number_is_named(text):
    with override("en"), pytest.raises(IdentifierUnusable) as refused:
        read_identifier(text, centre="UPP", county="03")
    assert LOOK_ALIKES[text] in str(refused.value)
    assert text not in str(refused.value)
    with override("sv"), pytest.raises(IdentifierUnusable) as refused:
        read_identifier(text, centre="UPP", county="03")
    assert LOOK_ALIKES[text] not in str(refused.value)


COORDINATION = factories.number(date(1970, 6, 15), 980, coordination=True)
LETTERS = {"0": "OoQD", "1": "lIiL", "2": "Zz", "5": "Ss", "6": "Gb", "8": "B", "9": "gq"}


@pytest.mark.parametrize("number", [WOMAN, COORDINATION, WOMAN[2:], WOMAN.replace("-", "")])
@pytest.mark.parametrize("county", ["01", "03", "05", "12", "14", "18", "24"])
def test_a_letter_for_any_one_digit_is_named_at_each_centre(number, county):
    tried = 0
    for place, digit in enumerate(number):
        for letter in LETTERS.get(digit, ""):
            tried += 1
            with override("en"), pytest.raises(IdentifierUnusable) as refused:
                read_identifier(number[:place] + letter + number[place + 1 :], centre="X", county=county)
            assert LETTER in str(refused.value), (place, letter)
    assert tried > 10


@pytest.mark.parametrize("way", [by_form, by_interface, by_file])
def test_none_of_them_is_stored(way, nurse, manage, tmp_path):  # noqa: F811
    for text in ("070-123 45 67", "19700615", "98", "anna.b@region.example"):
        assert told(way, text, nurse, manage, tmp_path) == {"identifier_invalid"}
    assert not Patient.objects.exists()


@pytest.mark.parametrize("around", ["({})", "[{}]", "<{}>", "«{}»"])
def test_brackets_around_a_number_are_no_part_of_it(around):
    assert read_identifier(around.format(WOMAN), centre="UPP") == read_identifier(WOMAN, centre="UPP")
