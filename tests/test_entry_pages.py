"""Entering, correcting and withdrawing an infusion in the pages of the clinic."""

import io
import re
from datetime import date
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registry.access import Operator
from registry.entry.infusions.record import correct_infusion, record_infusion, withdraw_infusion
from registry.entry.live_counts import count_entered
from registry.models import AccessLog, Draft, Infusion, Membership, Patient, PatientIdentifier, Question
from registry.pages.clinic import new_infusion
from registry.publishing.publish import publish
from tests import factories
from tests.desk import sign_in

HOME, NEW = "/en/clinic/", "/en/clinic/infusions/new"
PERSON = "/en/clinic/infusions/new/person"
NUMBER = factories.number()
FORM = {
    "centre": "UPP",
    "patient_id": NUMBER,
    "category": "SOC",
    "product": "Kymriah",
    "indication": "C91.0",
    "infused_on": "2020-05-05",
    "do": "submit",
}
REASON = {"why": "typing_error", "words": "läste fel i journalen"}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def nurse(lists):
    """A reporter of Uppsala."""
    return sign_in(factories.user("nurse", lists.centres["UPP"]))


@pytest.fixture
def stockholm(lists):
    """A reporter of Stockholm."""
    return sign_in(factories.user("sto", lists.centres["STO"]))


def text(response) -> str:
    """What a page says, without the tokens of its forms: their letters are chance, and may be a centre's."""
    body = unescape(response.content.decode())
    return re.sub(r'(?<=name="csrfmiddlewaretoken" value=")\w+', "", body)


def errors(response) -> dict[str, list[str]]:
    """The codes beside the fields of the form that was answered, "" for those at the top."""
    found = response.context["form"].errors.as_data()
    return {name.replace("__all__", ""): [error.code for error in listed] for name, listed in found.items()}


def typed(response) -> dict[str, str]:
    """What the form that was answered still holds."""
    return {name: response.context["form"][name].value() or "" for name in response.context["form"].fields}


def corrections(infusion, **changes) -> dict:
    """The correction's form as the page gives it, with changes typed over it."""
    page = {
        "centre": "UPP", "category": infusion.category, "product": infusion.product.name,
        "indication": "C91.0", "infused_on": "2020-05-05", "kind": infusion.kind, "sequence": "1",
        "age_at_infusion": str(infusion.age_at_infusion), "version": str(version(infusion)),
    }  # fmt: skip
    return page | REASON | changes


def version(infusion) -> int:
    return Infusion.objects.with_version().get(pk=infusion.pk).version


