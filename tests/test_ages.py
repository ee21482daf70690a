"""Ages: those of one person fit one day of birth, and a corrected date takes the age along or asks for it.

The oracle is a day of birth: a person who was born on it is so old on each day, by the calendar.
"""

import csv
import io
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from registry.access import Operator
from registry.ages import Age, age_that_follows, born_by_age, born_in, contradicts
from registry.entry.importing.pipeline import import_infusions
from registry.entry.infusions.record import correct_infusion, record_infusion
from registry.errors import InfusionRefused
from registry.models import Infusion, Patient
from registry.published.queries import read_map
from registry.publishing.publish import publish
from registry.publishing.verification import verify
from tests import factories, oracle
from tests.admin_browser import form_of
from tests.calling import Program, errors_of, refused

NUMBER = factories.number(date(2002, 6, 15), 981)  # a boy's, who is 18 on 2020-06-15
WOMAN = factories.number(date(1970, 1, 1), 980)
LOCAL = "local:7"
BY = Operator()
REASON = {"why": "typing_error", "words": ""}

# The rule, against every day of birth there is


def periods():
    """A first day and a precision, in few years; leap days among them."""
    days = st.one_of(st.dates(date(2018, 1, 1), date(2022, 12, 31)), st.just(date(2020, 2, 29)))
    return st.builds(_period, days, st.sampled_from(("day", "month", "year")))


def _period(day: date, precision: str) -> tuple[date, str]:
    first = {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}
    return first[precision], precision


BIRTHS = [date(2010, 1, 1) + timedelta(days=place) for place in range(13 * 366)]


def years_old(born: date, day: date) -> int:
    """By the calendar, one birthday after the other."""
    return sum(
        (born.year + year, born.month, born.day) <= (day.year, day.month, day.day)
        for year in range(1, day.year - born.year + 1)
    )


def births_of(age: Age) -> set[date]:
    """Every day of birth by which someone is so old on a day of the period."""
    days = [age.infused_on + timedelta(days=place) for place in range(366)]
    length = {"day": 10, "month": 7, "year": 4}[age.date_precision]
    of_period = [day for day in days if day.isoformat()[:length] == age.infused_on.isoformat()[:length]]
    ends = {of_period[0], of_period[-1]}  # an age only grows within it
    return {
        born
        for born in BIRTHS
        if min(years_old(born, day) for day in ends) <= age.years <= max(years_old(born, day) for day in ends)
        and born <= of_period[-1]
    }


@given(periods(), st.integers(0, 5), periods(), st.integers(0, 5))
def test_two_ages_contradict_each_other_when_nobody_was_born_so(one, age, other, other_age):
    first, second = Age(*one, age), Age(*other, other_age)
    fits = births_of(first) & births_of(second)
    assert contradicts(first, [second]) == contradicts(second, [first]) == (not fits)


@given(periods(), st.integers(0, 5), st.integers(2012, 2022), st.dates(date(2018, 1, 1), date(2024, 12, 31)))
def test_an_age_follows_where_all_births_give_it(one, years, birth_year, day):
    age = Age(*one, years)
    births = {born for born in births_of(age) if born.year == birth_year}
    expected = {years_old(born, day) for born in births}
    found = age_that_follows([born_by_age(age), born_in(birth_year)], day)
    assert found == (expected.pop() if len(expected) == 1 else None)


# A corrected date


@pytest.fixture
def uppsala(lists):
    return factories.user("upp", lists.centres["UPP"])


def patch(user, infusion, **body):
    version = Infusion.objects.with_version().get(pk=infusion.pk).version
    body = {"reason": "typing error"} | body
    return Program(user).call("PATCH", f"infusions/{infusion.pk}", body, if_match=f'"{version}"')


