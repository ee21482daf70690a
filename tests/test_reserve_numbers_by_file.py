"""Each issuer's reserve numbers in files, in every spelling, from its region's centre and one that moves."""

import pytest
from django.db import connection

from registry.access import Operator, acting_as
from registry.entry.list_changes import settling
from registry.models import Centre, Infusion, Patient
from registry.reserve_numbers import ISSUERS
from tests.test_import import ROW
from tests.test_reserve_numbers import EXAMPLES
from tests.workbooks import Book, Sheet

# An issuer whose format nobody has published has numbers of any form.
NUMBERS = {issuer.key: EXAMPLES.get(issuer.key, ["ABCD12345678"])[0].replace("-", "") for issuer in ISSUERS}
WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
PARTED = "-\u2010\u2011\u2013\u2212\uff0d\u00ad\u200b\u2060 \u00a0\u2009\u3000./_"
IN_COUNTY = (
    "UPDATE registry_centre SET county_code = %s WHERE code = 'UPP'",
    "UPDATE registry_centrehistory SET county_code = %s WHERE code = 'UPP'",
)


def spelled(number: str, issuer) -> list[str]:
    """As people, word processors and spreadsheets write it; the first as it is printed."""
    head, tail = number[:-4], number[-4:]
    bare = [number, number.lower(), number.translate(WIDE), f"'{number}", f" {number} "]
    bare += [f"{head}{mark}{tail}" for mark in PARTED]
    prefixed = [
        f"{prefix}{written}"
        for prefix in (
            "reserve:",
            "Reserv: ",
            "RESERVNUMMER:",
            f"{issuer.key}:",
            f"{issuer.name}: ",
            "reserve\uff1a",
        )
        for written in (number, number.lower(), f"{head}-{tail}", f"{head} \u2013 {tail}", f"'{number}")
        if issuer.county or not prefix.startswith(issuer.name)
    ]
    return [*(bare if issuer.formats else []), *prefixed]


def rows_of(numbers: list[str]) -> list[dict[str, str]]:
    """A first infusion and others of one person, each under another spelling."""
    return [
        ROW | {
            "patient_id": number, "sex": "female", "kind": "first" if not place else "reinfusion",
            "infused_on": f"2024-{1 + place // 28:02}-{1 + place % 28:02}", "age_at_infusion": "50",
        }
        for place, number in enumerate(numbers)
    ]  # fmt: skip


def always_in(county: str) -> None:
    """The centre has been listed in a county, or in Stockholm for an issuer of none, from the beginning."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in IN_COUNTY:
            cursor.execute(statement, [county or "01"])
        cursor.execute("SET session_replication_role = DEFAULT")


def of_county(county: str) -> None:
    """The centre lies in a county from now on, as an administrator confirms."""
    centre = Centre.objects.get(code="UPP")
    with acting_as(Operator()), settling(centre):
        Centre.objects.filter(pk=centre.pk).update(county_code=county)


@pytest.mark.parametrize("issuer", ISSUERS, ids=lambda issuer: issuer.key)
def test_a_number_is_one_person_in_every_spelling_and_file(bring, issuer):
    always_in(issuer.county)
    rows = rows_of(spelled(NUMBERS[issuer.key], issuer))
    half = len(rows) // 2
    first, problems = bring(rows[:half])
    sheet = Sheet([list(ROW), *([row[name] for name in ROW] for row in rows[half:])])
    second, more = bring(Book([sheet]).content(), "x.xlsx")
    assert first.refused == second.refused == 0, [*problems, *more]
    assert (Patient.objects.count(), Infusion.objects.count()) == (1, len(rows))
    doubts = {code for _line, field, code in [*problems, *more] if field == "patient_id"}
    assert doubts == (set() if issuer.formats else {"reserve_number_unconfirmed"})


@pytest.mark.parametrize("number, before, after, asked", [
    ("19810829R123", "24", "03", {"dalarna", "vasterbotten"}),
    ("19810829R123", "20", "01", {"dalarna", "vasterbotten"}),
    ("19600606AA1G", "04", "24", {"blekinge", "sormland"}),
    ("19810829TB1F", "18", "04", set()),  # Sörmland's, by where the centre lies
    ("198108320019", "13", "03", {"halland"}),
])  # fmt: skip
def test_persons_of_a_centre_that_moves_stay_who_they_are(bring, number, before, after, asked):
    always_in(before)
    rows = rows_of([number] * 4)
    assert bring(rows[:1])[0].stored == 1
    digests = set(Patient.objects.values_list("identifiers__digest", flat=True))
    of_county(after)
    assert set(Patient.objects.values_list("identifiers__digest", flat=True)) == digests
    if asked:
        assert bring(rows[1:2])[1] == [(2, "patient_id", "issuer_unclear")]
    [issuer] = [issuer.key for issuer in ISSUERS if issuer.county == before]
    for row, prefix in zip(rows[2:], (f"{issuer}:", f"reserve-{issuer}: "), strict=True):
        assert bring([row | {"patient_id": prefix + number}])[0].stored == 1
    assert (Patient.objects.count(), Infusion.objects.count()) == (1, 3)
