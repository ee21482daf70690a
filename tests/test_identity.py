"""Identity numbers: which are read, as whom, by which digest; and that none is ever shown."""

import hashlib
import hmac
import traceback
from datetime import date, timedelta

import pytest
from django.utils.translation import override
from hypothesis import example, given, settings
from hypothesis import strategies as st
from personnummer.personnummer import Personnummer, PersonnummerException

from registry import identity, infusion_rules
from registry.access import Operator
from registry.choices import IdentifierType, Sex
from registry.dates import today
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.lookup import PatientRefused
from registry.identity import IdentifierUnusable, is_local, may_be_identifier, read_identifier, read_possible
from registry.identity_keys import key_ids
from registry.keyed_digests import (
    Identifier,
    SealedIdentifier,
    carry_birth_digest,
    refusal_token,
    refusal_tokens,
    seal_mark,
)
from registry.models import Patient, PatientIdentifier, Refusal
from registry.sealing import lookup_tokens, mark_name
from tests import factories

KEYS = {name: bytes([place]) * 32 for place, name in enumerate(("2024", "2025", "2026"), start=1)}
WOMAN, MAN = factories.number(date(1970, 6, 15), 980), factories.number(date(1970, 6, 15), 981)


def read(text: str, centre: str = "UPP") -> Identifier:
    return read_identifier(text, centre=centre)


def digests(text: str, centre: str = "UPP") -> list:
    return read(text, centre).digests()


def with_check_digit(digits: str) -> str:
    """YYYYMMDD-NNNC from YYYYMMDDNNN, whatever calendar says of it."""
    return f"{digits[:8]}-{digits[8:]}{factories.check_digit(digits[2:])}"


@given(
    st.dates(date(1927, 1, 1), date(2025, 12, 31)),
    st.integers(980, 999),
    st.booleans(),
)
@example(date(1999, 12, 31), 983, False)
@example(date(2000, 1, 1), 980, False)
@example(date(2000, 2, 29), 999, True)
def test_a_number_is_the_same_person_in_every_spelling(born_on, birth_number, coordination):
    long = factories.number(born_on, birth_number, coordination=coordination)
    expected = read(long)
    assert expected.born_on == born_on
    assert expected.sex == (Sex.MALE if birth_number % 2 else Sex.FEMALE)
    assert expected.type == (IdentifierType.COORDINATION if coordination else IdentifierType.PERSONAL)
    short = long[2:]
    hundred = infusion_rules.today().year - born_on.year >= 100
    short = short.replace("-", "+") if hundred else short
    spellings = [long, long.replace("-", ""), short, f" {long} ", long.replace("-", " -")]
    if not hundred:
        spellings.append(short.replace("-", ""))
    for spelling in spellings:
        assert read(spelling) == expected
        assert read(spelling).digests() == expected.digests()


@st.composite
def twelve_digits(draw) -> str:
    """Digits in the shape of a number, most with a right check digit, many of a day that there is not."""
    year, month, day = draw(st.integers(1879, 2030)), draw(st.integers(0, 13)), draw(st.integers(0, 99))
    born = draw(st.dates(date(1880, 1, 1), date(2026, 6, 1)))
    written = draw(st.sampled_from([f"{year}{month:02}{day:02}", f"{born:%Y%m%d}", f"{born:%Y%m}{born.day + 60}"]))
    digits = written + draw(st.sampled_from(["000", "001", "980", "999"]))
    return digits + str((factories.check_digit(digits[2:]) + draw(st.sampled_from([0, 0, 0, 1, 9]))) % 10)


@settings(max_examples=2_000)
@given(twelve_digits(), st.sampled_from(["", "-", "+"]))
@example("200002290017", "-")
@example("190002290016", "")
@example("197006750001", "-")
def test_numbers_and_their_dates_are_those_of_another_reader(digits, sign):
    """The package `personnummer` knows no unknown day or month, and reads nothing but numbers of persons."""
    for written in (digits, digits[2:8] + sign + digits[8:]):
        try:
            born_on = Personnummer(written).get_date()
        except PersonnummerException:
            born_on = None
        if born_on and (born_on > today() or born_on.year < 1880):
            continue  # refused by rules of the registry's own
        try:
            found = read(written)
        except IdentifierUnusable:
            assert born_on is None
        else:
            assert found.born_on == born_on
            if born_on:
                assert found.type in {IdentifierType.PERSONAL, IdentifierType.COORDINATION}
                assert found.canonical == f"person:{born_on.year}{digits[4:]}"