def correct_page(user, infusion, **typed):
    """The correction page as a browser sends it: all that it shows, with something typed over it."""
    client = Client()
    client.force_login(user)
    address = f"/en/clinic/infusions/{infusion.pk}/correct"
    shown = client.get(address).context
    hidden = {"version": shown["version"], "age_for": shown["form"].age_for}
    fields = {name: shown["form"][name].value() or "" for name in shown["form"].fields}
    response = client.post(address, fields | hidden | REASON | typed)
    return response, fields | hidden | REASON | typed, client


def children() -> int:
    publish()
    assert verify().differences == []
    rows = factories.read_rows()
    expected = oracle.total(rows)["children"]
    assert read_map(language="en")["national"]["children"] == expected
    return expected


def age_of(infusion) -> int:
    return Infusion.objects.get(pk=infusion.pk).age_at_infusion


class TestCorrectedDate:
    def test_a_child_who_was_of_age_on_the_right_date_is_counted_no_more(self, lists, uppsala):
        """17 on the recorded date, 18 on the right one: the year of birth alone does not tell."""
        infusion = factories.record(lists, NUMBER, infused_on="2020-06-01")
        assert children() == 1
        problem = refused(patch(uppsala, infusion, infused_on="2020-07-01"), 400, "infusion_refused")
        assert errors_of(problem) == {("age_at_infusion", "age_unstated")}
        assert children() == 1 and age_of(infusion) == 17
        answer = patch(uppsala, infusion, infused_on="2020-07-01", age_at_infusion=18)
        assert (answer.status_code, answer.json()["age_at_infusion"]) == (200, 18)
        assert children() == 0

    @pytest.mark.parametrize(
        ("number", "recorded", "right", "age"),
        [
            (NUMBER, "2020-06-01", "2021-06-01", 18),  # the same day a year later
            (NUMBER, "2020-06-01", "2012-06-01", 9),
            (NUMBER, "2020-07-01", "2020-12-31", 18),  # past the birthday, to the end of the year
            (NUMBER, "2020-06-01", "2020-01-01", 17),  # before it, to its beginning
            (NUMBER, "2020-06-01", "2021-12-31", 19),
            (WOMAN, "2020-05-05", "2020-12-24", 50),
            (WOMAN, "2020-05-05", "2010-08-08", 40),
        ],
    )
    def test_the_age_follows_where_the_number_leaves_one(self, lists, uppsala, number, recorded, right, age):
        infusion = factories.record(lists, number, infused_on=recorded, category="CUP")
        assert patch(uppsala, infusion, infused_on=right).json()["age_at_infusion"] == age
        back = _date(recorded) | {"age_at_infusion": infusion.age_at_infusion}
        correct_infusion(infusion_id=infusion.pk, changes=back, by=BY, reason="back")
        other = factories.record(lists, factories.number(date(1971, 5, 5)), infused_on="2020-05-05")
        response, _sent, _client = correct_page(uppsala, infusion, infused_on=right)
        assert (response.status_code, age_of(infusion), age_of(other)) == (302, age, 49)

    @pytest.mark.parametrize("right", ["2022-05-05", "2022", "2012-05-06", "2013-05-05", "2012-04"])
    def test_a_typed_age_is_asked_for_again(self, lists, uppsala, right):
        """2012 became 2022 and the age stayed 12, which no day of birth has to fit."""
        infusion = factories.record(lists, LOCAL, infused_on="2012-05-05", age_at_infusion=12, category="CUP")
        with pytest.raises(InfusionRefused) as unstated:
            correct_infusion(infusion_id=infusion.pk, changes=_date(right), by=BY, reason="x")
        assert unstated.value.code == "age_unstated"
        assert errors_of(refused(patch(uppsala, infusion, infused_on=right), 400, "infusion_refused")) == {
            ("age_at_infusion", "age_unstated")
        }
        assert age_of(infusion) == 12
        assert patch(uppsala, infusion, infused_on=right, age_at_infusion=12).status_code == 200

    @pytest.mark.parametrize(("recorded", "right"), [("2012-05-05", "2012-05"), ("2012-05-05", "2012")])
    def test_an_age_stays_where_less_is_known_of_the_same_date(self, lists, uppsala, recorded, right):
        infusion = factories.record(lists, LOCAL, infused_on=recorded, age_at_infusion=12, category="CUP")
        assert patch(uppsala, infusion, infused_on=right).json()["age_at_infusion"] == 12

    def test_other_corrections_ask_for_no_age(self, lists, uppsala):
        infusion = factories.record(lists, LOCAL, infused_on="2012-05-05", age_at_infusion=12, category="CUP")
        assert patch(uppsala, infusion, batch="B1", sequence=2).status_code == 200
        assert patch(uppsala, infusion, age_at_infusion=13).json()["age_at_infusion"] == 13

    def test_the_page_asks_with_an_empty_field_and_takes_the_same_age(self, lists, uppsala):
        infusion = factories.record(lists, LOCAL, infused_on="2020-05-05", age_at_infusion=12, category="CUP")
        response, sent, client = correct_page(uppsala, infusion, infused_on="2020-05-07")
        form = response.context["form"]
        assert [error.code for error in form.errors.as_data()["age_at_infusion"]] == ["age_unstated"]
        assert (form["age_at_infusion"].value(), form["infused_on"].value()) == ("", "2020-05-07")
        assert 'name="age_for" value="2020-05-07"' in response.content.decode()
        sent |= {"age_at_infusion": "12", "age_for": form.age_for}
        again = client.post(f"/en/clinic/infusions/{infusion.pk}/correct", sent | {"infused_on": "2020-05-09"})
        assert "age_at_infusion" in again.context["form"].errors  # it was asked for another date
        response = client.post(f"/en/clinic/infusions/{infusion.pk}/correct", sent)
        stored = Infusion.objects.get()
        assert (response.status_code, str(stored.infused_on), stored.age_at_infusion) == (302, "2020-05-07", 12)

    def test_the_administration_asks_likewise(self, lists):
        infusion = factories.record(lists, LOCAL, infused_on="2020-05-05", age_at_infusion=12, category="CUP")
        client, chief = Client(), factories.user("chief", national_role="administrator")
        chief.is_staff = True
        chief.save()
        client.force_login(chief)
        address = reverse("admin:infusion_correct", args=[infusion.pk])
        typed = form_of(client, address) | {"infused_on": "2020-05-07", "reason": "journal"}
        response = client.post(address, typed)
        assert "age_at_infusion" in response.context["form"].errors
        assert 'name="initial-age_at_infusion"' in response.content.decode()
        assert age_of(infusion) == 12
        again = typed | {"age_at_infusion": "12", "initial-age_at_infusion": ""}
        assert client.post(address, again).status_code == 302
        assert str(Infusion.objects.get().infused_on) == "2020-05-07"


