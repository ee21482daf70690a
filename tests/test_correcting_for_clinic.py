"""The steward corrects a clinic's row: with a permission of its own, a reason, and the clinic is told."""

from datetime import date

import pytest
from django.utils.translation import override

from registry.choices import Side
from registry.entry.infusions.record import correct_infusion
from registry.entry.questions.correcting import correct_for_clinic
from registry.entry.questions.questions import answer
from registry.errors import InfusionRefused, NotFound, NotPermitted, ReasonMissing
from registry.models import AccessLog, Infusion, Question
from tests import factories
from tests.desk import address, sign_in, text

pytestmark = pytest.mark.django_db
HOME = "/en/clinic/"
RIGHT_DAY = date(2020, 5, 6)


@pytest.fixture
def infusion(lists) -> Infusion:
    return factories.record(lists, infused_on="2020-05-05")


@pytest.fixture
def client(steward):
    return sign_in(steward)


def typed(page, **changed) -> dict:
    """The form of a page as a browser would send it back."""
    form = page.context["form"]
    fields = {name: form[name].value() or "" for name in form.fields}
    return fields | {"version": page.context["version"], "age_for": form.age_for} | changed


def test_the_steward_corrects_a_row_and_its_clinic_is_told_why(infusion, client, nurse):
    where = address("correct-for", infusion_id=infusion.pk)
    assert where in text(client.get(address("person", number=infusion.patient.registry_number)))
    page = client.get(where)
    assert "You correct a row of UPP." in text(page)
    done = client.post(where, typed(page, infused_on="2020-05-06", why="other", words="The chart says so."))
    assert done.url == address("person", number=infusion.patient.registry_number)
    infusion.refresh_from_db()
    assert (infusion.infused_on, infusion.centre.code) == (RIGHT_DAY, "UPP")
    assert Infusion.pgh_event_model.objects.latest("pgh_id").reason == "The chart says so."
    told = Question.objects.get(rule="")
    assert (told.infusion, told.asks, told.waits_for) == (infusion, Side.STEWARD, Side.CLINIC)
    assert "for this reason: The chart says so. What was changed" in told.words
    with override("sv"):
        assert told.words.startswith(
            "Registeransvarig har rättat den här infusionen åt er, av det här skälet: The"
        )
    clinic = text(sign_in(nurse).get(HOME))
    assert (
        'id="asked"' in clinic and "has corrected this infusion for you" in clinic and 'id="changes"' not in clinic
    )
    assert set(AccessLog.objects.filter(actor="steward").values_list("action", flat=True)) == {"read", "correct"}


def test_no_other_centre_is_told(infusion, steward, lists):
    factories.record(lists, infused_on="2021-05-05", centre="STO", kind="reinfusion")
    correct_for_clinic(infusion_id=infusion.pk, changes={"infused_on": RIGHT_DAY}, by=steward, reason="the chart")
    stranger = sign_in(factories.user("stranger", lists.centres["STO"]))
    assert "Nothing is waiting for you." in text(stranger.get(HOME))
    assert "2020-05-0" not in text(stranger.get(address("person", number=infusion.patient.registry_number)))


def test_each_correction_is_told_and_one_that_changes_nothing_is_not(infusion, steward, nurse):
    for day in (RIGHT_DAY, RIGHT_DAY, date(2020, 5, 7)):
        correct_for_clinic(infusion_id=infusion.pk, changes={"infused_on": day}, by=steward, reason="the chart")
    told = Question.objects.filter(rule="")
    assert told.count() == 2
    answer(question_id=told.first().pk, text="Yes", by=nurse)
    assert Question.objects.unanswered().filter(rule="").count() == 1


def test_a_reason_is_needed(infusion, client, steward):
    where = address("correct-for", infusion_id=infusion.pk)
    page = client.post(where, typed(client.get(where), infused_on="2020-05-06"))
    assert page.status_code == 200 and page.context["reason"].errors
    with pytest.raises(ReasonMissing):
        correct_for_clinic(infusion_id=infusion.pk, changes={"infused_on": RIGHT_DAY}, by=steward, reason=" ")
    infusion.refresh_from_db()
    assert infusion.infused_on == date(2020, 5, 5)


def test_the_same_rules_hold_over_the_whole_course(infusion, client, steward, lists):
    factories.record(lists, infused_on="2021-05-05", centre="STO", kind="reinfusion")
    where = address("correct-for", infusion_id=infusion.pk)
    late = {"infused_on": "2022-05-06", "age_at_infusion": "40", "why": "better_source"}
    page = client.post(where, typed(client.get(where), **late))
    assert page.status_code == 200 and page.context["form"].errors
    assert address("settle", number=infusion.patient.registry_number) in text(page)
    with pytest.raises(InfusionRefused):
        correct_for_clinic(
            infusion_id=infusion.pk, changes={"infused_on": date(2031, 1, 1)}, by=steward, reason="the chart"
        )
    assert not Question.objects.filter(rule="").exists()


def test_what_someone_else_has_changed_meanwhile_is_shown_beside(infusion, client, nurse):
    where = address("correct-for", infusion_id=infusion.pk)
    page = client.get(where)
    correct_infusion(infusion_id=infusion.pk, changes={"batch": "B-1"}, by=nurse, reason="forgotten")
    shown = client.post(where, typed(page, infused_on="2020-05-06", why="typing_error"))
    assert "Someone else has changed the infusion meanwhile" in text(shown)
    assert client.post(where, typed(shown, why="typing_error")).status_code == 302


def test_only_who_holds_the_permission_corrects_and_a_row_stays_at_its_centre(infusion, steward, nurse, lists):
    change = {"infused_on": RIGHT_DAY}
    with pytest.raises(NotFound):
        correct_for_clinic(infusion_id=infusion.pk, changes=change, by=nurse, reason="the chart")
    with pytest.raises((NotFound, NotPermitted)):
        correct_infusion(infusion_id=infusion.pk, changes=change, by=steward, reason="the chart")
    with pytest.raises(ValueError, match="centre"):
        correct_for_clinic(
            infusion_id=infusion.pk, changes={"centre": lists.centres["STO"]}, by=steward, reason="the chart"
        )
    assert sign_in(nurse).get(address("correct-for", infusion_id=infusion.pk)).status_code == 404
