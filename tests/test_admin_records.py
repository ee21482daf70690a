"""Records in the admin: corrected and withdrawn with a reason, or refused with a sentence."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from registry.access import Operator
from registry.admin import correction, withdrawal
from registry.entry import publish_request
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.questions.questions import close
from registry.errors import NotFound
from registry.models import AccessLog, Infusion, Patient, Question, User
from tests.admin_browser import form_of, last_change, page, sign_in, store_world, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def messages(monkeypatch):
    """Messages that would be sent to the broker."""
    sent = []
    monkeypatch.setattr(publish_request._sender, "submit", lambda *message: sent.append(message))
    return sent


@pytest.fixture(scope="module")
def lists(kept_lists):
    """A registry with a row in every table."""
    return store_world(kept_lists)


@pytest.fixture
def world(lists):
    return lists


def correct(client, infusion, **values):
    address = reverse("admin:infusion_correct", args=[infusion.pk])
    return client.post(address, form_of(client, address) | values)


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"infused_on": "2999-01-01"}, "infused_on", "The date lies in the future."),
        ({"infused_on": "in May"}, "infused_on", "Write it as 2026-11-20, 20261120,"),
        ({"infused_on": "2010-05-05", "age_at_infusion": "47"}, "age_at_infusion", "The age does not agree with"),
        ({"infused_on": "2022-05-05", "age_at_infusion": "52"}, "kind", "An earlier infusion of this"),
        ({"kind": "further_dose"}, "kind", "A further dose belongs to a course"),
        ({"category": "ACT"}, "trial", "ACT needs its trial."),
        ({"age_at_infusion": "130"}, "age_at_infusion", "An age is between 0 and 120 years."),
        ({"sequence": "12"}, "sequence", "Ensure this value is less than or equal to 9."),
        ({"batch": "19700101-9806"}, "batch", "This looks like an identity number."),
        ({"centre": ""}, "centre", "This field is required."),
        ({"reason": " "}, "reason", "This field is required."),
        ({"infused_on": "2021-05-05", "age_at_infusion": "51"}, None, "The same infusion"),
    ],
)
def test_a_wrong_correction_is_explained_and_stores_nothing(world, values, field, sentence):
    client, infusion = sign_in(), Infusion.objects.get(kind="first")
    before = Infusion.pgh_event_model.objects.count()
    response = correct(client, infusion, **{"reason": "typed with care"} | values)
    assert response.status_code == 200
    errors = response.context["form"].errors
    assert sentence in " ".join(errors[field or "__all__"])
    assert sentence in text(response)
    for name, value in ({"reason": "typed with care"} | values).items():
        assert response.context["form"][name].value() == value
    assert Infusion.pgh_event_model.objects.count() == before


def test_an_upcoming_centre_is_explained(world):
    response = correct(
        sign_in(), Infusion.objects.first(), centre=world.centres["ORE"].pk, reason="moved to Örebro"
    )
    assert "ORE has not begun yet." in response.context["form"].errors["centre"][0]


def test_a_correction_leaves_history_with_actor_and_reason(world):
    client, infusion = sign_in(), Infusion.objects.get(kind="first")
    values = {"infused_on": "2019-03", "age_at_infusion": 49, "batch": "B7"}
    response = correct(client, infusion, **values, reason="journalen säger mars")
    assert response.status_code == 302
    infusion.refresh_from_db()
    stored = (str(infusion.infused_on), infusion.date_precision, infusion.batch)
    assert stored == ("2019-03-01", "month", "B7")
    assert last_change(Infusion) == ("föreståndare", "journalen säger mars")
    history = text(client.get(page(Infusion, "history", infusion.pk)))
    assert "journalen säger mars" in history
    assert "Batch: – → B7" in history


def test_a_correction_does_not_undo_another_users_correction(world):
    client, infusion = sign_in(), Infusion.objects.get(kind="first")
    address = reverse("admin:infusion_correct", args=[infusion.pk])
    sent = form_of(client, address) | {"sequence": 2, "reason": "the second that day"}
    someone = User.objects.get(username="föreståndare")
    correct_infusion(infusion_id=infusion.pk, changes={"batch": "theirs"}, by=someone, reason="batch")
    assert client.post(address, sent).status_code == 302
    infusion.refresh_from_db()
    assert (infusion.sequence, infusion.batch) == (2, "theirs")


def test_a_withdrawal_needs_a_reason_and_leaves_history(world):
    client, infusion = sign_in(), Infusion.objects.get(kind="first")
    address = reverse("admin:infusion_withdraw", args=[infusion.pk])
    assert "This field is required." in text(client.post(address, {"reason": ""}))
    infusion.refresh_from_db()
    assert infusion.status == "submitted"
    assert client.post(address, {"reason": "dubblett"}).status_code == 302
    infusion.refresh_from_db()
    assert infusion.status == "withdrawn"
    assert last_change(Infusion) == ("föreståndare", "dubblett")
    assert address not in text(client.get(page(Infusion, "change", infusion.pk)))


@pytest.mark.parametrize("action", ["correct", "withdraw"])
def test_an_infusion_withdrawn_meanwhile_gives_a_message(world, monkeypatch, action):
    client, infusion = sign_in(), Infusion.objects.get(kind="first")

    def gone(**arguments):
        raise NotFound("There is no such registered infusion.")

    module = correction if action == "correct" else withdrawal
    monkeypatch.setattr(module, f"{action}_infusion", gone)
    address = reverse(f"admin:infusion_{action}", args=[infusion.pk])
    sent = form_of(client, address) | {"reason": "late"}
    for while_open in (True, False):
        response = client.post(address, sent, follow=True)
        assert response.redirect_chain[-1][0] == page(Infusion, "changelist")
        assert "There is no such registered infusion." in text(response)
        if while_open:
            someone = User.objects.get(username="föreståndare")
            withdraw_infusion(infusion_id=infusion.pk, by=someone, reason="first")


@pytest.mark.parametrize("model", [Infusion, Patient], ids=["infusion", "patient"])
def test_a_search_accepts_any_text(world, model):
    client = sign_in()
    number = Infusion.objects.first().patient.registry_number
    for sought, found in ((str(number), True), ("9" * 40, False), ("å'\"%", False), ("19700101", False)):
        response = client.get(f"{page(model, 'changelist')}?{urlencode({'q': sought})}")
        assert response.status_code == 200
        assert bool(response.context["cl"].result_list) == found, sought


SHOWN = {
    "list": lambda model, one: page(model, "changelist"),
    "change": lambda model, record: page(model, "change", record.pk),
    "history": lambda model, record: page(model, "history", record.pk),
    "correct": lambda model, record: reverse("admin:infusion_correct", args=[record.pk]),
    "withdraw": lambda model, record: reverse("admin:infusion_withdraw", args=[record.pk]),
}


@pytest.mark.parametrize("view", SHOWN)
@pytest.mark.parametrize("model", [Infusion, Patient, Question], ids=lambda model: model.__name__)
def test_each_record_that_a_page_shows_is_logged(world, model, view):
    if view in {"correct", "withdraw"} and model is not Infusion:
        return
    client, one = sign_in(), model.objects.order_by("pk").first()
    before = AccessLog.objects.latest("pk").pk
    assert client.get(SHOWN[view](model, one)).status_code == 200
    lines = AccessLog.objects.filter(pk__gt=before)
    shown = list(model.objects.all()) if view == "list" else [one]
    assert len(lines) == len(shown) > 0
    assert {(line.actor, line.unit, line.action) for line in lines} == {("föreståndare", "administrator", "read")}
    numbers = {
        Infusion: lambda row: row.patient.registry_number,
        Patient: lambda row: row.registry_number,
        Question: lambda row: row.infusion.patient.registry_number,
    }[model]
    assert {line.patient for line in lines} == {numbers(row) for row in shown}


def test_a_record_that_does_not_exist_is_not_logged(world):
    client, before = sign_in(), AccessLog.objects.count()
    for view in ("change", "history", "delete"):
        client.get(page(Infusion, view, "no-such-key"))
    assert AccessLog.objects.count() == before


def test_questions_are_listed_by_state(world, lists):
    client, asked = sign_in(), Question.objects.get()
    listed = page(Question, "changelist")
    for state, found in (("unanswered", True), ("unclosed", True), ("closed", False), ("odd", False)):
        shown = client.get(listed, {"state": state})
        assert bool(shown.context["cl"].result_list) == found, state
    close(question_id=asked.pk, by=Operator())
    assert not client.get(listed, {"state": "unclosed"}).context["cl"].result_list
    assert client.get(listed, {"state": "closed"}).context["cl"].result_list