def _date(written: str) -> dict:
    precision = {4: "year", 7: "month", 10: "day"}[len(written)]
    return {"infused_on": date.fromisoformat(written + "0000-01-01"[len(written) :]), "date_precision": precision}


# Ages that contradict each other


FIRST = {"infused_on": "2020-05-05", "age_at_infusion": 40, "category": "CUP"}
WRONG = [("2021-05-05", 7), ("2021-05-05", 40 - 1), ("2021", 39), ("2020-05-05", 41), ("2019-12", 41)]
RIGHT = [("2021-05-05", 41), ("2021-05-04", 40), ("2021", 41), ("2021", 40), ("2020-05-06", 41), ("2019", 38)]


@pytest.fixture
def bring(lists, tmp_path):
    """Import rows: (how many are stored, the codes by line)."""

    def imported(*rows, by=BY, **options):
        text = io.StringIO()
        columns = ("centre", "patient_id", "category", "kind", "product", "indication", "infused_on", "sequence",
                   "age_at_infusion")  # fmt: skip
        standard = {"centre": "UPP", "category": "CUP", "product": "Kymriah", "indication": "C91.0"}
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows(standard | row for row in rows)
        path = tmp_path / "rows.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        found = []
        try:
            summary = import_infusions(
                path=path, by=by, report=lambda line, problem: found.append((line, problem.code)), **options
            )
        finally:
            factories.drop_import_tables()
        return summary.stored, [one for one in found if one[1] == "ages_contradict"]

    return imported