class TestRecording:
    """The form of a new infusion."""

    def test_a_new_persons_infusion_is_stored_and_its_consequence_said(self, nurse):
        response = nurse.post(NEW, FORM, follow=True)
        infusion = Infusion.objects.get()
        assert response.redirect_chain == [(f"/en/clinic/persons/{infusion.patient.registry_number}/", 302)]
        assert "Counts as a new patient in SOC at UPP, and nationally." in text(response)
        assert (infusion.kind, infusion.age_at_infusion, infusion.status) == ("first", 50, "submitted")

    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("patient_id", "", "missing"),
            ("patient_id", "19700101-9801", "identifier_invalid"),
            ("patient_id", SCRIPT, "identifier_invalid"),
            ("patient_id", "9" * 300, "too_long"),
            ("centre", "STO", "unknown_centre"),
            ("centre", "XXX", "unknown_centre"),
            ("centre", SCRIPT, "unknown_centre"),
            ("category", "", "missing"),
            ("category", "XYZ", "unknown_category"),
            ("category", SCRIPT, "unknown_category"),
            ("product", "", "missing"),
            ("product", SCRIPT, "unknown_product"),
            ("indication", "Z99", "unknown_indication"),
            ("trial", factories.INDUSTRY, "trial_not_allowed"),
            ("trial", "NCT00000000", "unknown_trial"),
            ("infused_on", "", "missing"),
            ("infused_on", "5/5/20", "date_invalid"),
            ("infused_on", "31/4/2020", "date_invalid"),
            ("infused_on", "2999-01-01", "date_in_future"),
            ("infused_on", "1969-12-31", "date_too_early"),
            ("infused_on", SCRIPT, "date_invalid"),
            ("kind", "further_dose", "further_dose_without_earlier"),
            ("kind", "second", "unknown_kind"),
            ("sequence", "0", "number_invalid"),
            ("sequence", "٣", "number_invalid"),
            ("age_at_infusion", "12", "age_contradicts_identifier"),
            ("age_at_infusion", SCRIPT, "number_invalid"),
            ("sex", "male", "sex_contradicts_identifier"),
            ("manufacturing_site", "XX", "unknown_manufacturing_site"),
            ("batch", "x" * 61, "too_long"),
            ("batch", f"for {NUMBER}", "identifier_in_text"),
            ("batch", "a\x00b", "character_invalid"),
        ],
    )
    def test_a_wrong_field_gets_a_sentence_loses_nothing_and_stores_nothing(self, nurse, field, value, code):
        form = FORM | {"batch": "B7"} | {field: value}
        response = nurse.post(NEW, form)
        assert response.status_code == 200
        assert code in errors(response)[field]
        sentence = response.context["form"].errors[field][0]
        body = text(response)
        assert sentence in body
        if field != "centre":  # who has one centre has no such field: it is said at the top
            assert re.search(rf'id="id_{field}_error"', response.content.decode())
        kept = typed(response)
        assert {name: kept[name] for name in form if name != "do"} == {
            name: written for name, written in form.items() if name != "do"
        }
        assert SCRIPT not in response.content.decode()
        assert not Infusion.objects.exists() and not Patient.objects.exists()

    def test_a_form_of_another_centre_alone_is_refused_as_one_that_is_not_there(self, nurse):
        page = FORM | {"autosave": str(uuid4())}  # of one page
        other, made_up = (nurse.post(NEW, page | {"centre": code}) for code in ("STO", "XXX"))
        assert errors(other) == errors(made_up)
        assert text(other).replace("STO", "XXX") == text(made_up)

    def test_act_and_ict_ask_for_the_trial(self, nurse):
        assert errors(nurse.post(NEW, FORM | {"category": "ACT"})) == {"trial": ["trial_missing"]}
        assert errors(nurse.post(NEW, FORM | {"category": "ICT", "trial": factories.ACADEMIC})) == {
            "trial": ["trial_sponsor_wrong"]
        }
        nurse.post(NEW, FORM | {"category": "ICT", "trial": factories.INDUSTRY})
        assert Infusion.objects.get().trial.identifier == factories.INDUSTRY

    @pytest.mark.usefixtures("neighbours")
    def test_a_later_infusions_kind_is_proposed_and_asked(self, lists, nurse):
        factories.record(lists, infused_on="2020-05-05")
        later = FORM | {"infused_on": "2020-05-14"}
        response = nurse.post(NEW, later)
        assert errors(response) == {"kind": ["kind_unclear"]}
        assert typed(response)["kind"] == "further_dose"
        assert "Counts as a further dose in SOC at UPP" in text(response)
        nurse.post(NEW, later | {"kind": "further_dose"})
        assert Infusion.objects.filter(kind="further_dose").count() == 1

    def test_an_earlier_infusion_asks_which_is_the_first(self, lists, nurse):
        recorded = factories.record(lists, infused_on="2020-05-05")
        earlier = FORM | {"infused_on": "2019-05-06"}
        response = nurse.post(NEW, earlier)
        assert errors(response) == {"former_first_becomes": ["kind_unclear"]}
        assert typed(response)["kind"] == "first"
        asked = text(response).partition('id="meaning"')[2]
        assert (
            'What does the infusion now recorded as the first become? <span class="needed">required</span>'
            in asked
        )
        assert "Counts as the person's first in SOC at UPP; the person is counted already." in asked
        assert "new patient" not in asked
        answered = earlier | {"kind": "first", "former_first_becomes": "reinfusion"}
        assert nurse.post(NEW, answered).status_code == 302
        recorded.refresh_from_db()
        assert recorded.kind == "reinfusion"

    def test_an_infusion_that_is_there_already_blames_no_field_and_says_what_to_do(self, lists, nurse):
        known = factories.record(lists).patient
        form = FORM | {"kind": "first"}
        response = nurse.post(NEW, form)
        assert errors(response) == {"": ["duplicate"]}
        body = text(response)
        assert "is already registered. If it was the second one that day, write sequence 2." in body
        assert "<details open>" in body and f'href="/en/clinic/persons/{known.registry_number}/"' in body
        assert "write sequence 2" in text(nurse.post(PERSON, form))
        second = form | {"sequence": "2", "kind": "further_dose"}
        assert nurse.post(NEW, second).status_code == 302

    @pytest.mark.parametrize("kind", ["", "first"])
    @pytest.mark.parametrize("day", ["2019-05-06", "2020-05-05", "2021-05-05"])
    def test_of_someone_known_elsewhere_the_steward_settles_which_is_the_first(self, lists, nurse, day, kind):
        factories.record(lists, centre="STO", infused_on="2020-05-05")
        response = nurse.post(NEW, FORM | {"infused_on": day, "kind": kind})
        assert errors(response) == {"kind": ["known_elsewhere"]}
        assert "/persons/" not in text(response) and "Counts as" not in text(response)
        assert not re.search('name="kind" value="[a-z_]+"[^>]*checked', text(response)) or kind
        assert Infusion.objects.count() == 1

    @pytest.mark.parametrize("day", ["2019-05-06", "2020-05-05", "2021-05-05"])
    def test_a_reinfusion_of_someone_known_elsewhere_is_stored_whatever_its_date(self, lists, nurse, day):
        factories.record(lists, centre="STO", infused_on="2020-05-05")
        form = FORM | {"infused_on": day, "kind": "reinfusion"}
        body = text(nurse.post(PERSON, form))
        assert "Counts as a new patient in SOC at UPP, and nationally as a reinfusion." in body
        assert nurse.post(NEW, form).status_code == 302
        assert Infusion.objects.filter(centre__code="UPP", kind="reinfusion").count() == 1

    def test_between_two_in_other_cells_nobody_is_new(self, lists, nurse):
        factories.record(lists, centre="STO", infused_on="2019-05-05")
        factories.record(lists, infused_on="2021-05-05", kind="reinfusion")
        body = text(nurse.post(PERSON, FORM | {"kind": "reinfusion"}))
        assert "Counts as the person's first in SOC at UPP; the person is counted already." in body

    def test_only_the_steward_may_change_another_centres_first(self, lists, nurse):
        factories.record(lists, centre="STO", infused_on="2020-05-05")
        form = FORM | {"infused_on": "2019-05-06", "kind": "first", "former_first_becomes": "reinfusion"}
        response = nurse.post(NEW, form)
        assert errors(response) == {"kind": ["known_elsewhere"]}
        assert "steward" in text(response)
        assert Infusion.objects.count() == 1

    def test_the_improbable_is_stored_once_it_is_confirmed(self, nurse):
        saturday = FORM | {"infused_on": "2020-05-02"}
        response = nurse.post(NEW, saturday)
        assert "The date was a weekend day" in text(response) and not Infusion.objects.exists()
        nurse.post(NEW, saturday | {"confirmed": "age_improbable"})
        assert not Infusion.objects.exists()
        nurse.post(NEW, saturday | {"confirmed": "date_on_weekend"})
        assert Infusion.objects.exists()
        question = Question.objects.get()
        assert (question.rule, question.answer) == ("date_on_weekend", "It is right as it stands")
        assert question.answered_by == "nurse"

    def test_a_sex_that_differs_from_the_persons_is_told_before_it_is_stored(self, lists, nurse):
        form = FORM | {"patient_id": "local:1", "age_at_infusion": "50"}
        nurse.post(NEW, form)
        nurse.post(NEW, form | {"infused_on": "2020-05-14", "kind": "further_dose", "sex": "female"})
        assert list(Infusion.objects.values_list("patient__sex", flat=True)) == ["female"] * 2
        form |= {"infused_on": "2020-06-03", "kind": "further_dose", "sex": "male", "confirmed": "third_infusion"}
        asked = nurse.post(NEW, form)
        assert "The sex differs from that of another infusion" in text(asked)
        assert Infusion.objects.count() == 2
        nurse.post(NEW, form | {"confirmed": asked.context["judged"].confirmation})
        assert Infusion.objects.count() == 3
        assert Question.objects.get(rule="sex_differs").answered_by == "nurse"

    @pytest.mark.usefixtures("neighbours")
    def test_what_nobody_has_confirmed_is_asked_by_a_rule(self, lists, nurse):
        infusion = factories.record(lists, infused_on="2020-05-02")
        assert "The date was a weekend day" in text(nurse.get(HOME)).partition("Recently registered")[0]
        nurse.post(
            f"/en/clinic/infusions/{infusion.pk}/correct",
            corrections(infusion, infused_on="2018-01-02", age_at_infusion="48"),
        )
        assert set(Question.objects.values_list("rule", flat=True)) == {
            "date_on_weekend", "product_before_authorisation",
        }  # fmt: skip

    def test_each_error_leads_to_a_field_that_can_be_written(self, nurse):
        body = text(nurse.post(NEW, {"do": "submit"}))
        targets = re.findall(r'<li><a href="#(\w+)"', body)
        assert "id_category_0" in targets
        for target in targets:
            assert re.search(rf'<(input|select)[^>]* id="{target}"', body), target

    def test_codes_that_people_know_stand_beside_their_names(self, lists, nurse):
        body = text(nurse.get(NEW))
        assert "ACT – Academic clinical trial" in body and "SOC – Standard of care" in body
        assert "b-all (C91.0)" in body
        assert ">solid-tumour<" in body
        assert str(lists.indications["solid-tumour"]) == "solid-tumour"

    def test_where_there_is_no_number_nothing_is_said_of_what_it_gives(self, lists, nurse):
        infusion = factories.record(lists)
        known = f"/en/clinic/persons/{infusion.patient.registry_number}/new"
        for address in (known, f"/en/clinic/infusions/{infusion.pk}/correct"):
            body = text(nurse.get(address))
            assert "The number is not stored, so the age has to be stated." in body
            assert "Only where the identity number does not give it." not in body
        assert "Only where the identity number does not give it." in text(nurse.get(NEW))

    def test_check_says_the_consequence_and_stores_nothing(self, nurse):
        response = nurse.post(NEW, FORM | {"do": "check"})
        assert "Counts as a new patient in SOC at UPP, and nationally." in text(response)
        assert "New in the registry." in text(response)
        assert not Infusion.objects.exists()

    def test_who_refused_registration_is_not_stored_and_nothing_typed_is_lost(self, lists, nurse):
        factories.refuse_registration(NUMBER)
        response = nurse.post(NEW, FORM)
        assert errors(response) == {"": ["do_not_register"]}
        assert typed(response)["patient_id"] == NUMBER
        assert not Infusion.objects.exists()

    @pytest.mark.usefixtures("neighbours")
    def test_someone_known_here_is_recorded_by_registry_number(self, lists, nurse):
        known = factories.record(lists).patient
        address = f"/en/clinic/persons/{known.registry_number}/new"
        assert "patient_id" not in nurse.get(address).context["form"].fields
        form = {name: value for name, value in FORM.items() if name != "patient_id"}
        later = form | {"infused_on": "2021-03-05", "kind": "reinfusion"}  # the birthday is before 5 May
        assert errors(nurse.post(address, later)) == {"age_at_infusion": ["age_missing"]}
        assert errors(nurse.post(address, later | {"age_at_infusion": "20"})) == {
            "age_at_infusion": ["age_contradicts_birth_year"]
        }
        assert nurse.post(address, later | {"age_at_infusion": "51"}).status_code == 302
        assert known.infusions.count() == 2

    def test_nothing_of_the_identifier_stands_in_an_address(self, nurse):
        response = nurse.post(NEW, FORM)
        assert NUMBER[-4:] not in response["Location"]
        assert 'method="post"' in text(nurse.get(NEW))
        assert "no-store" in nurse.post(NEW, FORM | {"do": "check"})["Cache-Control"]


