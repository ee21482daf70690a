"""Nothing is stored that nobody stated: what the page proposes, when it may, and what becomes of a proposal."""

import re
from html import unescape

import pytest

from registry.access import Operator
from registry.entry.infusions.record import withdraw_infusion
from registry.models import AccessLog, Coverage, Draft, Erasure, Infusion
from tests import factories
from tests.desk import sign_in

NEW, PERSON = "/en/clinic/infusions/new", "/en/clinic/infusions/new/person"
NUMBER, OTHER = factories.nth_number(1), factories.nth_number(2)
FORM = {
    "centre": "UPP", "patient_id": NUMBER, "category": "SOC", "product": "Kymriah", "infused_on": "2020-05-14",
    "do": "submit",
}  # fmt: skip
AROUND = ("2019-05-06", "2020-05-04", "2020-05-05", "2020-05-14", "2020-05", "2020", "2021-05-05")


@pytest.fixture
def nurse(lists):
    """A reporter of Uppsala."""
    return sign_in(factories.user("nurse", lists.centres["UPP"]))


def text(response) -> str:
    return unescape(response.content.decode())


def ticked(response) -> str | None:
    """The kind that the page has chosen."""
    found = re.findall(r'<input[^>]*name="kind"[^>]*>', text(response))
    [chosen] = [re.search(r'value="(\w+)"', one)[1] for one in found if "checked" in one] or [None]
    return chosen


def sent_on(response) -> dict[str, str]:
    """What the page would send of the kind if nobody touched it."""
    proposed = re.search(r'name="kind_proposed" value="(\w+)"', text(response))
    return {"kind": ticked(response) or "", "kind_proposed": proposed[1] if proposed else ""}


def codes(response) -> dict[str, list[str]]:
    found = response.context["form"].errors.as_data()
    return {name: [error.code for error in listed] for name, listed in found.items()}


def guide(client, **typed):
    return client.post(PERSON, FORM | typed, headers={"hx-request": "true"})


# Someone known at another centre.


@pytest.mark.parametrize("day", AROUND)
def test_the_kind_is_left_open_for_someone_known_elsewhere_alone(lists, nurse, day):
    factories.record(lists, NUMBER, centre="STO")
    for page in (guide(nurse, infused_on=day), nurse.post(NEW, FORM | {"infused_on": day, "do": "check"})):
        assert ticked(page) is None and "Counts as" not in text(page)
    refused = nurse.post(NEW, FORM | {"infused_on": day})
    assert (codes(refused), ticked(refused)) == ({"kind": ["known_elsewhere"]}, None)
    assert Infusion.objects.count() == 1


@pytest.mark.parametrize("day", AROUND[3:])
def test_the_kind_is_left_open_where_only_a_part_of_the_course_is_seen(lists, nurse, day):
    patient = factories.record(lists, NUMBER).patient
    factories.record(lists, NUMBER, centre="STO", infused_on="2020-05-09", kind="further_dose")
    page = guide(nurse, infused_on=day)
    assert ticked(page) is None and "Say what this infusion is" in text(page)
    form = FORM | {"patient_id": "", "infused_on": day, "age_at_infusion": "51" if day > "2021" else "50"}
    refused = nurse.post(f"/en/clinic/persons/{patient.registry_number}/new", form)
    assert ticked(refused) is None and "known_elsewhere" in codes(refused)["kind"]
    assert Infusion.objects.count() == 2


def test_what_to_say_is_asked_until_it_is_said(lists, nurse):
    factories.record(lists, NUMBER, centre="STO")
    asked = "Say what this infusion is"
    open_page, said = guide(nurse), guide(nurse, kind="reinfusion")
    assert asked in text(open_page) and asked not in text(said)
    for page in (open_page, said):
        assert "Already in the registry, at another centre." in text(page)
    assert ticked(said) == "reinfusion"
    assert nurse.post(NEW, FORM | {"kind": "reinfusion"}).status_code == 302


def test_as_long_as_the_kind_is_open_it_is_asked_for_and_the_steward_needed_for_a_first_alone(lists, nurse):
    factories.record(lists, NUMBER, centre="STO")
    asked, settled = (
        "If it was the first, the registry's steward must settle",
        "centre; the registry's steward must",
    )
    for page in (guide(nurse), nurse.post(NEW, FORM)):
        told = text(page)[text(page).index('id="meaning"') :]
        assert asked in told and settled not in told
    told = text(nurse.post(NEW, FORM | {"kind": "first"}))
    assert settled in told and asked not in told


# A proposal.


@pytest.mark.parametrize(("day", "kind"), [("2020-05-14", "further_dose"), ("2021-05-14", "reinfusion")])
def test_a_course_that_the_clinic_sees_proposes_the_kind(lists, nurse, day, kind):
    factories.record(lists, NUMBER)
    page = guide(nurse, infused_on=day)
    assert sent_on(page) == {"kind": kind, "kind_proposed": kind}
    assert f"Proposed from the person's earlier infusions: {kind.replace('_', ' ')}." in text(page)
    assert nurse.post(NEW, FORM | {"infused_on": day} | sent_on(page)).status_code == 302
    assert Infusion.objects.filter(kind=kind).count() == 1