def test_a_plus_says_that_the_person_is_a_hundred_or_more():
    old = factories.number(date(1920, 1, 1), 980)
    young = factories.number(date(2020, 1, 1), 980)
    assert read("20" + "0101+980" + old[-1]) == read(old)
    assert read("200101-980" + young[-1]) == read(young)
    assert digests(old) != digests(young)


def test_those_born_in_1999_are_read_by_their_short_number():
    number = factories.number(date(1999, 12, 31), 983)
    assert number.startswith("19991231-983")
    for short in (number[2:], number[2:].replace("-", "")):
        assert read(short).born_on == date(1999, 12, 31)
        assert read(short).type == IdentifierType.PERSONAL
        assert digests(short) == digests(number)


def test_two_persons_have_different_digests():
    every = [factories.nth_number(place) for place in range(60)]
    every += [factories.number(coordination=True), "local:1", "991981000010", "19810829M071", "22950606FH20"]
    found = {digest for text in every for _key, digest in digests(text)}
    assert len(found) == len(every)


@pytest.mark.parametrize(
    "text",
    [
        factories.made_wrong(WOMAN),
        factories.made_wrong(WOMAN).replace("-", ""),
        factories.made_wrong(WOMAN)[2:],
        with_check_digit("19700230980"),
        with_check_digit("19701301980"),
        with_check_digit("19700100980"),
        with_check_digit("19701360980"),  # month 13 with a day that is not known
        with_check_digit("19700092980"),  # day 32 of a month that is not known
        with_check_digit("19700091000"),  # the birth number of nobody
        with_check_digit("19700192980"),  # day 32, as a coordination number
        with_check_digit("20230229980"),
        "19700615-000" + str(factories.check_digit("700615000")),
        "",
        "-",
        "local:",
        "local:a b",
        "local:" + "a" * 65,
        "nobody",
        "197006159",
        "19700615-980",
        "19700615--9805",
        "1970061598051",
        "19700615-9805-1",
        "1970--06-15-9805",
    ],
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(IdentifierUnusable) as refused:
        read(text)
    assert refused.value.code == "identifier_invalid"


LETTER, NO_DAY, WHAT = "letter where", "not in the calendar", "Write a personal identity"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        # A letter O in a number is named where the rest can be a date: a day of birth, plus sixty, or unknown.
        ("19700675-98O5", LETTER), ("19700631-98O5", LETTER), ("19700661-98O5", LETTER), ("19700660-98O5", LETTER),
        ("19700691-98O5", LETTER), ("19701215-98O5", LETTER), ("19700075-98O5", LETTER), ("19700601-98O5", LETTER),
        ("19700645-98O5", WHAT), ("19701306-98O5", WHAT), ("19700692-98O5", WHAT), ("19700632-98O5", WHAT),
        ("19700600-98O5", WHAT),
        # A reserve number's date.
        ("19450231K088", NO_DAY), ("19450231M071", NO_DAY), ("ABCDEFGHIJ12", WHAT), ("99198100001X", WHAT),
        # Digits alone have no letter among them, with however many marks.
        ("1970--06-15-9805", WHAT), ("1970/06//15-9805", WHAT),
    ],
)  # fmt: skip
def test_a_refusal_says_what_is_wrong(text, sentence):
    with override("en"), pytest.raises(IdentifierUnusable) as refused:
        read_identifier(text, centre="UPP", county="03")
    assert [one for one in (LETTER, NO_DAY, WHAT) if one in str(refused.value)] == [sentence]


@pytest.mark.parametrize("text", ['reserve:"991981000010"', "reserve: (991981000010)", "[reserve:991981000010]"])
def test_marks_around_a_reserve_number_are_no_part_of_it(text):
    assert read(text) == read("991981000010")


