"""Vague dates take their place by the stated kind, wherever an infusion comes in and wherever it is counted."""

import csv
from datetime import date

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from registry.choices import DatePrecision, Kind
from registry.course_order import Order, Step, put_in_order
from registry.entry.importing.pipeline import import_infusions
from registry.entry.infusions.columns import COLUMNS
from registry.entry.questions import unsettled
from registry.entry.questions.unsettled import find_unsettled_courses
from registry.models import Infusion
from tests import factories, oracle

NUMBER = factories.number()
OTHER = factories.nth_number(5)

DAYS = st.sampled_from(
    [
        date(2022, 12, 31),
        date(2023, 1, 1),
        date(2023, 6, 1),
        date(2023, 6, 12),
        date(2023, 6, 30),
        date(2024, 1, 1),
    ]
)


@st.composite
def steps(draw):
    day = draw(DAYS)
    fits = {"day": True, "month": day.day == 1, "year": (day.month, day.day) == (1, 1)}
    precision = draw(st.sampled_from([name for name, possible in fits.items() if possible]))
    kind, centre = draw(st.sampled_from(list(Kind))), draw(st.sampled_from(("UPP", "STO")))
    return Step(day, draw(st.integers(1, 2)), kind, "Kymriah", DatePrecision(precision), centre)


@given(course=st.lists(steps(), unique_by=lambda step: (step.slot, step.centre)))
def test_a_course_is_in_the_oracles_order(course):
    rows = [
        factories.plain_row(
            centre=step.centre, kind=step.kind.value, infused_on=step.infused_on, sequence=step.sequence,
            date_precision=step.date_precision.value,
        )
        for step in course
    ]  # fmt: skip
    order = Order(course)
    expected = oracle.counted(rows)
    assert [order.place(step).counts_from for step in course] == [row["place"][0] for row in expected]
    paired = sorted(zip(course, expected, strict=True), key=lambda pair: pair[1]["place"])
    assert put_in_order(course) == [step for step, _row in paired]


# What is there, and what is stored beside it (COUNTING.md, "Precision").
VAGUE = {"infused_on": "2023", "kind": "reinfusion"}
KNOWN_FIRST = {"infused_on": "2023-06-12", "kind": "first"}
FITTING = [
    ([KNOWN_FIRST], {"infused_on": "2023", "kind": "reinfusion"}),
    ([KNOWN_FIRST], {"infused_on": "2023-06", "kind": "reinfusion"}),
    ([KNOWN_FIRST], {"infused_on": "2023", "kind": "further_dose"}),
    ([KNOWN_FIRST, {"infused_on": "2023", "kind": "reinfusion"}], {"infused_on": "2023-06", "kind": "reinfusion"}),
    ([{"infused_on": "2023-06-01", "kind": "first"}], {"infused_on": "2023-06", "kind": "further_dose"}),
    ([{"infused_on": "2023", "kind": "first"}], {"infused_on": "2023-01-01", "kind": "reinfusion"}),
    ([{"infused_on": "2023", "kind": "first"}], {"infused_on": "2023", "kind": "reinfusion", "sequence": "2"}),
    ([{"infused_on": "2023-06-12", "kind": "reinfusion"}], {"infused_on": "2023-06", "kind": "first"}),
    ([{"infused_on": "2023", "kind": "reinfusion"}], KNOWN_FIRST),
    ([{"infused_on": "2023-06", "kind": "reinfusion"}], KNOWN_FIRST),
]
UNFITTING = [
    ([KNOWN_FIRST], {"infused_on": "2022", "kind": "reinfusion"}, "kind_unclear"),
    ([KNOWN_FIRST], {"infused_on": "2023-05", "kind": "reinfusion"}, "kind_unclear"),
    ([KNOWN_FIRST], {"infused_on": "2023", "kind": "first"}, "kind_unclear"),
    ([KNOWN_FIRST], {"infused_on": "2023", "kind": ""}, "kind_unclear"),
    ([{"infused_on": "2023", "kind": "first"}], {"infused_on": "2023-06-12", "kind": "first"}, "second_first"),
    ([{"infused_on": "2023-06-12", "kind": "reinfusion"}], {"infused_on": "2024", "kind": "first"},
     "first_not_earliest"),
    ([], {"infused_on": "2023", "kind": "further_dose"}, "further_dose_without_earlier"),
    ([KNOWN_FIRST, VAGUE], VAGUE | {"batch": "B2"}, "duplicate"),
    ([KNOWN_FIRST, VAGUE], VAGUE | {"product": "Yescarta"}, "sequence_taken"),
]  # fmt: skip