QUESTION = "say whether this is"


@pytest.mark.parametrize("stored", [1, 2])
@pytest.mark.parametrize("day", ["2020-05-14", "2021-05-14", "2021-06", "2021"])
def test_a_chosen_kind_is_not_asked_for(lists, nurse, stored, day):
    """With scripts, without them by the button that checks, and where the form is sent at once."""
    factories.record(lists, NUMBER)
    if stored > 1:
        factories.record(lists, NUMBER, infused_on="2020-05-12", kind="further_dose")
    for page in (guide(nurse, infused_on=day), *(nurse.post(NEW, FORM | {"infused_on": day, "do": do})
                                                 for do in ("check", "submit"))):  # fmt: skip
        assert ticked(page) and QUESTION not in text(page)
        assert text(page).count("Proposed from the person's earlier infusions") in {1, 2}  # also in the summary
    said = guide(nurse, infused_on=day, kind="reinfusion")
    assert QUESTION not in text(said) and "Proposed" not in text(said)
    assert Infusion.objects.count() == stored


def test_which_is_the_first_is_asked_until_it_is_answered(lists, nurse):
    factories.record(lists, NUMBER)
    asked = "Say which of the two is the first"
    for do in ("check", "submit"):
        assert asked in text(nurse.post(NEW, FORM | {"infused_on": "2019-05-06", "do": do}))
    page = guide(nurse, infused_on="2019-05-06")
    assert ticked(page) == "first" and asked in text(page)
    answered = {"infused_on": "2019-05-06", "former_first_becomes": "reinfusion"} | sent_on(page)
    page = guide(nurse, **answered)
    assert ticked(page) == "first" and asked not in text(page)
    assert nurse.post(NEW, FORM | answered).status_code == 302


def test_what_was_said_once_stays_the_clinics_also_if_it_was_the_proposal(lists, nurse):
    factories.record(lists, NUMBER)
    proposed = sent_on(guide(nurse))
    other = sent_on(guide(nurse, **proposed | {"kind": "reinfusion"}))
    assert other == {"kind": "reinfusion", "kind_proposed": ""}
    back = sent_on(guide(nurse, **other | {"kind": "further_dose"}))
    later = guide(nurse, infused_on="2021-05-14", **back)
    assert ticked(later) == "further_dose"


def test_what_is_doubted_of_the_chosen_kind_is_said_with_it(lists, nurse):
    factories.record(lists, NUMBER)
    day = {"infused_on": "2026-05-14"}  # more than five years later
    page = guide(nurse, **day)
    [shown] = re.findall(r'name="confirmed" value="([^"]*)"', text(page)) or [""]
    sent = nurse.post(NEW, FORM | day | sent_on(page) | {"confirmed": shown})
    assert sent.status_code == 302, sent.context["form"].errors


@pytest.mark.parametrize("day", AROUND)
@pytest.mark.parametrize("centre", ["UPP", "STO"])
def test_who_has_withdrawn_infusions_alone_is_as_someone_new(lists, nurse, day, centre):
    infusion = factories.record(lists, NUMBER, centre=centre)
    withdraw_infusion(infusion_id=infusion.pk, by=Operator(), reason="x")
    page = guide(nurse, infused_on=day)
    assert ticked(page) == "first" and "Proposed" not in text(page) and QUESTION not in text(page)
    assert ("New in the registry." in text(page)) == (centre == "STO")
    confirmed = re.findall(r'name="confirmed" value="([^"]*)"', text(page))
    sent = sent_on(page) | {"infused_on": day, "confirmed": confirmed[0] if confirmed else ""}
    assert nurse.post(NEW, FORM | sent).status_code == 302
    assert Infusion.objects.counted().get().kind == "first"


def test_a_proposal_follows_what_it_rests_on(lists, nurse):
    factories.record(lists, NUMBER)
    proposed = sent_on(guide(nurse))
    assert proposed["kind"] == "further_dose"
    assert sent_on(guide(nurse, infused_on="2021-05-14", **proposed))["kind"] == "reinfusion"
    assert sent_on(guide(nurse, product="Yescarta", **proposed))["kind"] == "reinfusion"
    assert sent_on(guide(nurse, infused_on="2020-05-01", **proposed))["kind"] == "first"
    assert sent_on(guide(nurse, infused_on="", **proposed))["kind"] == ""
    assert sent_on(guide(nurse, patient_id=OTHER, **proposed))["kind"] == "first"