def test_a_birth_in_the_future_is_refused():
    today = date.today()
    assert read(factories.number(today, 980)).born_on == today
    for born_on in (today + timedelta(days=1), date(today.year + 5, 1, 1)):
        with pytest.raises(IdentifierUnusable):
            read(factories.number(born_on, 980))


def test_a_birth_in_a_month_to_come_is_refused_though_its_day_is_not_known():
    today = date.today()
    year, month = divmod(today.year * 12 + today.month, 12)  # the next one
    for born in (f"{year}{month + 1:02}60", f"{today.year + 1}0060", f"{today.year + 1}0161"):
        with override("en"), pytest.raises(IdentifierUnusable) as refused:
            read(f"{born}980{factories.check_digit(born[2:] + '980')}")
        assert "a date of birth in the future" in str(refused.value)
    born = f"{today:%Y%m}60"
    assert read(f"{born}980{factories.check_digit(born[2:] + '980')}").birth_year == today.year


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2027, 11, 1), date(2028, 2, 29)])
def test_one_born_this_month_on_a_day_not_known_is_read_on_every_day_of_it(monkeypatch, today):
    """Also of a month not known: of this year, it may be any that has begun."""
    monkeypatch.setattr(identity, "today", lambda: today)
    months = range(today.month + 1)
    for month in months:
        born = f"{today.year}{month:02}60"
        known = read(f"{born}-980{factories.check_digit(born[2:] + '980')}")
        assert (known.birth_year, known.born_on) == (today.year, None)
        assert known.type == IdentifierType.COORDINATION
    born = f"{today.year}{today.month + 1:02}60"
    with pytest.raises(IdentifierUnusable):
        read(f"{born}-980{factories.check_digit(born[2:] + '980')}")


def test_a_short_number_of_a_day_to_come_may_be_a_persons_of_a_hundred(monkeypatch):
    """Who wrote ten digits is told how to write the century, who wrote twelve has written it."""
    monkeypatch.setattr(identity, "today", lambda: date(2026, 6, 15))
    tomorrow = factories.number(date(2026, 6, 16), 980)
    for text, is_told in ((tomorrow[2:], True), (tomorrow[2:].replace("-", ""), True), (tomorrow, False)):
        with override("en"), pytest.raises(IdentifierUnusable) as refused:
            read(text)
        assert "a date of birth in the future" in str(refused.value)
        assert ("write + or all four digits of the year" in str(refused.value)) == is_told
    old = factories.number(date(1926, 6, 16), 980)
    assert read(old[2:].replace("-", "+")) == read(old)
    assert read(factories.number(date(2026, 6, 15), 980)[2:]).born_on == date(2026, 6, 15)


def test_a_plus_beside_a_year_less_than_a_hundred_ago_is_refused(monkeypatch):
    monkeypatch.setattr(identity, "today", lambda: date(2026, 6, 15))
    for born_on in (date(1925, 12, 31), date(1926, 1, 1), date(1926, 12, 31)):
        number = factories.number(born_on, 981)
        assert read(number.replace("-", "+")) == read(number)
    for born_on in (date(1927, 1, 1), date(1970, 6, 15), date(2026, 6, 15)):
        with override("en"), pytest.raises(IdentifierUnusable) as refused:
            read(factories.number(born_on, 981).replace("-", "+"))
        assert "The + means a hundred years or more" in str(refused.value)


@pytest.mark.parametrize("birth", ["19700660", "19700060", "19700091", "19701260", "18800060"])
@pytest.mark.parametrize("birth_number", [980, 981, 999])
def test_a_coordination_number_may_leave_month_or_day_open(birth, birth_number):
    """Skatteverket: 60 for a day that is not known, 00 for a month."""
    digits = f"{birth[2:]}{birth_number}"
    right = factories.check_digit(digits)
    for check in range(10):
        text = f"{birth}-{birth_number}{check}"
        if check != right:
            with override("en"), pytest.raises(IdentifierUnusable) as refused:
                read(text)
            assert "check the digits" in str(refused.value)
            continue
        known = read(text)
        assert (known.type, known.born_on, known.birth_year) == (
            IdentifierType.COORDINATION, None, int(birth[:4])
        )  # fmt: skip
        assert known.sex == (Sex.MALE if birth_number % 2 else Sex.FEMALE)
        assert digests(text) == digests(text.replace("-", ""))