class TestKnowing:
    """What a clinic is told of a person while it types."""

    def test_known_here_with_the_infusions_of_the_centre(self, lists, nurse):
        known = factories.record(lists).patient
        body = text(nurse.post(PERSON, {"patient_id": NUMBER}))
        assert f"A patient of your centre, with registry number {known.registry_number}." in body
        assert "2020-05-05: Kymriah, SOC UPP, first" in body
        assert "another centre" not in body

    def test_known_elsewhere_and_nothing_more(self, lists, nurse):
        known = factories.record(lists, centre="STO", product="Yescarta").patient
        body = text(nurse.post(PERSON, {"patient_id": NUMBER}))
        assert "Already in the registry, at another centre." in body
        person = body.partition('id="meaning"')[0]
        for secret in ("STO", "Stockholm", "Yescarta", str(known.registry_number), "2020"):
            assert secret not in person

    @pytest.mark.usefixtures("neighbours")
    def test_of_an_infusion_elsewhere_only_its_meaning_for_kind_is_told(self, lists, nurse):
        factories.record(lists, centre="STO", infused_on="2020-05-05")
        body = text(nurse.post(PERSON, FORM | {"infused_on": "2021-05-05", "kind": "reinfusion"}))
        assert "Counts as a new patient in SOC at UPP, and nationally as a reinfusion." in body
        assert "STO" not in body

    def test_a_wrong_number_is_said_at_once(self, nurse):
        assert "check the digits" in text(nurse.post(PERSON, {"patient_id": "19700101-9801"}))

    @pytest.mark.usefixtures("neighbours")
    def test_every_search_is_logged_also_in_vain(self, lists, nurse):
        nurse.post(PERSON, {"patient_id": NUMBER})
        known = factories.record(lists, centre="STO").patient
        nurse.post(PERSON, {"patient_id": NUMBER})
        found = AccessLog.objects.filter(action="search").order_by("pk")
        assert list(found.values_list("actor", "unit", "patient")) == [
            ("nurse", "UPP", None),
            ("nurse", "UPP", known.registry_number),
        ]

    def test_the_search_takes_no_address(self, nurse):
        assert nurse.get(PERSON, {"patient_id": NUMBER}).status_code == 405

    def test_another_centres_person_cannot_be_named(self, lists, nurse):
        known = factories.record(lists, centre="STO").patient
        assert nurse.post(PERSON, {"person": str(known.registry_number)}).status_code == 404


