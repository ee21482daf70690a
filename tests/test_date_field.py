"""Dates as they are typed in every form: understood, said beside the field, and written back."""

import json
import re
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest

import registry
from registry.access import Operator
from registry.dates import today
from registry.entry.infusions.row_reader import CodeLists, RowReader
from registry.models import AccessLog, Coverage, Draft, Infusion, Product, Release
from registry.pages.clinic.date_field import DAY_OF
from registry.publishing.publish import publish
from tests import admin_browser, factories
from tests.desk import sign_in

NEW, DATE = "/en/clinic/infusions/new", "/en/clinic/date/"
TYPED = [
    "20200505",
    "200505",
    "5/5/2020",
    "05.05.2020",
    "5 maj 2020",
    "5 May 2020",
    "２０２０-０５-０５",
    "2020‑05‑05",
]
FORM = {
    "centre": "UPP", "patient_id": factories.number(), "category": "SOC", "product": "Kymriah", "do": "submit",
}  # fmt: skip


@pytest.fixture
def lead(lists):
    """A lead of Uppsala."""
    return sign_in(factories.user("lead", lists.centres["UPP"], role="lead"))


def text(response) -> str:
    return unescape(response.content.decode())


def written(response, name: str) -> str:
    """What stands in a field of the page."""
    [field] = re.findall(rf'<input[^>]* name="{name}"[^>]*>', text(response))
    found = re.search(r' value="([^"]*)"', field)
    return found[1] if found else ""


def leave(client, typed: str, day_of: str = "none", language: str = "/en"):
    """What the page asks when a field with a date is left."""
    return client.post(
        f"{language}/clinic/date/{day_of}",
        {"infused_on": typed},
        headers={"hx-request": "true", "hx-trigger-name": "infused_on"},
    )


def test_no_page_has_a_browsers_own_box_for_dates():
    folder = Path(registry.__file__).parent
    for path in (*folder.rglob("*.html"), *folder.rglob("*.py")):
        assert not re.search(r"""type["']?\s*[=:]\s*["'](date|month|datetime-local)["']""", path.read_text()), path


def test_a_day_on_which_nothing_can_have_been_given_is_refused_on_leaving_the_field(lead):
    def guided(typed: str) -> str:
        answer = lead.post(f"{NEW}/person", FORM | {"infused_on": typed}, headers={"hx-request": "true"})
        return text(answer)

    tomorrow = today() + timedelta(days=1)
    assert "lies in the future" in guided(f"{tomorrow:%Y-%m-%d}") and "lies in the future" in guided(
        f"{tomorrow:%y%m%d}"
    )
    assert "before 1990" in guided("1989-05-05")
    for typed in ("2020-05-05", "2020", "", "2020-13-01"):  # what cannot be read is said by the field itself
        assert 'class="error"' not in guided(typed), typed


@pytest.mark.parametrize("typed", TYPED)
def test_an_infusion_is_stored_on_the_day_that_was_meant(lead, typed):
    checked = lead.post(NEW, FORM | {"infused_on": typed, "do": "check"})
    assert written(checked, "infused_on") == "2020-05-05"
    assert "Tuesday 5 May 2020" in text(checked)
    assert "Counts as a new patient" in text(checked)
    assert lead.post(NEW, FORM | {"infused_on": typed}).status_code == 302
    infusion = Infusion.objects.get()
    assert (infusion.written_on, infusion.age_at_infusion) == ("2020-05-05", 50)


@pytest.mark.parametrize(
    ("typed", "stored", "said"),
    [
        ("202005", "2020-05", "May 2020, day not known"), ("5/2020", "2020-05", "May 2020, day not known"),
        ("maj 2020", "2020-05", "May 2020, day not known"), ("2020", "2020", "2020, month and day not known"),
    ],
)  # fmt: skip
def test_a_month_and_a_year_keep_their_precision(lead, typed, stored, said):
    assert said in text(lead.post(NEW, FORM | {"infused_on": typed, "do": "check"}))
    lead.post(NEW, FORM | {"infused_on": typed})
    assert Infusion.objects.get().written_on == stored