class TestContradictions:
    @pytest.mark.parametrize(
        ("day", "age", "fits"), [(*one, False) for one in WRONG] + [(*one, True) for one in RIGHT]
    )
    def test_form_interface_and_file_refuse_the_same(self, lists, uppsala, bring, day, age, fits):
        factories.record(lists, LOCAL, **FIRST)
        fields = {"infused_on": day, "age_at_infusion": str(age), "kind": "reinfusion", "sequence": "2"}
        if day < "2020-05":
            early = {
                "infused_on": "2014-01-01",
                "date_precision": "year",
                "age_at_infusion": 34,
                "category": "CUP",
            }
            factories.record(lists, LOCAL, **early, kind="first", former_first_becomes="reinfusion")
        row = {"patient_id": LOCAL} | fields
        stored, found = bring(row, dry_run=True)
        assert found == ([] if fits else [(2, "ages_contradict")])
        assert stored == int(fits)
        client = Client()
        client.force_login(uppsala)
        form = {"centre": "UPP", "category": "CUP", "product": "Kymriah", "indication": "C91.0"} | row
        shown = client.post("/en/clinic/infusions/new", form | {"do": "check"})
        codes = {
            code
            for _f, errors in shown.context["form"].errors.as_data().items()
            for code in [e.code for e in errors]
        }
        assert ("ages_contradict" in codes) == (not fits)
        answer = Program(uppsala).call("POST", "infusions", form | {"age_at_infusion": age})
        assert answer.status_code == (201 if fits else 400), answer.content
        assert ("ages_contradict" in answer.content.decode()) == (not fits)

    def test_a_correction_may_not_contradict_the_others_either(self, lists, uppsala):
        factories.record(lists, LOCAL, **FIRST)
        later = factories.record(lists, LOCAL, infused_on="2021-05-05", age_at_infusion=41, kind="reinfusion")
        for changes in ({"age_at_infusion": 43}, {"infused_on": "2022-05-05", "age_at_infusion": 41}):
            problem = refused(patch(uppsala, later, **changes), 400, "infusion_refused")
            assert errors_of(problem) == {("age_at_infusion", "ages_contradict")}
        assert patch(uppsala, later, infused_on="2022-05-05", age_at_infusion=42).status_code == 200

    def test_what_was_stored_before_the_rule_can_be_corrected(self, lists, uppsala):
        """Both ages stand there and one is wrong: each can be put right, and anything else of the rows too."""
        rows = [
            factories.plain_row(infused_on=date(2020, 5, 5), age=40),
            factories.plain_row(infused_on=date(2021, 5, 5), age=7, kind="reinfusion"),
        ]
        factories.store_rows(lists, rows)
        wrong = Infusion.objects.get(age_at_infusion=7)
        assert patch(uppsala, wrong, batch="B9").status_code == 200
        assert patch(uppsala, wrong, age_at_infusion=41).status_code == 200

    def test_another_centres_age_is_not_told(self, lists, uppsala, bring):
        """To the clinic the answer is what it would be had the other centre written another age."""
        patient_id = WOMAN
        factories.record(lists, patient_id, centre="STO", infused_on="2020-05-05")
        Infusion.objects.update(age_at_infusion=7)
        Patient.objects.update(birth_year=None)  # else the year tells which of the two is wrong
        body = {"centre": "UPP", "patient_id": patient_id, "category": "SOC", "product": "Kymriah",
                "indication": "C91.0", "infused_on": "2021-05-05", "kind": "reinfusion"}  # fmt: skip
        assert Program(uppsala).call("POST", "infusions", body).status_code == 201
        stored, found = bring(
            {"patient_id": patient_id, "infused_on": "2022-05-05", "kind": "reinfusion"}, by=uppsala
        )
        assert (stored, found) == (1, [])
        stored, found = bring({"patient_id": patient_id, "infused_on": "2023-05-05", "kind": "reinfusion"})
        assert found == [(2, "ages_contradict")]  # whoever may see both is told

    def test_a_file_that_contradicts_itself_names_both_rows(self, lists, bring):
        rows = [
            {"patient_id": LOCAL, "infused_on": "2020-05-05", "age_at_infusion": 40, "kind": "first"},
            {"patient_id": "local:8", "infused_on": "2020-05-05", "age_at_infusion": 7, "kind": "first"},
            {"patient_id": LOCAL, "infused_on": "2021-05-05", "age_at_infusion": 7, "kind": "reinfusion"},
        ]
        assert [line for line, _code in bring(*rows)[1]] == [2, 4]
        assert not Infusion.objects.exists()
        rows[2]["age_at_infusion"] = 41
        assert bring(*rows) == (3, [])
        assert bring(*rows) == (0, [])

    def test_a_pseudonyms_age_is_held_against_the_year_of_birth(self, lists, uppsala, bring):
        factories.record(lists, LOCAL, **FIRST)
        Patient.objects.update(birth_year=1979)
        body = {"patient_id": LOCAL, "infused_on": "2021-01-01", "age_at_infusion": 40, "kind": "reinfusion"}
        assert bring(body | {"age_at_infusion": 39}, dry_run=True)[1] == [(2, "ages_contradict")]
        with pytest.raises(InfusionRefused) as refusal:
            record_infusion(
                stated=factories.stated(
                    lists, LOCAL, infused_on="2021-01-01", age_at_infusion=43, kind="reinfusion"
                ),
                by=uppsala,
            )
        assert refusal.value.code == "age_contradicts_birth_year"