class TestDrafts:
    """Unfinished forms."""

    def test_a_draft_is_kept_without_the_identifier_and_goes_on(self, nurse):
        half = {"centre": "UPP", "patient_id": NUMBER, "product": "Kymriah", "infused_on": "2020-", "do": "draft"}
        assert nurse.post(NEW, half)["Location"] == HOME
        draft = Draft.objects.get()
        assert draft.fields == {"centre": "UPP", "product": "Kymriah", "infused_on": "2020-"}
        address = f"/en/clinic/drafts/{draft.pk}/"
        assert address in text(nurse.get(HOME))
        assert typed(nurse.get(address)) == typed(nurse.get(NEW)) | draft.fields
        nurse.post(address, FORM)
        assert Infusion.objects.count() == 1 and not Draft.objects.exists()

    @pytest.mark.usefixtures("neighbours")
    def test_a_draft_of_someone_known_here_needs_no_identifier_again(self, lists, nurse):
        known = factories.record(lists).patient
        nurse.post(NEW, {"centre": "UPP", "patient_id": NUMBER, "do": "draft"})
        draft = Draft.objects.get()
        assert draft.patient == known
        assert "patient_id" not in nurse.get(f"/en/clinic/drafts/{draft.pk}/").context["form"].fields

    def test_a_draft_of_someone_known_elsewhere_keeps_nothing_of_them(self, lists, nurse):
        factories.record(lists, centre="STO")
        nurse.post(NEW, {"centre": "UPP", "patient_id": NUMBER, "do": "draft"})
        assert Draft.objects.get().patient is None

    @pytest.mark.parametrize("named_by", ["identifier", "registry number"])
    def test_a_draft_for_one_centre_keeps_nothing_of_whom_only_another_of_the_users_knows(
        self, lists, stockholm, named_by
    ):
        both = sign_in(factories.user("both", lists.centres["UPP"], lists.centres["STO"]))
        known = factories.record(lists, centre="UPP").patient
        address = NEW if named_by == "identifier" else f"/en/clinic/persons/{known.registry_number}/new"
        both.post(address, {"centre": "STO", "patient_id": NUMBER, "do": "draft"})
        draft = Draft.objects.get()
        assert draft.centre == lists.centres["STO"]
        for where in (HOME, f"/en/clinic/drafts/{draft.pk}/"):
            assert not re.search(rf"\b{known.registry_number}\b", text(stockholm.get(where)))
        factories.record(lists, centre="STO", infused_on="2021-05-05", kind="reinfusion")
        both.post(address, {"centre": "STO", "patient_id": NUMBER, "do": "draft"})
        assert Draft.objects.filter(patient=known).count() == 1

    def test_a_draft_is_saved_again_in_its_place_and_thrown_away(self, nurse):
        nurse.post(NEW, {"centre": "UPP", "batch": "B1", "do": "draft"})
        address = f"/en/clinic/drafts/{Draft.objects.get().pk}/"
        nurse.post(address, {"centre": "UPP", "batch": "B2", "do": "draft"})
        assert Draft.objects.get().fields["batch"] == "B2"
        nurse.post(address + "discard")
        assert not Draft.objects.exists()

    def test_a_draft_thrown_away_while_it_is_submitted_is_no_loss(self, nurse, monkeypatch):
        nurse.post(NEW, {"centre": "UPP", "batch": "B1", "do": "draft"})

        def record_meanwhile(**stated):
            Draft.objects.all().delete()
            return record_infusion(**stated)

        monkeypatch.setattr(new_infusion, "record_infusion", record_meanwhile)
        response = nurse.post(f"/en/clinic/drafts/{Draft.objects.get().pk}/", FORM, follow=True)
        number = Infusion.objects.get().patient.registry_number
        assert response.redirect_chain == [(f"/en/clinic/persons/{number}/", 302)]
        assert "The infusion is registered." in text(response)

    @pytest.mark.parametrize("value", [NUMBER, "x" * 201, "a\x00b"])
    def test_what_may_not_be_kept_is_said_and_nothing_is_lost(self, nurse, value):
        response = nurse.post(NEW, {"centre": "UPP", "batch": value, "do": "draft"})
        assert "batch" in errors(response)
        assert typed(response)["batch"] == value
        assert not Draft.objects.exists()

    def test_another_centres_draft_and_a_made_up_one_are_alike(self, nurse, stockholm):
        nurse.post(NEW, {"centre": "UPP", "do": "draft"})
        pk = Draft.objects.get().pk
        for method in (stockholm.get, stockholm.post):
            assert_alike(method(f"/en/clinic/drafts/{pk}/"), method(f"/en/clinic/drafts/{uuid4()}/"))
        assert_alike(
            stockholm.post(f"/en/clinic/drafts/{pk}/discard"),
            stockholm.post(f"/en/clinic/drafts/{uuid4()}/discard"),
        )
        assert Draft.objects.exists()


