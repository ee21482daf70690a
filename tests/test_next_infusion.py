"""A person's next infusion: what the form carries over, and which ages it offers."""

import re
from datetime import date
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.access import Operator
from registry.ages import Age, possible_ages
from registry.choices import DatePrecision
from registry.dates import age_on, last_day
from registry.entry.infusions.record import withdraw_infusion
from registry.models import Infusion
from tests import factories
from tests.desk import sign_in

NUMBER = factories.number(date(1970, 6, 15), 980)
PERSON = "/en/clinic/infusions/new/person"
EARLIER_ACADEMIC = factories.TRIALS[2][0]
HEADERS = {"hx-request": "true"}


@pytest.fixture
def nurse(lists):
    """A reporter of Uppsala."""
    return sign_in(factories.user("nurse", lists.centres["UPP"]))


def new_for(patient) -> str:
    return f"/en/clinic/persons/{patient.registry_number}/new"


def filled(response) -> dict[str, str]:
    """What stands in the form of the page."""
    form = response.context["form"]
    return {name: form[name].value() for name in form.fields if form[name].value()}


def ask(client, patient, **typed):
    """What the page asks while one types."""
    form = {"centre": "UPP", "category": "SOC", "product": "Kymriah", "person": str(patient.registry_number)}
    return client.post(PERSON, form | typed, headers=HEADERS)


def test_what_the_latest_infusion_says_of_the_treatment_is_carried_over(lists, nurse):
    factories.record(lists, NUMBER, product="Yescarta", indication="C83.3")
    latest = factories.record(
        lists, NUMBER, infused_on="2021-05-05", kind="reinfusion", category="ACT", product="Akademisk CD19 CAR-T",
        batch="B1", manufacturing_site="VECURA",
    )  # fmt: skip
    page = nurse.get(new_for(latest.patient))
    assert filled(page) == {
        "centre": "UPP", "category": "ACT", "trial": factories.ACADEMIC, "product": "Akademisk CD19 CAR-T",
        "indication": "C91.0",
    }  # fmt: skip


def test_a_withdrawn_infusion_is_not_carried_over(lists, nurse):
    factories.record(lists, NUMBER, indication="C83.3")
    late = factories.record(lists, NUMBER, infused_on="2021-05-05", kind="reinfusion", product="Yescarta")
    withdraw_infusion(infusion_id=late.pk, by=Operator(), reason="x")
    page = nurse.get(new_for(late.patient))
    assert (filled(page)["product"], filled(page)["indication"]) == ("Kymriah", "C83.3")


def test_nothing_of_another_centres_infusion_is_carried_over(lists, nurse):
    ours = factories.record(lists, NUMBER)
    factories.record(
        lists, NUMBER, centre="STO", infused_on="2021-05-05", kind="reinfusion", product="Yescarta",
        category="ICT", indication="C83.3",
    )  # fmt: skip
    page = nurse.get(new_for(ours.patient))
    carried = {"centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0"}
    assert filled(page) == carried
    both = sign_in(factories.user("both", lists.centres["UPP"], lists.centres["STO"]))
    assert filled(both.get(new_for(ours.patient)))["product"] == "Yescarta"
    assert filled(both.get(new_for(ours.patient)))["centre"] == "STO"


def test_a_form_for_nobody_in_particular_is_empty(lists, nurse):
    factories.record(lists, NUMBER)
    assert filled(nurse.get("/en/clinic/infusions/new")) == {"centre": "UPP"}


@pytest.mark.parametrize(
    ("typed", "ages"),
    [
        # Born in 1970, and 49 on 5 May 2020: the birthday comes later in the year.
        ("2020-05-05", ["49"]), ("2020-05-06", ["49", "50"]), ("2020-05-15", ["49", "50"]),
        ("2020-12-31", ["50"]), ("2019-05-01", ["48"]),
        ("2021-05-05", ["50"]), ("2021-05-06", ["50", "51"]), ("2020", ["49", "50"]), ("2020-03", ["49"]),
    ],
)  # fmt: skip
def test_the_age_is_offered_where_it_is_certain_and_else_both(lists, nurse, typed, ages):
    patient = factories.record(lists, NUMBER).patient
    page = ask(nurse, patient, infused_on=typed)
    field = page.context["form"]["age_at_infusion"]
    if len(ages) == 1:
        assert field.value() == ages[0]
    else:
        assert [value for value, _label in field.field.widget.choices] == ages
        assert not field.value() and not field.errors
    body = unescape(page.content.decode())
    assert re.search(r'<div id="age" class="row" hx-swap-oob="true">', body)


def test_of_someone_whose_year_of_birth_is_not_known_the_age_is_asked(lists, nurse):
    patient = factories.record(lists, "local:1", age_at_infusion=30).patient
    field = ask(nurse, patient, infused_on="2020-05-15").context["form"]["age_at_infusion"]
    assert not field.value() and field.field.widget.input_type == "text"