def test_a_birth_before_1880_is_refused():
    assert read(factories.number(date(1880, 1, 1), 980)).born_on == date(1880, 1, 1)
    for born_on in (date(1879, 12, 31), date(1800, 1, 1)):
        with pytest.raises(IdentifierUnusable):
            read(factories.number(born_on, 980))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("991981000010", IdentifierType.RESERVE_STOCKHOLM),
        ("19450829K088", IdentifierType.RESERVE_VASTRA_GOTALAND),
        ("19450829-k088", IdentifierType.RESERVE_VASTRA_GOTALAND),
        ("22950606FH20", IdentifierType.RESERVE_NATIONAL),
        ("reserve:991981000010", IdentifierType.RESERVE_STOCKHOLM),
        ("Reserv: 22950606-FH20", IdentifierType.RESERVE_NATIONAL),
        ("198108320014", IdentifierType.RESERVE_REGIONAL),
        ("local:A-1", IdentifierType.LOCAL),
    ],
)
def test_other_identifiers_are_typed_and_tell_nothing_of_the_person(text, kind):
    identifier = read(text)
    assert identifier.type == kind
    assert identifier.born_on is None
    assert identifier.sex is None
    assert identifier.century_written, "nothing in it was inferred"


def test_a_reserve_number_is_the_same_in_every_centre_and_spelling():
    assert digests("19450829k088", "UPP") == digests(" 19450829-K088 ", "STO")
    assert digests("reserve:991981000010", "UPP") == digests("991981000010", "STO")


def test_a_pseudonym_never_links_across_centres():
    assert digests("local:17", "UPP") == digests("LOCAL: 17", "UPP")
    assert digests("local:17", "UPP") != digests("local:17", "STO")
    # Nor can one centre spell another's.
    with pytest.raises(IdentifierUnusable):
        read("local:UPP:A", "STO")


def test_a_pseudonym_of_digits_is_not_the_number_of_the_same_digits():
    assert digests("local:" + WOMAN) != digests(WOMAN)


# Keys are replaced; persons are found all the same.


def put_in_front(settings, *names: str) -> None:
    """The keys in use, the newest first."""
    settings.IDENTITY_KEYS = {name: KEYS[name] for name in names}


def test_a_digest_is_keyed(settings):
    put_in_front(settings, "2024")
    [(key_id, digest)] = digests(WOMAN)
    assert (key_id, len(digest)) == ("2024", 32)
    put_in_front(settings, "2025")
    assert digests(WOMAN)[0][1] != digest


def test_a_person_is_found_after_every_change_of_keys(lists, settings):
    put_in_front(settings, "2024")
    old = factories.record(lists, WOMAN).patient
    put_in_front(settings, "2025", "2024")
    assert factories.find_person(read(WOMAN)) == old
    newer = factories.record(lists, MAN).patient
    put_in_front(settings, "2026", "2025", "2024")
    again = factories.record(lists, WOMAN, infused_on="2021-05-05", kind="reinfusion").patient
    assert again == old
    assert factories.find_person(read(MAN)) == newer
    assert set(PatientIdentifier.objects.values_list("key_id", flat=True)) == {"2024", "2025"}
    assert factories.find_person(read(factories.nth_number(7))) is None


def test_one_who_refused_is_known_after_a_change_of_keys(lists, settings):
    put_in_front(settings, "2024")
    patient = factories.record(lists, WOMAN).patient
    erase_patient(patient=patient, by=Operator(), reason="asked for it")
    put_in_front(settings, "2025", "2024")
    with pytest.raises(PatientRefused):
        factories.record(lists, WOMAN)
    factories.record(lists, MAN)
    assert Patient.objects.count() == 1


def test_what_stays_of_one_who_refused_is_not_the_digest(lists):
    patient = factories.record(lists, WOMAN).patient
    erase_patient(patient=patient, by=Operator(), reason="asked for it")
    token = bytes(Refusal.objects.get().token)
    assert token not in {digest for _key, digest in digests(WOMAN)}
    assert len(token) == 32