def assert_alike(another_centres, made_up) -> None:
    """Both are 404 and the same, byte for byte."""
    assert (another_centres.status_code, made_up.status_code) == (404, 404)
    assert another_centres.content == made_up.content
    told = [{**answer.headers, "X-Request-ID": ""} for answer in (another_centres, made_up)]
    assert told[0] == told[1]


class TestPersons:
    """Finding a person, and the person's page."""

    def test_the_list_shows_the_own_centres_rows_alone(self, lists, nurse, stockholm):
        ours = factories.record(lists).patient
        theirs = factories.record(lists, factories.nth_number(5), centre="STO").patient
        listed = text(nurse.get("/en/clinic/infusions/"))
        assert f">{ours.registry_number}<" in listed and f">{theirs.registry_number}<" not in listed
        assert not nurse.get("/en/clinic/infusions/", {"centre": "STO"}).context["listed"].object_list
        assert not nurse.get("/en/clinic/infusions/", {"centre": "XXX"}).context["listed"].object_list

    @pytest.mark.parametrize("spelling", ["{number}", "{identifier}", " {identifier} "])
    def test_a_person_is_found_by_either_number(self, lists, nurse, spelling):
        known = factories.record(lists).patient
        who = spelling.format(number=known.registry_number, identifier=NUMBER)
        response = nurse.post("/en/clinic/infusions/", {"who": who})
        assert response["Location"] == f"/en/clinic/persons/{known.registry_number}/"

    @pytest.mark.parametrize("by", ["number", "identifier", "nobody"])
    def test_another_centres_person_is_not_found_and_looks_like_nobody(self, lists, nurse, by):
        theirs = factories.record(lists, centre="STO").patient
        who = {
            "number": str(theirs.registry_number), "identifier": NUMBER, "nobody": factories.nth_number(9),
        }[by]  # fmt: skip
        response = nurse.post("/en/clinic/infusions/", {"who": who})
        assert response.context["search"].errors["who"] == ["No patient at your centre has this number."]
        assert f'value="{who}"' in text(response) and "no-store" in response["Cache-Control"]

    @pytest.mark.parametrize("who", ["abc", "0", "19700101-9801", SCRIPT])
    def test_what_is_no_number_is_called_so_and_stays_to_be_put_right(self, nurse, who):
        response = nurse.post("/en/clinic/infusions/", {"who": who})
        [said] = response.context["search"].errors["who"]
        assert said == "This is neither a registry number nor an identity number: check it."
        assert response.context["search"]["who"].value() == who and SCRIPT not in response.content.decode()

    def test_the_page_has_the_timeline_with_who_when_and_why(self, lists, nurse):
        infusion = factories.record(lists)
        correct_infusion(infusion_id=infusion.pk, changes={"batch": "Å1"}, by=Operator(), reason="fel i batch")
        body = text(nurse.get(f"/en/clinic/persons/{infusion.patient.registry_number}/"))
        assert "operator · fel i batch" in body and "Batch: – → Å1" in body
        assert AccessLog.objects.filter(action="read", infusion=infusion.pk, actor="nurse", unit="UPP").exists()

    def test_what_another_centre_recorded_of_the_person_is_not_there(self, lists, nurse):
        infusion = factories.record(lists)
        factories.record(lists, centre="STO", infused_on="2021-05-05", kind="reinfusion", product="Yescarta")
        body = text(nurse.get(f"/en/clinic/persons/{infusion.patient.registry_number}/"))
        assert "STO" not in body and "Yescarta" not in body and "2021-05-05" not in body

    def test_another_centres_person_and_a_made_up_one_are_alike(self, lists, nurse):
        theirs = factories.record(lists, centre="STO").patient
        for ending in ("", "new"):
            assert_alike(
                nurse.get(f"/en/clinic/persons/{theirs.registry_number}/{ending}"),
                nurse.get(f"/en/clinic/persons/999999/{ending}"),
            )

    def test_a_number_too_large_for_the_database_is_nobody(self, nurse):
        for number in ("9" * 19, "9" * 30, "9" * 5_000):
            assert nurse.get(f"/en/clinic/persons/{number}/").status_code == 404
            assert nurse.post(PERSON, {"person": number}).status_code == 404