def test_an_offered_age_follows_the_date_and_a_written_one_stays(lists, nurse):
    patient = factories.record(lists, NUMBER).patient
    offered = {"age_at_infusion": "48", "age_offered": "48"}
    page = ask(nurse, patient, infused_on="2020-12-31", **offered)
    assert page.context["form"]["age_at_infusion"].value() == "50"
    page = ask(nurse, patient, infused_on="2020-12-31", age_at_infusion="48", age_offered="50")
    assert page.context["form"]["age_at_infusion"].value() == "48"
    page = ask(nurse, patient, infused_on="2020-05-06", **offered)
    assert not page.context["form"]["age_at_infusion"].value()


def test_other_centres_ages_narrow_nothing_down(lists, nurse):
    patient = factories.record(lists, NUMBER).patient
    factories.record(lists, NUMBER, centre="STO", infused_on="2020-06-20", kind="reinfusion")
    page = ask(nurse, patient, infused_on="2020-05-20")
    assert [age for age, _label in page.context["form"].fields["age_at_infusion"].widget.choices] == ["49", "50"]


@pytest.mark.usefixtures("neighbours")
def test_a_next_infusion_is_stored_with_the_age_and_leads_on(lists, nurse):
    patient = factories.record(lists, NUMBER).patient
    form = {
        "centre": "UPP", "category": "SOC", "product": "Kymriah", "infused_on": "20201231", "kind": "reinfusion",
    }  # fmt: skip
    refused = nurse.post(new_for(patient), form | {"infused_on": "200515"})
    assert [age for age, _label in refused.context["form"].fields["age_at_infusion"].widget.choices] == [
        "49",
        "50",
    ]
    assert patient.infusions.count() == 1
    stored = nurse.post(new_for(patient), form, follow=True)
    assert patient.infusions.get(kind="reinfusion").age_at_infusion == 50
    assert '<a href="/en/clinic/infusions/new" autofocus>Register the next</a>' in stored.content.decode()
    again = nurse.get(f"/en/clinic/persons/{patient.registry_number}/")
    assert "Register the next" not in again.content.decode()


def test_the_lists_say_for_which_category_each_row_is(lists, nurse):
    body = unescape(nurse.get("/en/clinic/infusions/new").content.decode())
    fits = dict(re.findall(r'<option value="([^"]+)" data-for="([^"]*)"', body))
    assert fits == {
        factories.ACADEMIC: "ACT CUP", EARLIER_ACADEMIC: "ACT CUP", factories.INDUSTRY: "ICT CUP",
        "Kymriah": "SOC ACT ICT CUP", "Yescarta": "SOC ACT ICT CUP",
        "Akademisk CD19 CAR-T": "ACT ICT CUP", "Prövningsläkemedel TCR-T": "ACT ICT CUP",
    }  # fmt: skip


def offered(response, name: str) -> dict[str, list[str]]:
    """What a list of the page offers without its script, by group."""
    page = unescape(response.content.decode())
    [select] = re.findall(rf'<select name="{name}".*?</select>', page, re.DOTALL)
    groups = re.findall(r'<optgroup label="([^"]*)">(.*?)</optgroup>', select, re.DOTALL)
    found = {label: re.findall(r"<option ([^>]*)>", options) for label, options in groups}
    kept = {label: [one for one in options if "disabled" not in one] for label, options in found.items()}
    assert all("hidden" in one for label in found for one in found[label] if one not in kept[label])
    outside = re.sub(r"<optgroup.*?</optgroup>", "", select, flags=re.DOTALL)
    assert re.findall(r'<option value="[^"]+"(?![^>]*disabled)', outside) == []
    return {label: re.findall(r'value="([^"]+)"', " ".join(options)) for label, options in kept.items()}


ALL, TRIAL = "SOC, ACT, ICT, CUP", "ACT, ICT, CUP"
AUTHORISED, INVESTIGATIONAL = ["Kymriah", "Yescarta"], ["Akademisk CD19 CAR-T", "Prövningsläkemedel TCR-T"]


def test_lists_are_in_groups_by_category_until_one_is_chosen(lists, nurse):
    page = nurse.get("/en/clinic/infusions/new")
    assert offered(page, "trial") == {
        "For ACT, CUP": [EARLIER_ACADEMIC, factories.ACADEMIC], "For ICT, CUP": [factories.INDUSTRY],
    }  # fmt: skip
    assert offered(page, "product") == {f"For {ALL}": AUTHORISED, f"For {TRIAL}": INVESTIGATIONAL}
    assert '<optgroup label="För ACT, CUP">' in nurse.get("/clinic/infusions/new").content.decode()