def test_what_is_no_date_stays_as_typed_and_every_way_to_write_one_is_named(lead):
    refused = lead.post(NEW, FORM | {"infused_on": "5/5/20"})
    assert written(refused, "infused_on") == "5/5/20"
    [sentence] = refused.context["form"].errors["infused_on"]
    for way in ("2026-11-20", "20261120", "261120", "20/11/2026", "20 nov 2026"):
        assert way in sentence
    refused = lead.post(NEW, FORM | {"infused_on": "31/4/2020"})
    assert refused.context["form"].errors["infused_on"] == ["There is no such day in the calendar."]


@pytest.mark.usefixtures("neighbours")
def test_a_correction_and_a_draft_take_the_same_dates(lists, lead):
    infusion = factories.record(lists)
    page = {"centre": "UPP", "category": "SOC", "product": "Kymriah", "kind": "first", "why": "typing_error"}
    page |= {"version": infusion.__class__.objects.with_version().get(pk=infusion.pk).version}
    address = f"/en/clinic/infusions/{infusion.pk}/correct"
    assert written(lead.get(address), "infused_on") == "2020-05-05"
    assert lead.post(address, page | {"infused_on": "6/5/2020", "age_at_infusion": "50"}).status_code == 302
    infusion.refresh_from_db()
    assert infusion.infused_on == date(2020, 5, 6)
    lead.post(NEW, FORM | {"infused_on": "7 maj 2020", "do": "draft"})
    assert Draft.objects.get().fields["infused_on"] == "2020-05-07"


@pytest.mark.parametrize("typed", ["2020-10-31", "31/10/2020", "201031", "2020-10", "okt 2020"])
def test_completeness_is_stated_through_the_last_day_of_what_was_typed(lead, typed):
    answer = lead.post("/en/clinic/coverage/", {"centre": "UPP", "complete_through": typed}, follow=True)
    assert "UPP: complete through 2020-10-31." in text(answer)
    assert Coverage.objects.get().complete_through == date(2020, 10, 31)


def test_completeness_of_a_day_to_come_is_refused_and_written_as_it_was_understood(lead):
    later = today() + timedelta(days=400)
    answer = lead.post("/en/clinic/coverage/", {"centre": "UPP", "complete_through": f"{later:%d/%m/%Y}"})
    assert answer.status_code == 200 and not Coverage.objects.exists()
    assert written(answer, "complete_through") == later.isoformat()


def test_the_access_log_takes_them_too(lists):
    auditor = sign_in(factories.user("auditor", national_role="auditor"))
    fields = {"since": "1/10/2020", "until": "2020-10"}
    answer = auditor.post("/en/clinic/access-log/", fields)
    assert answer["Location"].endswith("?since=2020-10-01&until=2020-10-31")
    page = auditor.get(answer["Location"])
    assert (written(page, "since"), written(page, "until")) == ("2020-10-01", "2020-10-31")
    refused = auditor.post("/en/clinic/access-log/", {"since": "x", "until": "2020"})
    assert "261120" in refused.context["form"].errors["since"][0]


def test_a_release_takes_them_too(lists):
    steward = sign_in(factories.user("steward", national_role="steward"))
    factories.record(lists)
    publish()
    fields = {"name": "a", "title_sv": "x", "title_en": "x", "as_of": "31 dec 2020"}
    b"".join(steward.post("/en/clinic/desk/releases/", fields))
    assert Release.objects.get().as_of == date(2020, 12, 31)


@pytest.mark.parametrize(
    ("day_of", "typed", "stands", "said"),
    [
        ("none", "201126", "2020-11-26", "Thursday 26 November 2020"),
        ("none", "12/11/2020", "2020-11-12", "Thursday 12 November 2020"),
        ("none", "202011", "2020-11", "November 2020, day not known"),
        ("none", "2020", "2020", "2020, month and day not known"),
        ("first", "202011", "2020-11-01", "Sunday 1 November 2020"),
        ("last", "2020-11", "2020-11-30", "Monday 30 November 2020"),
        ("last", "2020", "2020-12-31", "Thursday 31 December 2020"),
    ],
)
def test_leaving_the_field_says_what_was_understood_and_how_to_write_it(lead, day_of, typed, stands, said):
    answer = leave(lead, typed, day_of)
    assert json.loads(answer["HX-Trigger"]) == {"understood": {"written": stands}}
    assert text(answer).strip() == said
    swedish = leave(lead, typed, day_of, language="")
    assert "2020" in text(swedish) and (said not in text(swedish) or said.startswith("2020"))