class TestCorrecting:
    """Correcting and withdrawing."""

    def test_a_correction_is_stored_with_its_reason(self, lists, nurse):
        infusion = factories.record(lists)
        address = f"/en/clinic/infusions/{infusion.pk}/correct"
        assert typed(nurse.get(address))["infused_on"] == "2020-05-05"
        response = nurse.post(address, corrections(infusion, batch="Ö2", infused_on="2020-05"), follow=True)
        assert "The infusion is corrected." in text(response)
        infusion.refresh_from_db()
        assert (infusion.batch, infusion.date_precision) == ("Ö2", "month")
        history = Infusion.pgh_event_model.objects.latest("pgh_id")
        assert (history.acted_by, history.reason) == ("nurse", "Typing error: läste fel i journalen")

    @pytest.mark.parametrize(
        ("changes", "field", "code"),
        [
            ({"product": "Aspirin"}, "product", "unknown_product"),
            ({"infused_on": "2999-01-01"}, "infused_on", "date_in_future"),
            ({"centre": "STO"}, "centre", "unknown_centre"),
            ({"kind": ""}, "kind", "missing"),
            ({"kind": "further_dose"}, "kind", "further_dose_without_earlier"),
            ({"category": "ACT"}, "trial", "trial_missing"),
            ({"batch": NUMBER}, "batch", "identifier_in_text"),
            ({"age_at_infusion": ""}, "age_at_infusion", "age_missing"),
        ],
    )
    def test_a_wrong_correction_is_said_and_not_stored(self, lists, nurse, changes, field, code):
        infusion = factories.record(lists)
        response = nurse.post(f"/en/clinic/infusions/{infusion.pk}/correct", corrections(infusion, **changes))
        assert code in errors(response)[field]
        before = dict(Infusion.objects.values().get())
        assert typed(response) == typed(response) | changes
        assert dict(Infusion.objects.values().get()) == before

    def test_all_that_is_wrong_with_a_correction_is_said_at_once(self, lists, nurse):
        infusion = factories.record(lists)
        wrong = {"product": "Aspirin", "kind": "", "infused_on": "2999-01-01", "category": "ACT", "why": ""}
        response = nurse.post(f"/en/clinic/infusions/{infusion.pk}/correct", corrections(infusion, **wrong))
        assert errors(response) == {
            "product": ["unknown_product"], "kind": ["missing"], "infused_on": ["date_in_future"],
            "trial": ["trial_missing"],
        }  # fmt: skip
        assert response.context["reason"].errors
        assert text(response).count('id="errors"') == text(response).count("Not stored:") == 1
        assert 'href="#id_why"' in text(response)

    @pytest.mark.parametrize(
        "reason", [{"why": ""}, {"why": "other", "words": ""}, {"words": NUMBER}, {"why": "x"}]
    )
    @pytest.mark.parametrize("page", ["correct", "withdraw"])
    def test_a_reason_is_needed_and_holds_no_number(self, lists, nurse, page, reason):
        infusion = factories.record(lists)
        form = corrections(infusion, batch="B2") | reason
        response = nurse.post(f"/en/clinic/infusions/{infusion.pk}/{page}", form)
        assert response.context["reason"].errors
        infusion.refresh_from_db()
        assert (infusion.batch, infusion.status) == ("", "submitted")

    def test_a_row_that_changed_meanwhile_is_shown_side_by_side_and_not_overwritten(self, lists, nurse):
        infusion = factories.record(lists)
        form = corrections(infusion, batch="ours")
        correct_infusion(infusion_id=infusion.pk, changes={"batch": "theirs"}, by=Operator(), reason="x")
        address = f"/en/clinic/infusions/{infusion.pk}/correct"
        response = nurse.post(address, form)
        assert errors(response) == {"": ["changed_meanwhile"]}
        assert response.context["differences"] == [{"label": "Batch", "stored": "theirs", "typed": "ours"}]
        assert typed(response)["batch"] == "ours"
        infusion.refresh_from_db()
        assert infusion.batch == "theirs"
        again = form | {"version": str(response.context["version"])}
        assert nurse.post(address, again).status_code == 302
        infusion.refresh_from_db()
        assert infusion.batch == "ours"

    @pytest.mark.parametrize("seen", ["", "0", "x", "9" * 40])
    def test_a_correction_without_a_version_is_never_stored(self, lists, nurse, seen):
        infusion = factories.record(lists)
        nurse.post(f"/en/clinic/infusions/{infusion.pk}/correct", corrections(infusion, batch="B", version=seen))
        infusion.refresh_from_db()
        assert infusion.batch == ""

    def test_a_wrong_field_does_not_hide_that_the_row_changed(self, lists, nurse):
        infusion = factories.record(lists)
        form = corrections(infusion, product="Aspirin")
        correct_infusion(infusion_id=infusion.pk, changes={"batch": "theirs"}, by=Operator(), reason="x")
        address = f"/en/clinic/infusions/{infusion.pk}/correct"
        response = nurse.post(address, form)
        mended = form | {"product": "Kymriah", "version": str(response.context["version"])}
        assert errors(nurse.post(address, mended)) == {"": ["changed_meanwhile"]}

    def test_a_withdrawal_opens_at_its_reason(self, lists, nurse):
        page = text(nurse.get(f"/en/clinic/infusions/{factories.record(lists).pk}/withdraw"))
        [first] = re.findall(r"<(?:select|textarea|input)[^>]* autofocus[^>]*>", page)
        assert 'name="why"' in first

    def test_a_withdrawn_infusion_leaves_the_counts_and_stays(self, lists, nurse):
        infusion = factories.record(lists)
        address = f"/en/clinic/infusions/{infusion.pk}/withdraw"
        assert "is taken out of all counts" in text(nurse.get(address))
        nurse.post(address, REASON | {"version": str(version(infusion))})
        infusion.refresh_from_db()
        assert infusion.status == "withdrawn"
        body = text(nurse.get(f"/en/clinic/persons/{infusion.patient.registry_number}/"))
        assert "Withdrawn" in body and address not in body

    def test_a_withdrawal_of_a_row_that_changed_shows_it_and_stores_nothing(self, lists, nurse):
        infusion = factories.record(lists)
        seen = version(infusion)
        correct_infusion(infusion_id=infusion.pk, changes={"batch": "theirs"}, by=Operator(), reason="x")
        response = nurse.post(f"/en/clinic/infusions/{infusion.pk}/withdraw", REASON | {"version": str(seen)})
        assert "Someone else has changed this infusion" in text(response)
        infusion.refresh_from_db()
        assert infusion.status == "submitted"

    @pytest.mark.parametrize("page", ["correct", "withdraw"])
    def test_another_centres_infusion_and_a_made_up_one_are_alike(self, lists, nurse, page):
        theirs = factories.record(lists, centre="STO")
        form = corrections(theirs)
        made_up = f"/en/clinic/infusions/{uuid4()}/{page}"
        another = f"/en/clinic/infusions/{theirs.pk}/{page}"
        assert_alike(nurse.get(another), nurse.get(made_up))
        assert_alike(nurse.post(another, form), nurse.post(made_up, form))