def columns(fields: dict, place: int = 0) -> dict[str, str]:
    """A row of the exchange file."""
    return {
        "centre": "UPP", "patient_id": NUMBER, "category": "SOC", "product": "Kymriah", "indication": "C91.0",
        "age_at_infusion": "", "confirmed": "",
    } | fields  # fmt: skip


@pytest.fixture
def reporter(lists):
    return factories.user("nurse", lists.centres["UPP"])


def by_page(lists, reporter, rows) -> set[str]:
    client = Client()
    client.force_login(reporter)
    client.cookies["django_language"] = "en"
    codes = set()
    for row in rows:
        form = columns(row)
        response = client.post("/en/clinic/infusions/new", form)
        if response.status_code == 200 and response.context["judged"].confirmation:
            form["confirmed"] = response.context["judged"].confirmation
            response = client.post("/en/clinic/infusions/new", form)
        if response.status_code == 200:
            errors = response.context["form"].errors.as_data().values()
            codes |= {error.code for found in errors for error in found}
    return codes


def by_interface(lists, reporter, rows) -> set[str]:
    client = Client()
    client.force_login(reporter)
    codes = set()
    for row in rows:
        body = {name: text for name, text in columns(row).items() if text}
        response = client.post("/api/v1/infusions", body, "application/json")
        if response.status_code != 201:
            codes |= {error["code"] for error in response.json()["errors"]}
    return codes


def by_file(lists, reporter, rows, tmp_path) -> set[str]:
    path, codes = tmp_path / "exchange.csv", set()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(columns(row) for row in rows)
    import_infusions(path=path, by=reporter, report=lambda _line, problem: codes.add(problem))
    factories.drop_import_tables()
    return {problem.code for problem in codes if not problem.warning}


@pytest.mark.parametrize("way", ["page", "interface", "files", "one file"])
class TestEveryWay:
    """By page, by interface, by a file for each infusion, and by one file for all of them."""

    @pytest.fixture
    def bring(self, way, lists, reporter, tmp_path):
        ways = {
            "page": lambda rows: by_page(lists, reporter, rows),
            "interface": lambda rows: by_interface(lists, reporter, rows),
            "files": lambda rows: set().union(*(by_file(lists, reporter, [row], tmp_path) for row in rows)),
            "one file": lambda rows: by_file(lists, reporter, rows, tmp_path),
        }
        return ways[way]

    @pytest.mark.parametrize(("there", "row"), FITTING)
    def test_a_vague_date_beside_a_known_one_is_stored(self, bring, there, row):
        assert bring([*there, row]) == set()
        assert Infusion.objects.counted().count() == len(there) + 1

    @pytest.mark.parametrize(("there", "row", "code"), UNFITTING)
    def test_what_does_not_fit_is_refused(self, way, bring, there, row, code):
        found = bring([*there, row])
        if way == "one file":  # judged in the order of the course: another row may be the one that is refused
            assert found
        else:
            assert found == {code}
        assert Infusion.objects.counted().count() == (0 if way == "one file" else len(there))