@pytest.mark.parametrize(
    ("category", "trials", "products"),
    [
        ("ACT", {"For ACT, CUP": [EARLIER_ACADEMIC, factories.ACADEMIC]},
         {f"For {ALL}": AUTHORISED, f"For {TRIAL}": INVESTIGATIONAL}),
        ("ICT", {"For ICT, CUP": [factories.INDUSTRY]},
         {f"For {ALL}": AUTHORISED, f"For {TRIAL}": INVESTIGATIONAL}),
        ("CUP", {"For ACT, CUP": [EARLIER_ACADEMIC, factories.ACADEMIC], "For ICT, CUP": [factories.INDUSTRY]},
         {f"For {ALL}": AUTHORISED, f"For {TRIAL}": INVESTIGATIONAL}),
        ("SOC", {}, {f"For {ALL}": AUTHORISED}),
    ],
)  # fmt: skip
def test_without_the_pages_script_lists_are_the_chosen_categorys_from_the_next_page_on(
    lists, nurse, category, trials, products
):
    infusion = factories.record(lists, NUMBER)
    pages = [
        nurse.post("/en/clinic/infusions/new", {"category": category, "do": do}) for do in ("check", "submit")
    ]
    address = f"/en/clinic/infusions/{infusion.pk}/correct"
    pages.append(nurse.post(address, {"category": category}))
    for page in pages:
        assert (offered(page, "trial"), offered(page, "product")) == (trials, products)
    carried = nurse.get(new_for(infusion.patient))  # of standard of care
    assert (offered(carried, "trial"), offered(carried, "product")) == ({}, {f"For {ALL}": AUTHORISED})


def test_what_is_chosen_already_stays_and_is_judged(lists, nurse):
    page = nurse.post("/en/clinic/infusions/new", {"category": "ICT", "trial": factories.ACADEMIC, "do": "check"})
    assert offered(page, "trial") == {"For ACT, CUP": [factories.ACADEMIC], "For ICT, CUP": [factories.INDUSTRY]}


@pytest.mark.parametrize(
    ("category", "trial", "said"),
    [
        ("ACT", factories.INDUSTRY, f"ACT needs an academic trial, and {factories.INDUSTRY} is an industry trial."
         f" Write one of: {EARLIER_ACADEMIC}, {factories.ACADEMIC}."),
        ("ICT", factories.ACADEMIC, f"ICT needs an industry trial, and {factories.ACADEMIC} is an academic trial."
         f" Write one of: {factories.INDUSTRY}."),
        ("ACT", "", f"ACT needs its trial. Write one of: {EARLIER_ACADEMIC}, {factories.ACADEMIC}."),
        ("ICT", "", f"ICT needs its trial. Write one of: {factories.INDUSTRY}."),
        ("SOC", factories.ACADEMIC, "Standard of care has no trial."),
    ],
)  # fmt: skip
def test_a_wrong_combination_is_refused_and_what_is_allowed_named(lists, nurse, category, trial, said):
    form = {
        "centre": "UPP", "patient_id": NUMBER, "category": category, "trial": trial, "product": "Kymriah",
        "infused_on": "2020-05-05", "do": "submit",
    }  # fmt: skip
    assert nurse.post("/en/clinic/infusions/new", form).context["form"].errors["trial"] == [said]
    infusion = factories.record(lists, factories.nth_number(7))
    version = Infusion.objects.with_version().get(pk=infusion.pk).version
    answer = nurse.post(
        f"/en/clinic/infusions/{infusion.pk}/correct",
        form | {"kind": "first", "age_at_infusion": str(infusion.age_at_infusion), "version": version,
                "why": "typing_error"},
    )  # fmt: skip
    assert answer.context["form"].errors["trial"] == [said]
    sent = {name: value for name, value in form.items() if name != "do" and value}
    api = nurse.post("/api/v1/infusions", sent, content_type="application/json", headers={"accept-language": "en"})
    assert api.status_code == 400 and said in api.content.decode(), api.content
    assert Infusion.objects.count() == 1


BIRTHDAYS = st.dates(date(1925, 1, 1), date(2024, 12, 31))
LATER = st.dates(date(2025, 1, 1), date(2060, 12, 31))


@given(
    born_on=BIRTHDAYS, days=st.lists(st.dates(date(2025, 1, 1), date(2060, 12, 31)), max_size=5), data=st.data()
)
def test_the_true_age_is_always_among_the_possible(born_on, days, data):
    known = [Age(day, "day", age_on(born_on, day)) for day in days]
    start = data.draw(LATER)
    precision = data.draw(st.sampled_from(DatePrecision))
    if precision != "day":
        start = start.replace(day=1) if precision == "month" else start.replace(month=1, day=1)
    ages = possible_ages(born_on.year, known, start, precision)
    assert {age_on(born_on, start), age_on(born_on, last_day(start, precision))} <= set(ages)
    by_year = start.year - born_on.year
    assert set(ages) <= {by_year - 1, by_year} and ages == sorted(ages)


def test_ages_that_contradict_each_other_narrow_nothing_down():
    known = [Age(date(2020, 5, 5), "day", 40), Age(date(2021, 5, 5), "day", 7)]
    assert possible_ages(1970, known, date(2022, 5, 5), "day") == [51, 52]
    assert possible_ages(2022, [], date(2022, 5, 5), "day") == [0]
    assert possible_ages(2022, [], date(2021, 12, 31), "day") == []