class TestStart:
    """The start page."""

    def test_entered_and_published_stand_side_by_side(self, lists, nurse):
        factories.record_several(lists)
        [centre] = nurse.get(HOME).context["centres"]
        assert centre["rows"][-1]["entered"] == {"patients": 1, "infusions": 2}
        assert centre["rows"][-1]["published"] in ({}, None)
        publish()
        factories.record(lists, factories.nth_number(50))
        [centre] = nurse.get(HOME).context["centres"]
        assert centre["centre"].code == "UPP"
        assert [(row["category"], row["entered"]["infusions"]) for row in centre["rows"]] == [
            ("SOC", 2), ("CUP", 1), ("", 3),
        ]  # fmt: skip
        assert [(row["published"]["patients"], row["published"]["infusions"]) for row in centre["rows"]] == [
            (1, 1), (1, 1), (1, 2),
        ]  # fmt: skip

    def test_a_person_is_one_patient_in_each_row_however_many_infusions(self, lists):
        """Three persons, six infusions; one of them withdrawn, and one of a centre that is not the reporter's."""
        reporter = factories.user("of two", lists.centres["UPP"], lists.centres["STO"])
        nurse = sign_in(reporter)
        one, other, third = (factories.nth_number(place) for place in range(3))
        factories.record(lists, one)
        factories.record(lists, one, infused_on="2021-05-05", kind="reinfusion")
        factories.record(lists, one, infused_on="2022-05-05", kind="reinfusion", category="CUP")
        factories.record(lists, other, category="CUP")
        factories.record(lists, third, centre="STO")
        factories.record(lists, third, centre="UME", infused_on="2021-05-05", kind="reinfusion")
        gone = factories.record(lists, other, infused_on="2021-05-05", kind="reinfusion")
        withdraw_infusion(infusion_id=gone.pk, by=Operator(), reason="entered twice")
        shown = {
            (centre["centre"].code, row["category"]): (row["entered"]["patients"], row["entered"]["infusions"])
            for centre in nurse.get(HOME).context["centres"]
            for row in centre["rows"]
        }
        assert shown == {
            ("UPP", "SOC"): (1, 2), ("UPP", "CUP"): (2, 2), ("UPP", ""): (2, 4),
            ("STO", "SOC"): (1, 1), ("STO", ""): (1, 1),
        }  # fmt: skip
        assert count_entered(reporter).keys() == {lists.centres[code].pk for code in ("UPP", "STO")}

    def test_a_snapshot_is_named_from_the_first_one_on(self, lists, nurse):
        factories.record_several(lists)
        assert "Published: snapshot" not in text(nurse.get(HOME))
        sentence = f"Published: snapshot {publish().number}. It has everything that is registered."
        assert sentence in text(nurse.get(HOME))

    def test_the_day_of_entry_is_not_taken_for_the_day_of_infusion(self, lists, nurse):
        factories.record_several(lists)
        assert re.search(r'<span class="muted">registered \d{4}-\d\d-\d\d', text(nurse.get(HOME)))

    def test_who_has_no_centre_sees_nothing(self, lists):
        factories.record_several(lists)
        body = text(sign_in(factories.user("nobody")).get(HOME))
        assert "You have no role yet" in body
        assert "Kymriah" not in body and "Sjukhuset" not in body

    def test_a_role_that_has_ended_ends_what_it_showed(self, lists, nurse):
        infusion = factories.record(lists)
        address = f"/en/clinic/persons/{infusion.patient.registry_number}/"
        assert nurse.get(address).status_code == 200
        Membership.objects.all().delete()
        assert nurse.get(address).status_code == 404