# The chain of keys, beside one worked out here.

YEARS = ("2024", "2025", "2026")


def chained(message: bytes, *years: str) -> bytes:
    for year in years:
        message = hmac.new(KEYS[year], message, hashlib.sha256).digest()
    return message


def test_each_key_digests_what_the_one_before_it_has(settings):
    put_in_front(settings, *reversed(YEARS))
    assert key_ids() == list(YEARS)
    person, birth = f"person:{WOMAN.replace('-', '')}".encode(), b"birth-date:1970-06-15"
    assert digests(WOMAN) == [(year, chained(person, *YEARS[: place + 1])) for place, year in enumerate(YEARS)]
    assert read(WOMAN).birth_digest() == chained(birth, *YEARS)
    assert read(MAN).birth_digest() == read(WOMAN).birth_digest() != read(factories.number()).birth_digest()
    assert read("local:1").birth_digest() is None
    for place, year in enumerate(YEARS):
        kept = chained(birth, *YEARS[: place + 1])
        assert carry_birth_digest(year, kept) == chained(birth, *YEARS)
    assert carry_birth_digest("2023", b"of a key that is gone") is None


@pytest.mark.parametrize("known", [1, 2, 3])
def test_an_unfinished_row_knows_its_person_through_all_keys_that_come(settings, known):
    put_in_front(settings, *reversed(YEARS[:known]))
    whole = read(WOMAN)
    sealed = SealedIdentifier(
        type=whole.type,
        chain=b"".join(digest for _key_id, digest in whole.digests()),
        birth_year=1970,
        born=whole.birth_digest(),
    )
    put_in_front(settings, *reversed(YEARS))
    assert sealed.digests() == read(WOMAN).digests()
    assert sealed.birth_digest() == read(WOMAN).birth_digest()
    assert SealedIdentifier(type=whole.type, chain=sealed.chain).birth_digest() is None


def test_what_is_digested_for_one_thing_is_of_no_use_for_another(settings):
    put_in_front(settings, "2025", "2024")
    [(_old, old), (_new, new)] = digests(WOMAN)
    asked_under_old = chained(b"do-not-register:" + old, "2024")
    assert refusal_token("2024", old) == chained(asked_under_old, "2025")
    assert refusal_token("2025", new) == chained(b"do-not-register:" + new, "2025")
    # Also one that was stored before the key came, and has not been carried on yet.
    [tokens] = refusal_tokens([read(WOMAN).digests()])
    assert tokens == {asked_under_old, refusal_token("2024", old), refusal_token("2025", new)}
    assert len({lookup_tokens(user, digest)[0] for user in (17, 18) for digest in (old, new)}) == 4
    assert seal_mark("a text") == chained(b"mark:a text", "2024")


def test_what_waits_is_under_a_key_for_its_purpose_alone(settings):
    text, key = "17:", settings.SECRET_KEY.encode()
    plain = hmac.new(key, text.encode(), hashlib.sha256).digest()
    assert len({mark_name(text), lookup_tokens(17, b"")[0].hex()[:32], plain.hex()[:32]}) == 3
    before = mark_name(text), lookup_tokens(17, b"")[0]
    put_in_front(settings, "2026")
    assert (mark_name(text), lookup_tokens(17, b"")[0]) == before
    settings.SECRET_KEY = "another" * 9
    assert not {mark_name(text), lookup_tokens(17, b"")[0]} & set(before)


def test_a_text_that_may_be_someones_is_told_from_one_that_is_nobodys():
    for text in (WOMAN, WOMAN[2:], "local:17", "991981000010", "19450829K088", "reserve:19700615A123"):
        assert may_be_identifier(text), text
    for text in ("nobody", factories.made_wrong(WOMAN), "", "local:a b", "070-123 45 67"):
        assert not may_be_identifier(text), text


def test_a_pseudonym_is_known_by_its_prefix_alone():
    assert all(map(is_local, ("local:17", "LOCAL:17", " Local: 17", "(local:17)")))
    assert not any(map(is_local, (WOMAN, "reserve:991981000010", "17", "locally:17")))