@pytest.mark.parametrize("other", ["new", "elsewhere", "later", "refused"])
def test_a_proposal_for_one_is_never_stored_for_another(lists, nurse, other):
    factories.record(lists, NUMBER)
    proposed = sent_on(guide(nurse))
    if other == "elsewhere":
        factories.record(lists, OTHER, centre="STO")
    if other == "later":
        factories.record(lists, OTHER, infused_on="2019-05-06")
    if other == "refused":
        factories.refuse_registration(OTHER)
    before = Infusion.objects.count()
    answer = nurse.post(NEW, FORM | {"patient_id": OTHER} | proposed)  # sent before the page has changed it
    assert answer.status_code == 200 and Infusion.objects.count() == before
    assert ticked(answer) == {"new": "first", "elsewhere": None, "later": "reinfusion", "refused": None}[other]
    if other in {"new", "later"}:
        assert nurse.post(NEW, FORM | {"patient_id": OTHER} | sent_on(answer)).status_code == 302


def test_an_answer_for_one_person_is_none_for_another(lists, nurse):
    for number in (NUMBER, OTHER):
        factories.record(lists, number)
    earlier = FORM | {"infused_on": "2019-05-06", "kind": "first"}
    asked = nurse.post(NEW, earlier)
    [person] = re.findall(r'name="asked_for" value="(\d+)"', text(asked))
    answered = earlier | {"former_first_becomes": "reinfusion", "asked_for": person}
    again = nurse.post(NEW, answered | {"patient_id": OTHER})
    assert codes(again) == {"former_first_becomes": ["kind_unclear"]} and Infusion.objects.count() == 2
    assert nurse.post(NEW, answered).status_code == 302


def test_what_the_clinic_has_said_is_not_overruled(lists, nurse):
    factories.record(lists, NUMBER)
    for day in ("2020-05-14", "2021-05-14", "2020-05-01"):
        assert ticked(guide(nurse, infused_on=day, kind="reinfusion")) == "reinfusion"
        assert (
            ticked(guide(nurse, infused_on=day, kind="reinfusion", kind_proposed="further_dose")) == "reinfusion"
        )
    answer = nurse.post(NEW, FORM | {"infused_on": "2020-05-01", "kind": "reinfusion"})
    assert ticked(answer) == "reinfusion" and Infusion.objects.count() == 1


def test_a_draft_keeps_what_was_said_and_not_what_was_proposed(lists, nurse):
    patient = factories.record(lists, NUMBER).patient
    address = f"/en/clinic/persons/{patient.registry_number}/new"
    proposed = {"age_at_infusion": "50", "age_offered": "50"} | sent_on(guide(nurse))
    nurse.post(address, FORM | proposed | {"do": "draft"})
    assert not {"kind", "age_at_infusion"} & Draft.objects.get().fields.keys()
    Draft.objects.all().delete()
    nurse.post(address, FORM | {"kind": "reinfusion", "age_at_infusion": "50", "do": "draft"})
    assert Draft.objects.get().fields.items() >= {"kind": "reinfusion", "age_at_infusion": "50"}.items()


# Whoever asked not to be registered.


@pytest.mark.parametrize("fields", [{"patient_id": OTHER}, FORM | {"patient_id": OTHER}])
def test_a_refusal_is_told_on_leaving_the_field_and_nothing_else(lists, nurse, fields):
    factories.refuse_registration(OTHER)
    for page in (
        nurse.post(PERSON, fields, headers={"hx-request": "true"}),
        nurse.post(NEW, fields | {"do": "check"}),
    ):
        assert codes(page)["__all__"] == ["do_not_register"]
        assert "The person has asked not to be in the registry" in text(page)
        for other in ("New in the registry", "Already in", "Counts as", "A patient of your centre"):
            assert other not in text(page)
        assert ticked(page) is None
    beside = text(nurse.post(PERSON, fields, headers={"hx-request": "true"})).partition('id="meaning"')
    assert "asked not to be" in beside[0] and "asked not to be" not in beside[2]
    assert "asked not to be" not in text(guide(nurse, patient_id=NUMBER))
    assert not Infusion.objects.exists() and AccessLog.objects.filter(action="search").count() == 4


# Other forms.


def test_no_statement_of_weight_is_chosen_beforehand(lists):
    lead = sign_in(factories.user("lead", lists.centres["UPP"], role="lead"))
    page = lead.get("/en/clinic/coverage/")
    assert not page.context["form"]["complete_through"].value()
    lead.post("/en/clinic/coverage/", {"centre": "UPP", "complete_through": ""})
    assert not Coverage.objects.exists()
    patient = factories.record(lists, NUMBER).patient
    factories.record(lists, NUMBER, centre="STO", infused_on="2021-05-05", kind="reinfusion")
    steward = sign_in(factories.user("steward", national_role="steward"))
    erase = f"/en/clinic/persons/{patient.registry_number}/erase"
    assert not steward.get(erase).context["form"]["refuses"].value()
    steward.post(erase, {"text": "Asked.", "confirmed": "yes"})
    assert not Erasure.objects.exists()
    move = steward.get(f"/en/clinic/persons/{patient.registry_number}/move").context["form"]
    assert move.fields["from_centre"].choices[0] == ("", "")