def test_each_page_asks_the_database_a_known_number_of_times(lists, nurse, purpose_known):
    """However many rows there are."""
    counts = []
    nurse.get(HOME)  # notes the sign-in
    for place in (0, 1):
        for n in range(3):
            patient = factories.number(date(1970, 1, 1 + n), 980 + 2 * place)
            infusion = factories.record(lists, patient, infused_on="2020-05-05")
            factories.record(lists, patient, infused_on="2021-05-05", kind="reinfusion")
        asked = {
            "start": (nurse.get, HOME),
            "record": (nurse.get, NEW),
            "check": (nurse.post, NEW, FORM | {"do": "check"}),
            "search": (nurse.post, PERSON, {"patient_id": patient}),
            "infusions": (nurse.get, "/en/clinic/infusions/"),
            "person": (nurse.get, f"/en/clinic/persons/{infusion.patient.registry_number}/"),
            "correct": (nurse.get, f"/en/clinic/infusions/{infusion.pk}/correct"),
        }
        counts.append({name: queries(*request) for name, request in asked.items()})
    assert counts[0] == counts[1]
    assert counts[0] == QUERIES


def queries(ask, *request) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert ask(*request).status_code == 200
    return len(asked)


QUERIES = {
    "start": 19, "record": 8, "check": 23, "search": 19, "infusions": 12, "person": 17, "correct": 9,
}  # fmt: skip


def test_the_identifier_of_a_new_person_becomes_a_digest_and_nothing_else(nurse):
    nurse.post(NEW, FORM)
    assert PatientIdentifier.objects.get().type == "personal"


class TestSignedOut:
    """The session has ended while someone typed."""

    def test_what_asks_while_typing_leaves_the_form_and_says_so(self, lists):
        response = Client().post(PERSON, FORM, headers={"hx-request": "true"})
        assert response.status_code == 286  # htmx's: do not ask again
        assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#signed-out", "outerHTML")
        assert "You are signed out." in text(response) and "name=" not in text(response)
        assert 'id="signed-out"' in text(Client().get("/en/accounts/login/"))

    def test_a_form_comes_back_as_it_was_sent_and_is_kept_nowhere(self, lists, nurse):
        response = Client().post(NEW, FORM | {"batch": SCRIPT})
        assert response.status_code == 401 and SCRIPT not in response.content.decode()
        assert "Nothing was stored." in text(response)
        assert "no-store" in response["Cache-Control"]
        again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(.*?)">', response.content.decode()))
        again = {name: unescape(value) for name, value in again.items() if name != "csrfmiddlewaretoken"}
        assert again == FORM | {"batch": SCRIPT}
        assert nurse.post(NEW, again | {"batch": ""}).status_code == 302

    def test_a_file_cannot_be_given_back(self, lists):
        response = Client().post("/en/clinic/imports/", {"file": io.BytesIO(b"centre\n"), "centre": ""})
        assert response.status_code == 401
        assert "send the form with its file again" in text(response) and "Send again" not in text(response)

    @pytest.mark.parametrize(("origin", "given"), [("http://testserver", True), (None, False)])
    def test_a_form_older_than_the_session_is_explained(self, lists, origin, given):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(factories.user("nurse", lists.centres["UPP"]))
        response = strict.post(NEW, FORM, headers={"origin": origin} if origin else None)
        assert response.status_code == 403 and not Infusion.objects.exists()
        assert "The form is out of date" in text(response)
        assert (NUMBER in text(response)) == ("Send again" in text(response)) == given

    def test_another_sites_form_is_not_given_back(self, lists):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(factories.user("nurse", lists.centres["UPP"]))
        response = strict.post(NEW, FORM, headers={"origin": "https://elsewhere.example"})
        assert response.status_code == 403 and "Send again" not in text(response)

    def test_a_stale_sign_in_shows_no_password(self, db):
        form = {"login": "nurse", "password": "a secret word"}
        headers = {"origin": "http://testserver"}
        response = Client(enforce_csrf_checks=True).post("/accounts/login/", form, headers=headers)
        assert response.status_code == 403
        assert "Gå tillbaka, ladda om sidan" in text(response) and "a secret word" not in text(response)