def test_where_the_centre_is_not_known_a_text_may_name_several():
    centres = [("UPP", "03"), ("STO", "01"), ("LIN", "05")]
    assert read_possible(WOMAN, centres=centres) == [read(WOMAN)]
    assert read_possible("local:17", centres=centres) == [read("local:17", code) for code, _county in centres]
    for text in ("nobody", factories.made_wrong(WOMAN)):
        with pytest.raises(IdentifierUnusable) as refused:
            read_possible(text, centres=centres)
        assert refused.value.code == "identifier_invalid"
    with pytest.raises(IdentifierUnusable):
        read_possible(WOMAN, centres=[])
    unclear = read_possible("19700615A123", centres=centres)
    assert len(unclear) > 1 and len({one.canonical for one in unclear}) == len(unclear)
    assert {one.canonical.rpartition(":")[2] for one in unclear} == {"19700615A123"}


# Nothing shows a number.


@pytest.mark.parametrize(
    "text",
    [
        factories.made_wrong(WOMAN),
        with_check_digit("19700230980"),
        with_check_digit("19700615000"),  # of this one the library's own message repeats the number
        WOMAN + "x",
        WOMAN.replace("0", "O", 1),
        "reserve:" + WOMAN,
        "local:a b",
    ],
)
def test_the_text_of_a_refusal_never_repeats_the_number(text):
    digits = text.replace("-", "")
    with pytest.raises(IdentifierUnusable) as refused:
        read(text)
    printed = "".join(traceback.format_exception(refused.value))
    for fragment in (text, digits, digits[2:], text[2:]):
        assert fragment not in f"{printed} {refused.value!r} {refused.value.args}"
    assert "PersonnummerException" not in printed  # its text repeats the number


def test_printing_what_holds_a_number_shows_none(lists):
    identifier = read(WOMAN)
    stated = factories.stated(lists, WOMAN)
    patient = factories.record(lists, WOMAN).patient
    stored = patient.identifiers.get()
    shown = " ".join(
        f"{thing} {thing!r}" for thing in (identifier, stated, patient, stored, *patient.infusions.all())
    )
    for fragment in (WOMAN, WOMAN.replace("-", ""), WOMAN[2:], "1970-06-15", "0615", "datetime.date(1970"):
        assert fragment not in shown
    assert IdentifierType.PERSONAL.name in shown


def test_printing_an_identifier_shows_its_type_alone():
    for text in (WOMAN, WOMAN[2:], "local:17", "19450829K088"):
        one = read(text)
        assert repr(one) == f"Identifier(type={one.type!r})"


def test_printing_what_is_kept_of_an_identifier_shows_neither_digest_nor_year():
    for whole in (read(WOMAN), read("local:17")):
        chain = b"".join(digest for _key_id, digest in whole.digests())
        sealed = SealedIdentifier(whole.type, chain, whole.birth_year, born=whole.birth_digest())
        assert "1970" not in repr(sealed)
        for hidden in filter(None, (chain, whole.birth_digest())):
            assert repr(hidden)[2:12] not in repr(sealed)


def test_only_a_reserve_number_in_an_unpublished_format_is_unconfirmed():
    for text in (WOMAN, WOMAN[2:], factories.number(coordination=True), "local:17", "991981000010"):
        assert not read(text).unconfirmed
    assert read("uppsala:ABCD12345678").unconfirmed


@pytest.mark.parametrize("prefix", ["reserve", "reserv", "reservnummer", "Reservnummer", " RESERV "])
def test_a_reserve_number_is_known_by_each_of_its_prefixes(prefix):
    assert read(f"{prefix}: 991981000010") == read("991981000010")


def test_a_stockholm_number_may_have_a_hyphen():
    assert read_identifier("99198100-0010", centre="UPP").type == "reserve_stockholm"


@pytest.mark.parametrize("dot", "\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65")
def test_a_dot_is_a_dot_at_any_height(dot):
    assert read_identifier(f"19700615{dot}9805", centre="UPP") == read_identifier("19700615-9805", centre="UPP")