# Sex


class TestSex:
    @pytest.mark.parametrize("stated", ["unknown", ""])
    @pytest.mark.parametrize(("number", "sex"), [(NUMBER, "male"), (WOMAN, "female")])
    def test_the_number_says_it(self, lists, uppsala, number, sex, stated):
        """By form, by program and by file."""
        fields = {"centre": "UPP", "patient_id": number, "category": "SOC", "product": "Kymriah",
                  "indication": "C91.0", "sex": stated}  # fmt: skip
        client = Client()
        client.force_login(uppsala)
        response = client.post("/en/clinic/infusions/new", fields | {"infused_on": "2020-05-05", "do": "submit"})
        assert response.status_code == 302, response.context["form"].errors
        assert Patient.objects.get().sex == sex
        # Known with an unknown sex from before the rule: the number comes again, and says it.
        Patient.objects.update(sex="unknown")
        answer = Program(uppsala).call(
            "POST", "infusions", fields | {"infused_on": "2021-05-05", "kind": "reinfusion"}
        )
        assert (answer.status_code, Patient.objects.get().sex) == (201, sex)

    def test_a_file_says_it(self, lists, tmp_path):
        for stored in (False, True):
            Patient.objects.update(sex="unknown")
            path = tmp_path / "rows.csv"
            year, kind = ("2021", "reinfusion") if stored else ("2020", "first")
            path.write_text(
                "centre,patient_id,sex,category,kind,product,indication,infused_on\n"
                f"UPP,{NUMBER},unknown,SOC,{kind},Kymriah,C91.0,{year}-05-05\n"
                f"UPP,{WOMAN},unknown,SOC,{kind},Kymriah,C91.0,{year}-05-05\n",
                encoding="utf-8",
            )
            import_infusions(path=path, by=BY)
            factories.drop_import_tables()
            assert sorted(Patient.objects.values_list("sex", flat=True)) == ["female", "male"]