@pytest.mark.parametrize("typed", ["x", "5/5/20", factories.number(), "<b>", "9" * 300])
def test_leaving_a_field_with_no_date_says_so_and_repeats_nothing(lead, typed):
    answer = leave(lead, typed)
    assert "20/11/2026" in text(answer) and 'class="error"' in text(answer)
    assert typed not in text(answer).replace("x", "") and "HX-Trigger" not in answer.headers
    before = AccessLog.objects.count()
    assert text(leave(lead, " ")).strip() == ""
    assert AccessLog.objects.count() == before


def test_the_answer_to_a_field_knows_these_days_alone(lead):
    assert {day_of: leave(lead, "2020", day_of).status_code for day_of in (*DAY_OF, "middle")} == {
        "first": 200, "last": 200, "none": 200, "middle": 404,
    }  # fmt: skip
    assert lead.post(DATE + "none", {"infused_on": "2020"}).status_code == 200  # of no field: nothing is said


@pytest.mark.parametrize("home", ["/", "/en/"])
def test_the_map_takes_them_and_its_address_has_the_day(lists, client, home):
    factories.record(lists)
    publish()
    for typed in ("31/12/2020", "20201231", "201231", "2020", "2020-12", "31 dec 2020", " 2020-12-31 "):
        answer = client.get(home, {"as_of": typed, "centre": "UPP"})
        assert (answer.status_code, answer["Location"]) == (302, f"{home}?as_of=2020-12-31&centre=UPP"), typed
    page = client.get(f"{home}?as_of=2020-12-31&centre=UPP")
    assert page.status_code == 200
    assert re.findall(r'<option value="(\d+)" selected', text(page)) == ["12", "2020"]
    assert client.get(f"{home}?as_of=5/5/20").status_code == 400


def test_programs_write_dates_in_one_way(lists, client):
    reader, row = RowReader(CodeLists(Operator())), {name: typed for name, typed in FORM.items() if name != "do"}
    assert not reader.read(row | {"infused_on": "2020-05-05"})[1]
    for typed in TYPED[-2:]:  # wide digits and a word processor's hyphens write the same date
        assert not reader.read(row | {"infused_on": typed})[1]
    for typed in TYPED[:-2]:
        [problem] = reader.read(row | {"infused_on": typed})[1]
        assert (problem.code, problem.field) == ("date_invalid", "infused_on") and "-" in problem.sentence
    factories.record(lists)
    publish()
    assert client.get("/api/v1/map?as_of=2020-12-31").status_code == 200
    for typed in ("20201231", "201231", "31/12/2020", "2020-12", "2020", "31 dec 2020"):
        assert client.get("/api/v1/map", {"as_of": typed}).status_code == 400


@pytest.mark.parametrize("language", ["", "/en"])
def test_the_administration_reads_and_writes_the_same_order(lists, language):
    client = admin_browser.sign_in()
    client.cookies["django_language"] = "en" if language else "sv"
    product = lists.products["Kymriah"]
    address = f"/admin/registry/product/{product.pk}/change/"
    form = admin_browser.form_of(client, address)
    assert str(form["authorised_on"]) == "2018-08-22"
    answer = client.post(address, form | {"authorised_on": "12/11/2018", "reason": "x"})
    assert answer.status_code == 302
    assert Product.objects.get(pk=product.pk).authorised_on == date(2018, 11, 12)
    infusion = factories.record(lists)
    assert "2020-05-05" in text(client.get(f"/admin/registry/infusion/{infusion.pk}/change/"))