class TestUnsettled:
    """What two clinics have recorded of one person without seeing each other's rows."""

    def codes(self):
        return [
            (one.first_is_late, [infusion.centre.code for infusion in one.recorded_twice])
            for one in find_unsettled_courses()
        ]

    def bring(self, lists, patient, centre, **fields):
        return factories.record(
            lists, patient, by=factories.user(centre + str(Infusion.objects.count()), lists.centres[centre]),
            centre=centre, **fields,
        )  # fmt: skip

    def test_a_later_first_and_an_infusion_from_two_centres_are_for_the_steward(self, lists):
        self.bring(lists, NUMBER, "STO", infused_on="2020-05-05", kind="first")
        self.bring(lists, OTHER, "STO", infused_on="2020-05-05", kind="first")
        assert self.codes() == []
        self.bring(lists, NUMBER, "UPP", infused_on="2021-05-05", kind="reinfusion")
        assert self.codes() == []
        self.bring(lists, NUMBER, "UME", infused_on="2020-05-05", kind="reinfusion")
        assert self.codes() == [(False, ["STO", "UME"])]
        self.bring(lists, OTHER, "UPP", infused_on="2019-05-05", kind="reinfusion")
        assert self.codes() == [(False, ["STO", "UME"]), (True, [])]

    def test_a_vague_reinfusion_in_the_year_of_the_first_is_settled(self, lists):
        self.bring(lists, NUMBER, "STO", infused_on="2020-05-05", kind="first")
        self.bring(
            lists, NUMBER, "UPP", infused_on="2020-01-01", date_precision=DatePrecision.YEAR, kind="reinfusion"
        )
        assert self.codes() == []

    def test_what_is_withdrawn_is_settled(self, lists):
        self.bring(lists, NUMBER, "STO", infused_on="2020-05-05", kind="first")
        self.bring(lists, NUMBER, "UPP", infused_on="2019-05-05", kind="reinfusion")
        Infusion.objects.filter(kind="reinfusion").update(status="withdrawn")
        assert self.codes() == []


@pytest.mark.django_db
def test_the_courses_to_settle_are_those_whose_order_does_not_fit(lists, monkeypatch):
    """By the oracle's order, of all courses; those that cannot be unsettled are not read."""
    monkeypatch.setattr(unsettled, "AT_ONCE", 2)

    def is_unsettled(person: int, rows: list[dict]) -> bool:
        course = sorted(
            oracle.counted([row for row in rows if row["person"] == person]), key=lambda row: row["place"]
        )
        slots = [(row["infused_on"], row["date_precision"], row["sequence"]) for row in course]
        return len({row["centre"] for row in course}) > 1 and (
            any(row["kind"] == "first" for row in course[1:])
            or course[0]["kind"] == "further_dose"
            or len(set(slots)) < len(slots)
        )

    @given(st.lists(st.lists(steps(), max_size=4, unique_by=lambda step: (step.slot, step.centre)), max_size=6))
    def hold(courses):
        rows = [
            factories.plain_row(
                person=person, centre=step.centre, kind=step.kind.value, infused_on=step.infused_on,
                sequence=step.sequence, date_precision=step.date_precision.value,
            )
            for person, course in enumerate(courses)
            for step in course
        ]  # fmt: skip
        firsts = {row["person"]: row for row in rows if row["kind"] == "first"}  # nobody has two
        rows = [row for row in rows if row["kind"] != "first" or firsts[row["person"]] is row]
        with factories.rolled_back():
            factories.store_rows(lists, rows)
            stored = factories.read_rows()
            expected = [key for key in sorted({row["person"] for row in stored}) if is_unsettled(key, stored)]
            assert [one.patient.pk for one in find_unsettled_courses()] == expected
            assert [one.patient.pk for one in find_unsettled_courses(most=1)] == expected[:1]

    hold()


def test_the_administration_shows_a_course_in_its_order(lists, django_user_model):
    """A vague reinfusion after the known days of its period, and a vague first before them."""
    factories.record(lists, NUMBER, infused_on="2023-06-12")
    factories.record(lists, NUMBER, infused_on="2023-01-01", date_precision="year", kind="reinfusion")
    factories.record(lists, NUMBER, infused_on="2023-06-01", date_precision="month", kind="reinfusion")
    client = Client()
    client.force_login(django_user_model.objects.create_superuser("chief", national_role="administrator"))
    person = Infusion.objects.first().patient_id
    page = client.get(f"/admin/registry/patient/{person}/change/")
    [course] = [inline for inline in page.context["inline_admin_formsets"] if inline.opts.model is Infusion]
    shown = [form.original.written_on for form in course]
    stored = oracle.counted(factories.read_rows())
    printed = {"day": 10, "month": 7, "year": 4}
    expected = [
        row["infused_on"].isoformat()[: printed[row["date_precision"]]]
        for row in sorted(stored, key=lambda row: row["place"])
    ]
    assert shown[: len(expected)] == expected != sorted(expected)
